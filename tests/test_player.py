"""The player's Python side: the bundle that the picture is drawn from, what a page without Python gets, the layouts."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import networkx
import pytest

from dslib import Client, Clock, Message, Network, Node, PropertyBroken, Simulation, Trace, good_share, what_users_saw
from dslib.failures import GALLERY
from dslib.lies import STRATEGIES, strategy
from dslib.places import Place, Places
from dslib.story import story
from dslib.views import PlayerView, palette, play, replay, save_page, script
from dslib.views import player as player_module
from dslib.views.layout import arrange, circle, lines, springs
from dslib.views.spacetime import MOST_MESSAGES, space_time_svg, spells

REPLICAS = ("r1", "r2", "r3")


class Write(Message):
    version: int
    value: str


class Written(Message):
    version: int


class Replica(Node):
    def on_start(self):
        self.version, self.value = self.disk.get("register", (0, None))

    def on_write(self, src, msg):
        if msg.version > self.version:
            self.version, self.value = msg.version, msg.value
            self.disk["register"] = msg.version, msg.value
        self.send(src, Written(msg.version))


class Writer(Client):
    """Writes every 45 ms; two of three acknowledgements are an answer."""

    def on_start(self):
        self.version = self.acks = 0
        self._op = None
        self.set_timer("write", 12)

    def on_write_timeout(self):
        self.version, self.acks = self.version + 1, 0
        value = "abcdefghij"[self.version % 10]
        self._op = self.invoke("write", "x", value)
        self.broadcast(Write(self.version, value))
        self.set_timer("write", 45)

    def on_written(self, src, msg):
        if msg.version == self.version:
            self.acks += 1
            if self.acks == 2:
                self._op.ok()


def quiet(seed=0, loss=0.0):
    """A writer and three replicas; nothing breaks."""
    nodes = [Writer("writer", peers=REPLICAS), *map(Replica, REPLICAS)]
    return Simulation(*nodes, network=Network(loss=loss), seed=seed)


def minority(seed=0, loss=0.0):
    """The same, with one replica cut off for a while and another one down for a while."""
    sim = quiet(seed, loss)
    sim.at(100, sim.network.partition, {"writer", "r1", "r2"}, {"r3"})
    sim.at(240, sim.network.heal)
    sim.at(270, sim.crash, "r1")
    sim.at(345, sim.restart, "r1")
    return sim


def routed(seed=0, **settings):
    """The same nodes, and between them two routers in a row."""
    g = networkx.Graph([("writer", "west"), ("west", "east"), *(("east", r) for r in REPLICAS)])
    nodes = [Writer("writer", peers=REPLICAS), *map(Replica, REPLICAS)]
    return Simulation(*nodes, network=Network(topology=g, routes=True, **settings), seed=seed)


def placed(seed=0):
    """The same nodes, two of them in one building by the river."""
    zones = {"writer": "hill", "r1": "riverside", "r2": "riverside", "r3": "hill"}
    places = Places({name: Place(zone=zone) for name, zone in zones.items()})
    nodes = [Writer("writer", peers=REPLICAS), *map(Replica, REPLICAS)]
    return Simulation(*nodes, network=Network(places=places), seed=seed)


def struck(*faults: tuple[Any, ...], scenario=quiet, **options: Any):
    """A scenario to which this is done: (time, fault, *arguments), and the last of them with these options."""

    def run():
        sim = scenario()
        for at, name, *args in faults:
            owner, _, call = name.rpartition(".")
            done = getattr(sim.network if owner else sim, call)
            sim.at(at, done, *args, **(options if (at, name, *args) == faults[-1] else {}))
        return sim

    return run


def split(at: float) -> dict[str, Any]:
    return {"at": at, "call": "network.partition", "args": [["writer"], ["r1", "r2", "r3"]]}


# ---------------------------------------------------------------- the bundle


def test_the_bundle_says_what_the_simulation_recorded():
    for seed in range(5):
        view = play(minority, until=400, seed=seed, loss=0.05, within=40)
        sim = minority(seed, 0.05).run(until=400)
        rows = [e for e in view.bundle["trace"]["events"] if e[1] != "state"]
        assert rows == json.loads(sim.trace.to_json())["events"], f"recording states changed the run with seed {seed}"
        seen = what_users_saw(sim.history, 400, within=40)
        assert [op["outcome"] for op in view.bundle["operations"]] == [s.outcome for s in seen], f"seed {seed}"
        assert view.bundle["faults"][0]["code"] == str(sim.faults[0])
        assert json.loads(json.dumps(view.bundle)) == view.bundle, "a bundle consists of plain JSON values"


def test_the_summary_counts_what_is_in_the_trace_and_the_history():
    view = play(minority, until=400, seed=3, loss=0.05, within=40)
    trace = view.sim.trace
    sent, delivered, dropped = (len(trace.where(kind=kind)) for kind in ("send", "deliver", "drop"))
    share = good_share(what_users_saw(view.sim.history, 400, within=40))
    assert view.summary.startswith(
        f"{sent} messages sent, {delivered} delivered, {dropped} dropped; users: 9 operations"
    )
    assert f"= {100 * share:.3g} %" in view.summary
    assert repr(view) == f"Minority: {view.summary}"


def test_every_drawn_link_carried_a_message_unless_a_topology_is_given():
    assert play(quiet, until=200).bundle["links"] == [["writer", r] for r in REPLICAS]

    def on_a_ring():
        names = ["writer", *REPLICAS]
        ring = networkx.cycle_graph(names)
        return Simulation(*map(Replica, names), network=Network(topology=ring))

    assert play(on_a_ring, until=10).bundle["links"] == [["writer", "r1"], ["writer", "r3"], ["r1", "r2"], ["r2", "r3"]]


def test_a_link_stays_in_the_picture_when_a_later_run_does_not_use_it():
    view = play(quiet, until=200)
    view.rerun([{"at": 0, "call": "crash", "args": ["writer"]}])
    assert "send" not in [e[1] for e in view.bundle["trace"]["events"]], "the writer never ran, so it sent nothing"
    assert view.bundle["links"] == [["writer", r] for r in REPLICAS]


def test_roles_come_from_the_nodes_and_can_be_said_otherwise():
    assert play(quiet, until=50).bundle["roles"] == {
        "writer": "client",
        "r1": "replica",
        "r2": "replica",
        "r3": "replica",
    }
    assert play(quiet, until=50, roles={"r1": "leader"}).bundle["roles"]["r1"] == "leader"


def test_a_judge_decides_what_was_wrong():
    def judge(sim):
        return what_users_saw(sim.history, sim.now, within=40, wrong=lambda op: op.arg == "c")

    view = play(quiet, until=400, judge=judge)
    outcomes = {op["label"]: op["outcome"] for op in view.bundle["operations"]}
    assert outcomes["write x=c"] == "wrong"
    assert outcomes["write x=b"] == "good"


def test_a_recorded_run_is_shown_as_it_was():
    sim = minority(seed=2).run(until=300)
    view = replay(sim, title="As it was")
    assert view.sim is sim
    assert not view.bundle["live"]
    assert view.bundle["trace"]["events"] == json.loads(sim.trace.to_json())["events"]
    assert [f["at"] for f in view.bundle["faults"]] == [100, 240, 270, 345]


# ---------------------------------------------------------------- routes, places, and nodes that are not themselves


def test_a_routed_run_shows_its_routers_and_the_links_that_its_messages_take():
    bundle = play(routed, until=100).bundle
    assert bundle["routers"] == ["west", "east"]
    assert bundle["roles"]["west"] == "router"
    assert set(bundle["positions"]) == {"writer", *REPLICAS, "west", "east"}
    drawn = {frozenset(pair) for pair in bundle["links"]}
    assert drawn == {frozenset(p) for p in [("writer", "west"), ("west", "east"), *(("east", r) for r in REPLICAS)]}
    assert play(quiet, until=100).bundle["routers"] == []


@pytest.mark.parametrize("duplication", [0.0, 0.3])
def test_the_still_picture_draws_a_routed_message_as_one_line_through_its_routers(duplication):
    for seed in range(5):
        view = play(lambda seed=seed: routed(seed, duplication=duplication), until=100)
        svg = space_time_svg(view.bundle)
        delivered = re.search(r'<path d="([^"]*)" stroke="[^"]*#0072b2', svg)
        assert delivered is not None
        lines = delivered[1].split("M")[1:]
        assert len(lines) == len(view.sim.trace.where(kind="deliver")), f"seed {seed}"
        assert {line.count("L") for line in lines} == {3}, f"seed {seed}: writer, west, east, a replica"
        assert ">west</text>" in svg


def test_each_routed_message_that_is_dropped_has_one_cross():
    faults = (30, "network.cut", "east", "r1"), (35, "crash", "west")
    for reroute_ms, reasons in (
        (1_000, {"cut at east → r1", "down at west"}),
        (1, {"cut at east → r1", "no route at east", "no route at writer"}),
    ):
        view = play(struck(*faults, scenario=lambda ms=reroute_ms: routed(reroute_ms=ms)), until=100)
        drops = view.sim.trace.where(kind="drop")
        assert {e.detail for e in drops} == reasons
        assert space_time_svg(view.bundle).count("l8 8m0 -8l-8 8") == len(drops)
        assert ("west", "down", 35, 100) in spells(view.bundle, 100), "no event of the trace says so of a router"


def test_who_was_down_paused_or_slow_and_from_when_to_when():
    view = play(
        struck(
            (50, "pause", "r1"), (60, "slow", "r2", 10), (70, "pause", "r3"), (80, "crash", "r3"), (85, "pause", "r3"),
            (90, "resume", "r1"), (120, "slow", "r2", 2.5), (140, "restart", "r3"), (150, "slow", "r2", 1),
        ),
        until=200,
    )  # fmt: skip
    assert sorted(spells(view.bundle, 200)) == [
        ("r1", "paused", 50, 90),
        ("r2", "slow ×10", 60, 120),
        ("r2", "slow ×2.5", 120, 150),
        ("r3", "down", 80, 140),
        ("r3", "paused", 70, 80),
    ]


def test_the_still_picture_tells_down_paused_and_slow_apart_by_word_and_by_shape():
    view = play(struck((50, "pause", "r1"), (60, "slow", "r2", 10), (70, "crash", "r3")), until=200)
    svg = space_time_svg(view.bundle)
    for sign in (">paused<", ">slow ×10<", ">down<", "l3 -4l3 4", 'height="9" stroke="currentColor"', 'width="9"/>'):
        assert sign in svg, sign


def test_a_domain_is_known_with_its_members_and_hatched_when_it_is_isolated():
    view = play(struck((100, "network.isolate", "zone", "riverside"), scenario=placed), until=200)
    assert view.bundle["domains"] == {"zone hill": ["writer", "r3"], "zone riverside": ["r1", "r2"]}
    hatched = re.search(r'<path d="([^"]*)" stroke="[^"]*#85898e', space_time_svg(view.bundle))
    assert hatched is not None
    assert len(set(re.findall(r"M\d+ ([\d.]+)", hatched[1]))) == 2, "the lanes of r1 and r2"
    assert play(quiet, until=50).bundle["domains"] == {}


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        (("remove", "zone", "riverside"), {"burn": True}, "sim.at(50, sim.remove, 'zone', 'riverside', burn=True)"),
        (
            ("network.degrade", "r1", "writer"),
            {"delay": 20.0, "one_way": True},
            "sim.at(50, sim.network.degrade, 'r1', 'writer', delay=20.0, one_way=True)",
        ),
        (("leap_second", "r1"), {"smear_ms": 5000}, "sim.at(50, sim.leap_second, 'r1', smear_ms=5000)"),
        (("slow", "r1", 10), {}, "sim.at(50, sim.slow, 'r1', 10)"),
    ],
)
def test_the_label_of_a_fault_is_the_call_that_makes_it(fault, options, code):
    view = play(struck((50, *fault), scenario=placed, **options), until=100)
    assert view.bundle["faults"][0]["label"] == view.bundle["faults"][0]["code"] == code
    again, there = placed(), struck((50, *fault), scenario=placed, **options)()
    exec(code, {"sim": again})
    assert again.run(until=100).trace.digest() == there.run(until=100).trace.digest()
    view.rerun(view.bundle["faults"])
    assert view.code == code, "what comes back from the page is the same fault"


# ---------------------------------------------------------------- running again


def test_other_faults_give_the_run_that_the_scenario_would_give_with_them():
    view = play(minority, until=400, seed=3)
    view.rerun([split(at=82.6)], request=4)
    by_hand = quiet(seed=3)
    by_hand.at(82.6, by_hand.network.partition, {"writer"}, set(REPLICAS))
    by_hand.run(until=400)
    assert [e for e in view.sim.trace if e.kind != "state"] == list(by_hand.trace)
    assert (view.bundle["run"], view.bundle["request"]) == (2, 4)
    assert view.code == "sim.at(82.6, sim.network.partition, {'writer'}, {'r1', 'r2', 'r3'})"


def test_nothing_before_a_new_fault_changes():
    for seed in range(10):
        view = play(quiet, until=400, seed=seed, loss=0.1)
        before = [e for e in view.bundle["trace"]["events"] if e[0] < 130]
        view.rerun([split(at=130.0)])
        assert [e for e in view.bundle["trace"]["events"] if e[0] < 130] == before, f"history changed with seed {seed}"


def test_a_fault_that_cannot_be_run_leaves_the_picture_and_says_why():
    view = play(minority, until=400, seed=3)
    before = view.bundle["trace"]
    view.rerun([{"at": 50, "call": "crash", "args": ["r9"]}], request=1)
    assert view.bundle["trace"] is before
    assert "no node 'r9'" in view.bundle["error"]
    assert view.bundle["faults"][0]["args"] == ["r9"], "it stays in the list, so that it can be taken back"
    view.rerun([], request=2)
    assert view.bundle["error"] is None


@pytest.mark.parametrize("nonsense", [{"at": 5}, {"at": "soon", "call": "crash", "args": []}, "crash", None])
def test_what_is_no_fault_is_an_error_in_words(nonsense):
    view = play(quiet, until=50)
    view.rerun([nonsense])
    assert "is not a fault" in view.bundle["error"]


def test_an_exception_in_a_node_names_its_line():
    class Fragile(Replica):
        def on_start(self):
            if "started" in self.disk:
                raise KeyError("no such room")
            self.disk["started"] = True

    view = play(lambda: Simulation(Fragile("r1")), until=100)
    view.rerun([{"at": 10, "call": "crash", "args": ["r1"]}, {"at": 20, "call": "restart", "args": ["r1"]}])
    assert "KeyError: 'no such room'" in view.bundle["error"]
    assert "in on_start, line" in view.bundle["error"]


def test_a_broken_property_shows_the_run_up_to_the_breach():
    def guarded():
        sim = quiet()
        sim.always(lambda sim: sim.nodes["r1"].disk.get("register", (0,))[0] < 3)
        return sim

    view = play(guarded, until=400)
    assert view.bundle["error"] is None
    broken = view.bundle["broken"]
    assert "does not hold" in broken["say"]
    assert broken["what"].startswith("always lambda of line ")
    assert broken["at"] == view.bundle["trace"]["end"]
    assert view.bundle["trace"]["events"][broken["index"]][1:4] == ["deliver", "writer", "r1"]
    assert view.bundle["trace"]["end"] < 150, "the third write is sent at 102 ms"


def test_a_scenario_that_is_none_is_told_what_to_write():
    with pytest.raises(TypeError, match="ends with `return sim`"):
        play(lambda: None, until=10)
    with pytest.raises(ValueError, match="leave run"):
        play(lambda: quiet().run(until=10), until=20)
    with pytest.raises(ValueError, match="records no trace"):
        play(lambda: Simulation(Replica("r1"), trace="off"), until=10)
    with pytest.raises(TypeError, match=r"replay\(sim\)"):
        play(quiet(), until=10)
    with pytest.raises(ValueError, match="until is -1"):
        play(quiet, until=-1)
    with pytest.raises(ValueError, match="target is 90"):
        play(quiet, until=10, target=90)
    with pytest.raises(ValueError, match="has not run yet"):
        replay(quiet())


def test_a_run_too_long_to_be_sent_is_refused_with_a_length_that_works():
    with pytest.raises(ValueError, match="more than one picture can carry") as refused:
        play(quiet, until=150_000)
    shorter = re.search(r"until=([\d_]+)", str(refused.value))
    assert shorter is not None
    assert play(quiet, until=int(shorter[1])).sim.now == int(shorter[1])


# ---------------------------------------------------------------- the notebook


def test_the_widget_asks_python_once_for_each_question():
    view = play(quiet, until=200, seed=1)
    widget = view.widget
    with widget.hold_trait_notifications():
        widget.acts, widget.request = [split(50.0)], 1
    assert (view.bundle["run"], view.bundle["request"]) == (2, 1)
    assert widget.bundle["faults"][0]["at"] == 50.0
    widget.request = 2  # the same list again, for example after an interrupted run
    assert (view.bundle["run"], view.bundle["request"]) == (3, 2)
    widget.acts = []  # and from Python, without a number
    assert view.bundle["faults"] == []


def test_a_notebook_gets_the_player_and_whoever_cannot_run_it_a_picture_and_words(monkeypatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    data, _ = play(minority, until=400)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("Minority: ")
    assert "<svg" in data["text/html"]
    assert "sim.network.partition" in data["text/html"]


def test_without_anywidget_the_run_is_still_shown(monkeypatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    monkeypatch.setattr(player_module, "_widget_class", lambda: None)
    data = play(quiet, until=100)._repr_mimebundle_()
    assert "pip install anywidget" in data["text/html"]
    assert "<svg" in data["text/html"]


def test_importing_dslib_or_the_views_loads_no_widget_library():
    heavy = "anywidget", "ipywidgets", "matplotlib"
    code = f"import sys, dslib, dslib.views; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- pages


class Page(HTMLParser):
    """What a page is made of: its tags, and the recorded runs that it carries."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bundles: list[Any] = []
        self.labels: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        if "data-bundle" in given:
            self.bundles.append(json.loads(given["data-bundle"]))
        if tag == "svg":
            self.labels.append(given["aria-label"])


def test_a_page_is_told_its_file_first_and_then_what_play_or_replay_returned(tmp_path: Path):
    view = play(quiet, until=100)
    with pytest.raises(TypeError, match=r'save_page\("page\.html", view\)'):
        save_page(view, tmp_path / "page.html")
    with pytest.raises(TypeError, match=r"play\(…\) or replay\(…\) returns, not a Simulation"):
        save_page(tmp_path / "page.html", view.sim)
    assert not (tmp_path / "page.html").exists()


def test_a_story_is_shown_by_replaying_it():
    told = story(quiet().run(until=100), "too quiet")
    with pytest.raises(TypeError, match=r"not a Story: write replay\(it\.replay\(\)\)"):
        replay(told)
    with pytest.raises(TypeError, match=r"not a str: .*story\(failure\)\.replay\(\)"):
        replay("seed 7")


def test_a_page_carries_its_runs_and_asks_for_nothing_else(tmp_path: Path):
    first, second = play(minority, until=400, title="One <b> & two"), play(quiet, until=100)
    save_page(tmp_path / "page.html", first, second)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert [b["summary"] for b in page.bundles] == [first.summary, second.summary]
    assert not any(b["live"] for b in page.bundles), "there is no Python behind a page"
    assert page.labels == [f"Space-time diagram. {v.summary}" for v in (first, second)]
    assert not re.search(r"""(?:src|href)=["']""", text)
    assert page.tags.count("script") == 1
    assert (
        first.to_html() == first.to_html(tmp_path / "one.html") == (tmp_path / "one.html").read_text(encoding="utf-8")
    )


def test_the_script_of_a_page_is_the_module_without_its_two_exports():
    text = script.classic_script()
    assert not re.search(r"^(export|import)\b", text, re.MULTILINE)
    assert "function mount(element" in text
    assert text.rstrip().endswith("})();")


@pytest.mark.parametrize("line", ["export const more = 1;", 'import x from "./x.js";', '"</script>";'])
def test_a_module_that_cannot_be_wrapped_is_refused(line, monkeypatch):
    source = script.module_source()
    monkeypatch.setattr(script, "module_source", lambda: f"{line}\n{source}")
    script.classic_script.cache_clear()
    with pytest.raises(RuntimeError, match="cannot be wrapped"):
        script.classic_script()
    script.classic_script.cache_clear()


def test_a_run_too_long_for_a_page_leaves_a_picture_and_says_what_it_shows():
    view = play(quiet, until=40_000)
    html = view._fallback()
    assert "data-bundle" not in html
    assert len(html) < 200_000
    assert re.search(r"The picture shows \d[\d,]* to [\d,]+ ms\.", html)
    assert re.search(r"The first 400 of [\d,]+\.", html)


# ---------------------------------------------------------------- the still picture


def test_the_still_picture_draws_each_message_of_a_short_run():
    for seed in range(5):
        view = play(minority, until=400, seed=seed, loss=0.1)
        svg = space_time_svg(view.bundle)
        trace = view.sim.trace
        assert len(trace.where(kind="send")) <= MOST_MESSAGES
        delivered = re.search(r'<path d="([^"]*)" stroke="[^"]*#0072b2', svg)
        assert delivered is not None
        assert delivered[1].count("M") == len(trace.where(kind="deliver")), f"seed {seed}"
        assert svg.count("l8 8m0 -8l-8 8") == len(trace.where(kind="drop")), f"seed {seed}"
        assert ">down<" in svg


def test_the_still_picture_escapes_what_students_write():
    class Odd(Writer):
        pass

    view = play(lambda: Simulation(Odd("<i>&", peers=("r1",)), Replica("r1")), until=50, title="<script>")
    html = view._fallback()
    assert "<i>" not in html
    assert "<script" not in html


# ---------------------------------------------------------------- where nodes stand


def test_layouts_are_the_same_every_time_and_stay_in_the_square():
    names = [f"n{i}" for i in range(7)]
    links = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :: 2]]
    for places in (circle(names), lines(names[:2], names[2:]), springs(names, links)):
        assert list(places) == names
        assert all(0 <= v <= 1 for p in places.values() for v in p)
        assert len(set(places.values())) == len(names), "two nodes stand in one place"
    assert springs(names, links) == springs(names, links)


def test_springs_put_linked_nodes_nearer_than_others():
    clusters = [("a", "b"), ("b", "c"), ("a", "c"), ("x", "y"), ("y", "z"), ("x", "z"), ("c", "x")]
    at = springs(["a", "x", "b", "y", "c", "z"], clusters)

    def apart(p: str, q: str) -> float:
        return ((at[p][0] - at[q][0]) ** 2 + (at[p][1] - at[q][1]) ** 2) ** 0.5

    assert max(apart("a", "b"), apart("x", "y")) < min(apart("a", "y"), apart("b", "z"))


def test_a_layout_can_be_a_graph_or_a_dict_and_what_is_neither_is_refused():
    names, roles = ["a", "b", "c"], {}
    graph = networkx.path_graph(names)
    assert list(arrange(names, roles, [], graph)) == names
    for i, name in enumerate(names):
        graph.nodes[name]["pos"] = (i, -i)
    assert arrange(names, roles, [], graph) == {"a": (0.0, 0.0), "b": (0.5, 0.5), "c": (1.0, 1.0)}
    assert arrange(names, roles, [], {"a": (0, 0), "b": (1, 0), "c": (1, 1)})["c"] == (1.0, 1.0)
    with pytest.raises(ValueError, match="no place for node 'c'"):
        arrange(names, roles, [], {"a": (0, 0), "b": (1, 0)})
    with pytest.raises(ValueError, match="x and y lie between 0 and 1"):
        arrange(names, roles, [], {"a": (0, 0), "b": (1, 0), "c": (5, 5)})
    with pytest.raises(ValueError, match='write "circle"'):
        arrange(names, roles, [], "spiral")


def test_clients_stand_above_the_servers():
    roles = {"alice": "client", "bob": "client"}
    servers = ["s1", "s2", "s3"]
    places = arrange(["alice", "bob", *servers], roles, [("s1", "s2"), ("s2", "s3"), ("s1", "s3")])
    assert all(places[c][1] < places[s][1] for c in roles for s in servers)


# ---------------------------------------------------------------- colours


def colours_of_the_module() -> dict[str, dict[str, str]]:
    source = script.module_source()
    found = {}
    for name in ("LIGHT", "DARK"):
        text = re.search(rf"const {name} = `([^`]*)`", source)
        assert text is not None
        found[name] = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", text[1]))
    return found


def test_the_player_and_the_figures_use_one_palette():
    used = colours_of_the_module()
    for name, sign in {**palette.SIGNS, **palette.TEXT, **palette.PAPER}.items():
        assert (used["LIGHT"][name], used["DARK"][name]) == (sign.light, sign.dark), name


def test_text_and_signs_can_be_told_from_the_paper():
    for paper in palette.PAPER.values():
        for name, sign in palette.TEXT.items():
            for ink, ground in ((sign.light, paper.light), (sign.dark, paper.dark)):
                assert palette.contrast(ink, ground) >= 4.5, f"{name} {ink} on {ground}: WCAG 1.4.3 asks for 4.5"
    surface = palette.PAPER["surface"]
    for name, sign in palette.SIGNS.items():
        for ink, ground in ((sign.light, surface.light), (sign.dark, surface.dark)):
            assert palette.contrast(ink, ground) >= 3, f"{name} {ink} on {ground}: WCAG 1.4.11 asks for 3"


def test_no_two_signs_differ_by_colour_alone():
    shapes = [(sign.marker, sign.dash) for sign in palette.SIGNS.values()]
    assert len(set(shapes)) == len(shapes)


def test_contrast_is_that_of_the_standard():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_view_is_what_play_returns():
    assert isinstance(play(quiet, until=10), PlayerView)


# ---------------------------------------------------------------- clocks, liars, and what a reader can do


def test_the_bundle_knows_what_each_wrong_clock_shows_at_every_moment():
    faults = (
        (40, "jump_clock", "r1", -30.0), (90, "drift_clock", "r1", 0.25), (120, "jump_clock", "r1", 500),
        (60, "leap_second", "r2"),
    )  # fmt: skip
    scenario = struck(*faults, smear_ms=2_000)
    bundle = play(scenario, until=3_000).bundle
    assert set(bundle["clocks"]) == {"r1", "r2"}, "the others are right"
    checked = 0
    sim = scenario()
    for t in (0, 39, 41, 89, 90.5, 119, 121, 500, 2_059, 2_061, 2_999):
        sim.run(until=t)
        for name, pieces in bundle["clocks"].items():
            at, reads, rate = [piece for piece in pieces if piece[0] <= t][-1]
            assert reads + (t - at) * rate == pytest.approx(sim.nodes[name].clock.read(), abs=1e-9), (name, t)
            checked += 1
    assert checked == 22


def test_a_clock_that_was_wrong_from_the_start_is_known_and_one_that_is_right_is_not():
    def apart():
        return Simulation(Replica("r1", clock=Clock(offset=7.0, drift=0.5)), Replica("r2", clock=Clock()))

    assert play(apart, until=50).bundle["clocks"] == {"r1": [[0.0, 7.0, 1.5]]}


def test_the_bundle_says_who_lies_how_and_from_when_to_when():
    view = play(
        struck(
            (20, "lie", "r1", "silence", "writer"), (50, "lie", "r2", "flipped_bits"),
            (70, "lie", "r1", "flipped_bits"), (90, "lie", "r2", "truth"),
            (95, "lie", "r3", "silence"), (95, "lie", "r3", "truth"),
        ),
        until=120,
    )  # fmt: skip
    assert view.bundle["liars"] == [
        {"node": "r1", "from": 20, "to": 70, "words": "says nothing to writer"},
        {"node": "r2", "from": 50, "to": 90, "words": "flips bits"},
        {"node": "r1", "from": 70, "to": None, "words": "flips bits"},
    ]


def test_every_lie_on_offer_can_be_told_by_whom_it_is_offered_to():
    @strategy(Replica)
    def acknowledges_the_next_one_too(node, dest, msg, dice):
        return Written(msg.version + 1) if type(msg) is Written else msg

    try:
        view = play(quiet, until=60)
        offered = {lie["strategy"]: lie for lie in view.bundle["tools"]["lies"]}
        assert list(offered)[-1] == "truth", "the way back comes last"
        assert offered["silence"] == {"strategy": "silence", "args": [], "label": "says nothing"}
        assert offered["acknowledges_the_next_one_too"]["nodes"] == ["r1", "r2", "r3"]
        assert "says" not in offered, "a general's lie is nothing for a replica"
        for lie in offered.values():
            for node in lie.get("nodes", ["writer", *REPLICAS]):
                view.rerun([{"at": 20, "call": "lie", "args": [node, lie["strategy"], *lie["args"]]}])
                assert view.bundle["error"] is None
    finally:
        STRATEGIES.pop("acknowledges_the_next_one_too")
    assert replay(quiet().run(until=20)).bundle["tools"] is None, "a recorded run is not touched any more"


def test_a_property_that_never_held_is_broken_when_its_time_is_up_and_no_event_did_it():
    def hopeful():
        sim = quiet()
        sim.eventually(lambda sim: False, by=77.5)
        return sim

    broken = play(hopeful, until=400).bundle["broken"]
    assert (broken["at"], broken["index"]) == (77.5, None)
    assert broken["what"].endswith("by 77.5 ms")


def test_the_bundle_says_when_a_message_came_to_the_door_of_a_paused_node():
    view = play(struck((50, "pause", "r1"), (130, "resume", "r1"), (140, "pause", "r2")), until=300)
    trace = view.sim.trace
    waited = {int(id): time for id, time in view.bundle["waits"].items()}
    for id, time in waited.items():
        sent, taken = trace.where(kind="send", id=id)[0], trace.where(kind="deliver", id=id)
        assert 5 <= time - sent.time <= 15, "it came when a message comes"
        assert [e.time for e in taken] == ([130.0] if sent.dest == "r1" else []), "and was taken when the pause ended"
    late = [e for e in trace.where(kind="deliver") if e.time - trace.where(kind="send", id=e.id)[0].time > 15]
    assert late, "somebody waited"
    assert {e.id for e in late} <= {*waited}
    assert {trace.where(kind="send", id=id)[0].dest for id in waited} == {"r1", "r2"}


def test_a_long_field_of_a_message_is_cut_in_the_picture_and_whole_in_the_trace():
    class Poem(Message):
        title: str
        lines: tuple[tuple[str, int], ...]
        number: int

    class Poet(Node):
        def on_start(self):
            self.send("reader", Poem("short", (("a", 1),), 1))
            self.send("reader", Poem("long" * 40, tuple(("word", i) for i in range(400)), 2))

    class Reader(Node):
        def on_poem(self, src, msg):
            pass

    view = play(lambda: Simulation(Poet("poet"), Reader("reader")), until=50)
    short, long = (
        {e[5]["fields"]["number"]: e[5]["fields"] for e in view.bundle["trace"]["events"] if e[5]}[n] for n in (1, 2)
    )
    assert short == {"title": "short", "lines": [["a", 1]], "number": 1}
    assert (
        long["lines"]["text"]
        == ("(" + "('word', 0), ('word', 1), ('word', 2), ('word', 3), ('word', 4), ('word', 5), ")[:79] + "…"
    )
    assert long["title"]["text"].startswith("'longlong")
    assert len(long["title"]["text"]) == 80
    assert Trace.from_json(view.sim.trace.to_json()).digest() == view.sim.trace.digest()
    assert len(view.sim.trace.where(kind="send")[1].msg.lines) == 400


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"judge": "x"}, TypeError, "judge is 'x': write a function of the simulation"),
        ({"at": "x"}, ValueError, "at is 'x': write the moment that is shown first, in ms"),
        ({"at": float("nan")}, ValueError, "at is nan"),
        ({"at": -1}, ValueError, "at is -1"),
        ({"at": True}, ValueError, "at is True"),
        ({"within": 0}, ValueError, "within is 0: write how many ms"),
        ({"within": float("nan")}, ValueError, "within is nan"),
        ({"target": 90}, ValueError, "target is 90: write a share"),
        ({"title": 7}, TypeError, "title is 7: write a text"),
        ({"roles": "leader"}, TypeError, "roles is 'leader': write what each node is"),
        ({"roles": {"r1": 7}}, TypeError, "write what each node is"),
        (
            {"roles": {"r1": "leader", "r9": "x"}},
            ValueError,
            "'r9' is, and there is no such node: there are 'writer', 'r1'",
        ),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused_before_anything_is_shown(options, kind, says):
    with pytest.raises(kind, match=says):
        replay(quiet().run(until=50), **options)
    with pytest.raises(kind, match=says):
        play(quiet, until=50, **options)


def test_play_takes_a_function_and_knows_a_card_when_it_is_given_one():
    with pytest.raises(TypeError, match=r"not a Card: compare\(card\) shows a card of the gallery both ways"):
        play(GALLERY[1], until=1_000)
    with pytest.raises(TypeError, match=r"not a str: write play\(scenario, until=1_000\)"):
        play("quiet", until=1_000)


def test_a_scenario_that_breaks_while_the_reader_drags_leaves_the_last_good_picture():
    """Whatever a scenario or a judge does wrong, one time after the other; after the next good act all is well."""
    now: dict[str, Any] = {"do": quiet, "judge": lambda sim: what_users_saw(sim.history, sim.now)}

    def raises():
        raise KeyError("no such room")

    def stops():
        raise KeyboardInterrupt

    def off():
        return Simulation(Replica("r1"), trace="off")

    def busy():
        crowd = (Writer(f"w{i}", peers=("r1",)) for i in range(60))
        return Simulation(Writer("writer", peers=REPLICAS), *map(Replica, REPLICAS), *crowd)

    view = play(lambda: now["do"](), until=5_000, judge=lambda sim: now["judge"](sim))
    good, summary = view.bundle["trace"], view.summary
    for wrong, says in (
        (raises, "KeyError: 'no such room'"), (stops, "The run was interrupted"), (off, "records no trace"),
        (lambda: quiet().run(until=1), "leave run"), (lambda: None, "ends with `return sim`"),
        (busy, "more than one picture can carry"),
        (lambda: Simulation(Replica("r1", peers=("r1",)), Replica("r1")), "two nodes are called 'r1'"),
    ):  # fmt: skip
        now["do"] = wrong
        view.rerun([split(40.0)], request=1)
        assert says in view.bundle["error"]
        assert view.bundle["trace"] is good
        assert (view.summary, view.bundle["request"]) == (summary, 1)
        assert view.bundle["faults"][0]["at"] == 40.0
    now["do"] = quiet
    for judge, says in ((lambda sim: 1 / 0, "ZeroDivisionError"), (lambda sim: None, "TypeError"), (list, "TypeError")):
        now["judge"] = judge
        view.rerun([split(40.0)], request=2)
        assert says in view.bundle["error"]
        assert view.bundle["trace"] is good
    now["judge"] = lambda sim: what_users_saw(sim.history, sim.now)
    for lie in (
        {"at": 40, "call": "lie", "args": ["r1", "moon"]},
        {"at": 9, "call": "network.lose", "args": ["r1", "r2", 0]},
    ):
        view.rerun([lie], request=3)
        assert re.search(r"no strategy 'moon'|number is 0", view.bundle["error"])
        assert view.bundle["trace"] is good
    view.rerun([split(40.0)], request=4)
    assert view.bundle["error"] is None
    assert view.bundle["trace"] is not good


def test_the_summary_says_how_many_deliveries_were_copies():
    sim = Simulation(
        Writer("writer", peers=REPLICAS), *map(Replica, REPLICAS), network=Network(duplication=0.5), seed=3
    )
    view = replay(sim.run(until=300))
    delivered = [e.id for e in sim.trace.where(kind="deliver")]
    copies = len(delivered) - len({*delivered})
    assert copies > 1
    assert f" {len(delivered)} delivered ({copies} copies among them), 0 dropped" in view.summary


def test_a_recorded_run_in_which_a_property_broke_shows_where():
    sim = quiet()
    sim.always(lambda sim: sim.now < 100)
    with pytest.raises(PropertyBroken) as raised:
        sim.run(until=300)
    broken = replay(sim).bundle["broken"]
    assert broken == {"at": sim.now, "index": raised.value.index, "what": raised.value.what, "say": str(raised.value)}
