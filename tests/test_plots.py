"""Pictures: what they say is what the data says, and everybody can read them."""

import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx as nx
import pytest

from dslib import Message, Network, Node, Operation, Simulation, latencies, what_users_saw
from dslib.detection import Detection
from dslib.metrics import slices
from dslib.scenarios.rooms import silence
from dslib.slo import AlertRule
from dslib.sweeps import sweep
from dslib.views import (
    View,
    budget_burn_down,
    burn_alerts,
    detector_tradeoff,
    goodput_and_queue,
    graph,
    latency_distribution,
    measured,
    region_map,
    risk_matrix,
    service_levels,
    space_time,
    sweep_results,
    timeline,
)
from dslib.views.palette import OUTCOMES
from dslib.views.static import STYLE

HOSTILE = "<script>alert('boo')</script> & \"more\""
SVG = "{http://www.w3.org/2000/svg}"


class Ping(Message):
    n: int


class Server(Node):
    def on_ping(self, src, msg):
        self.heard = msg.n


class Caller(Node):
    """Tells every peer something every 20 ms."""

    def on_start(self):
        self.n = 0
        self.set_timer("call", 20)

    def on_call_timeout(self):
        self.n += 1
        self.broadcast(Ping(self.n))
        self.set_timer("call", 20)


def lossy_calls(seed: int = 0) -> Simulation:
    servers = ("s1", "s2")
    sim = Simulation(
        Caller("caller", peers=servers), *map(Server, servers), network=Network(loss=0.3, duplication=0.2), seed=seed
    )
    sim.at(50, sim.network.partition, {"caller", "s1"}, {"s2"})
    sim.at(100, sim.crash, "s1")
    sim.at(130, sim.network.heal)
    sim.at(150, sim.restart, "s1")
    return sim.run(until=200)


def operations(seed: int, number: int = 30) -> list[Operation]:
    """A made-up history with every way to end."""
    dice = random.Random(seed)
    made = []
    for i in range(number):
        start = float(dice.randrange(0, 900))
        end = None if dice.random() < 0.2 else start + dice.randrange(1, 150)
        status = None if end is None else dice.choice(["ok", "ok", "ok", "fail"])
        user = dice.choice(["alice", "bob", "carol#2"])
        made.append(Operation(user, "post", arg=i, id=i, invoked=start, completed=end, status=status))
    return made


def pictures() -> dict[str, View]:
    """One of each."""
    ring = nx.cycle_graph(list("abcdef"))
    seen = what_users_saw(operations(1), 1_000, within=100, wrong={3})
    return {
        "graph": graph(ring, cut=[("a", "b"), ("c", "d")], down=["e"], title="A ring"),
        "timeline": timeline(seen, target=0.9, title="Users"),
        "measured": measured([1, 2, 3], [1.0, 2.5, 3.0], 0.2, lambda x: x, "timeout (s)", "detection (s)"),
        "space_time": space_time(lossy_calls().trace),
        "service_levels": service_levels(slices(seen, 100, 1_000), 0.9, 100, title="Levels"),
        "latency_distribution": latency_distribution(latencies(operations(1)), 100, 0.9),
        "budget_burn_down": budget_burn_down([0, 1, 3, 0], [100] * 4, 0.99, 1),
        "burn_alerts": burn_alerts([0, 9, 9, 0], [100] * 4, 0.99, [AlertRule(2, 1, 2.0)]),
        "goodput_and_queue": goodput_and_queue(slices(seen, 100, 1_000), [(0, 1), (500, 3)]),
        "risk_matrix": risk_matrix({"retry storm": (4, 5), "police raid": (1, 4)}),
        "detector_tradeoff": detector_tradeoff([Detection("heartbeats", "200 ms", (150.0, 180.0), 4, 60_000.0)]),
        "sweep_results": sweep_results(sweep(lossy_luck, 40, loss=[0.1, 0.5])),
        "region_map": region_map({"r1": "Zurich", "r2": "New York"}),
    }


def lossy_luck(seed: int, loss: float) -> bool:
    return random.Random(f"{seed}/{loss}").random() > loss


def tree(view: View) -> ET.Element:
    """The picture as XML: it must stand on its own in a file."""
    text = view.svg if "xmlns=" in view.svg else view.svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return ET.fromstring(text)


PICTURES = pictures()


@pytest.fixture(params=PICTURES)
def view(request: pytest.FixtureRequest) -> View:
    return PICTURES[request.param]


# ---------------------------------------------------------------- all pictures


def test_a_picture_has_a_text_that_says_what_it_shows(view: View):
    assert tree(view).get("role") == "img"
    assert tree(view).get("aria-label") == view.alt
    assert view.finding in view.alt
    assert str(view) == repr(view) == view.finding
    data = view._repr_mimebundle_()
    assert data["text/plain"] == view.finding
    assert view.svg in data["text/html"]


def test_a_picture_leaves_the_page_around_it_alone(view: View):
    """No style sheet of its own, no ids that a second picture would repeat, nothing fetched, no date."""
    picture = tree(view)
    assert not list(picture.iter(f"{SVG}style"))
    assert not list(picture.iter(f"{SVG}script"))
    assert not list(picture.iter(f"{SVG}metadata"))
    assert "http" not in view.svg.replace("http://www.w3.org", "")
    ids = [element.get("id") for element in picture.iter() if element.get("id")]
    assert all(view.svg.count(name) > 1 for name in ids), "an id that nothing refers to"


def test_a_picture_is_drawn_in_the_ink_of_the_page(view: View):
    """Black ink would vanish in the dark, and a white ground would glare there."""
    assert "currentColor" in view.svg
    for colour in ("#000000", "#fff", "#010203", "black", "white"):
        found = re.findall(rf'(?:stroke|fill)[=:] ?"?{colour}(?![^,;"]*\))', view.svg)
        assert not found, f"{colour} in a picture"


def test_words_in_a_picture_are_large_enough_and_it_scrolls_instead_of_shrinking(view: View):
    style = tree(view).get("style") or ""
    least, width = (
        float(re.search(p, text)[1])
        for p, text in ((r"min-width: ?([\d.]+)px", style), ("([\\d.]+) [\\d.]+$", tree(view).get("viewBox") or ""))
    )  # type: ignore[index]
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', view.svg)]
    sizes += [float(size) for size in re.findall(r"font-size: ([\d.]+)px", view.svg)]
    assert min(sizes) * least / width >= 11
    assert 'class="dslib-scroll" tabindex="0"' in view.to_html()


def test_the_same_records_give_the_same_picture_in_every_process(tmp_path: Path):
    here = Path(__file__).resolve()
    code = (
        f"import sys, hashlib; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t; "
        "print([hashlib.sha256(v.to_html().encode()).hexdigest() for v in t.pictures().values()])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "", "MPLCONFIGDIR": str(tmp_path), "HOME": str(tmp_path)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_names_from_a_student_are_text_and_never_markup():
    g = nx.Graph([(HOSTILE, "b")])
    seen = what_users_saw([Operation(HOSTILE, HOSTILE, invoked=0, completed=10, status="fail")], 100)
    shown = [
        graph(g, title=HOSTILE),
        timeline(seen, title=HOSTILE),
        measured([HOSTILE, "$x$"], [1, 2], 0.5, None, HOSTILE, HOSTILE, HOSTILE),
        space_time(Simulation(Server(HOSTILE)).run(until=10).trace, title=HOSTILE),
        risk_matrix({HOSTILE: (1, 1)}, title=HOSTILE),
        latency_distribution({HOSTILE: [1, 2]}, title=HOSTILE),
        region_map({HOSTILE: "Zurich"}, title=HOSTILE),
        goodput_and_queue(slices(seen, 50, 100), {HOSTILE: [1]}, title=HOSTILE),
        detector_tradeoff([Detection(HOSTILE, HOSTILE, (1.0,), 1, 1.0)], title=HOSTILE),
    ]
    for view in shown:
        assert not [element.tag for element in tree(view).iter() if element.tag.endswith("script")]
        assert "<script" not in view._repr_html_()
    assert "$x$" in [e.text for e in tree(shown[2]).iter(f"{SVG}text")], "a dollar sign begins no formula"


def test_the_style_sheet_touches_only_what_is_ours():
    rules = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{[^{}]*\}", rules)]
    assert selectors
    for selector in selectors:
        assert all(".dslib-" in part for part in selector.split(",") if not part.strip().startswith("@")), selector


# ---------------------------------------------------------------- topologies


def groups_by_search(nodes: list[Any], edges: list[tuple[Any, Any]]) -> list[list[Any]]:
    """Connected groups, found the slow way."""
    groups: list[list[Any]] = []
    for node in nodes:
        joined = [g for g in groups if any({node, other} == {a, b} for other in g for a, b in edges)]
        groups = [g for g in groups if g not in joined] + [[node, *(n for g in joined for n in g)]]
    return groups


def said_losses(finding: str) -> tuple[set[str], set[str]]:
    """The nodes and links whose loss the finding warns of."""
    found = re.search(r"One more loss splits a group: (?:node ([^;.]+))?(?:; )?(?:link ([^.]+))?\.", finding)
    nodes, links = found.groups() if found else (None, None)
    split = re.compile(r", | or ")
    return set(split.split(nodes)) if nodes else set(), set(split.split(links)) if links else set()


def test_the_finding_of_a_topology_is_what_removing_each_node_and_link_shows():
    for seed in range(40):
        dice = random.Random(seed)
        nodes = list("abcdefg")[: dice.randrange(2, 8)]
        edges = [pair for pair in combinations(nodes, 2) if dice.random() < 0.4]
        if not edges:
            continue
        g = nx.Graph(edges)
        g.add_nodes_from(nodes)
        cut = [pair for pair in edges if dice.random() < 0.15]
        down = [node for node in nodes if dice.random() < 0.1]
        up = [n for n in g.nodes if n not in down]
        left = [e for e in edges if e not in cut and not set(e) & set(down)]
        parts = groups_by_search(up, left)
        view = graph(g, cut=cut, down=down)

        if len(parts) > 1:
            said = view.finding.split("groups: ")[1].split(". ")[0].rstrip(".").split(" | ")
            assert {frozenset(re.split(r", | and ", part)) for part in said} == {frozenset(p) for p in parts}, seed
            letters = [e.text for e in tree(view).iter(f"{SVG}text") if e.text in list("ABCDEFG")]
            assert len(letters) == len(up), f"each node that is up carries its group's letter: seed {seed}"
        elif len(parts) == 1 and len(up) > 1:
            assert "can reach each other" in view.finding, f"seed {seed}"
        splitting = {
            n
            for n in up
            if len(groups_by_search([m for m in up if m != n], [e for e in left if n not in e]))
            > len([p for p in parts if p != [n]])
        }
        bridges = {
            "–".join(sorted(e, key=list(g.nodes).index))
            for e in left
            if len(groups_by_search(up, [f for f in left if f != e])) > len(parts)
        }
        assert said_losses(view.finding) == (splitting, bridges), f"seed {seed}: {view.finding}"


def test_what_is_marked_has_a_sign_and_an_entry_in_the_key():
    plain = graph(nx.cycle_graph(4))
    assert "articulation point" not in plain.svg
    marked = graph(nx.path_graph(4), cut=[(0, 1)], down=[3])
    words = " ".join(e.text or "" for e in tree(marked).iter(f"{SVG}text"))
    for sign in ("bridge", "cut link", "down"):
        assert sign in words
    assert "1 of them cut (0–1), 1 node down (3)" in marked.finding


def test_a_lesson_can_leave_the_weak_spots_to_the_reader():
    view = graph(nx.path_graph(3), weak=False)
    assert "splits" not in view.finding
    assert "articulation" not in view.svg


def test_any_object_with_nodes_and_edges_is_a_graph_and_places_can_be_given():
    g = SimpleNamespace(nodes=["a", "b"], edges=[("a", "b")])
    view = graph(g, positions={"a": (0, 0), "b": (1, 1)}, down=(n for n in "b"))
    assert view.finding == "2 nodes, 1 link, 1 node down (b). Only a is up."


def test_coordinates_from_networkx_are_scaled_and_stand_as_networkx_draws_them():
    g = nx.path_graph(3)
    drawn = graph(g, {0: (-1.0, -1.0), 1: (0.0, 3.0), 2: (1.0, -1.0)})
    same = graph(g, {0: (0.0, 1.0), 1: (0.5, 0.0), 2: (1.0, 1.0)})  # ours: from 0 to 1, and y downwards
    assert drawn.svg == same.svg


def test_no_two_names_of_a_ring_stand_on_each_other():
    for size in range(2, 9):
        view = graph(nx.cycle_graph(size)) if size > 2 else graph(nx.path_graph(2))
        spots = [(float(e.get("x") or 0), float(e.get("y") or 0)) for e in tree(view).iter(f"{SVG}text") if e.get("x")]
        for (x1, y1), (x2, y2) in combinations(spots, 2):
            assert abs(x1 - x2) > 10 or abs(y1 - y2) > 10, f"ring of {size}"


REFUSED_TOPOLOGIES = {
    "no nodes": (lambda: graph(nx.Graph()), "has no nodes"),
    "a link that is not there": (lambda: graph(nx.path_graph(3), cut=[(0, 2)]), "link 0 - 2, which the graph"),
    "a node instead of a link": (lambda: graph(nx.path_graph(3), cut=[1]), "the two ends of each link"),
    "a node that is not there": (lambda: graph(nx.path_graph(3), down=["x"]), "node 'x'; the nodes are 0, 1 and 2"),
}


@pytest.mark.parametrize(("call", "words"), REFUSED_TOPOLOGIES.values(), ids=REFUSED_TOPOLOGIES)
def test_what_a_graph_does_not_have_is_named(call: Callable[[], Any], words: str):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("show", "words"),
    [
        (space_time, r"not a Simulation: write space_time\(sim\.trace\)"),
        (graph, r"\.nodes and \.edges, such as a networkx\.Graph, not a Simulation"),
        (timeline, r"not a Simulation: write timeline\(what_users_saw\(sim\.history, sim\.now\)\)"),
    ],
)
def test_who_hands_over_the_simulation_is_told_which_part_of_it_is_shown(show: Callable[[Any], View], words: str):
    with pytest.raises(TypeError, match=words):
        show(Simulation(Node("a")).run(until=10))


# ---------------------------------------------------------------- what users saw


def test_the_finding_of_a_timeline_counts_what_users_saw():
    for seed in range(30):
        seen = what_users_saw(operations(seed), 900, within=100, wrong={3, 4})
        judged = [s for s in seen if s.outcome != "open"]
        good = sum(s.outcome == "good" for s in judged)
        finding = timeline(seen, target=0.9).finding
        assert finding.startswith(f"{len(judged)} operations of 3 users: {good} good = "), f"seed {seed}"
        share = float(re.search(r"good = ([\d.]+) %", finding)[1])  # type: ignore[index]
        assert share == pytest.approx(100 * good / len(judged), abs=0.05), f"seed {seed}"
        assert ("under the target" in finding) == (good / len(judged) < 0.9), f"seed {seed}"
        for outcome, (_, words) in OUTCOMES.items():
            number = sum(s.outcome == outcome for s in judged)
            if outcome not in ("good", "open") and number:
                assert f"{number} {words}" in finding, f"seed {seed}"
        assert OUTCOMES["open"][1] not in finding, "what is not judged yet is not bad"
        first = min(s.judged for s in judged if s.outcome != "good")
        assert f"First, at {first:,.0f} ms" in finding, f"seed {seed}"


def test_each_operation_has_a_bar_and_each_outcome_a_mark_of_its_own():
    seen = what_users_saw(operations(2), 1_000, within=100, wrong={3})
    view = timeline(seen)
    bars = sum((path.get("d") or "").count("v14") for path in tree(view).iter(f"{SVG}path"))
    outcomes = {s.outcome for s in seen}
    assert bars == len(seen) + len(outcomes), "one for each operation, one for each line of the key"
    marks = {e.text for e in tree(view).iter(f"{SVG}text")}
    assert {OUTCOMES[outcome][0] for outcome in outcomes} <= marks
    assert len({OUTCOMES[outcome][0] for outcome in OUTCOMES}) == len(OUTCOMES)


def test_operations_of_one_user_at_one_time_stand_below_each_other():
    seen = what_users_saw([Operation("a", "get", id=i, invoked=0, completed=100) for i in range(3)], 100)
    bars = [path.get("d") or "" for path in tree(timeline(seen)).iter(f"{SVG}path") if "v14" in (path.get("d") or "")]
    tops = re.findall(r"M[\d.]+ ([\d.]+)H", bars[0])
    assert len(set(tops)) == 3


def test_a_share_just_under_its_target_is_not_rounded_onto_it():
    done = [Operation("a", "get", id=i, invoked=i, completed=i + 0.5) for i in range(9_999)]
    seen = what_users_saw([*done, Operation("a", "get", id=9_999, invoked=9_999)], 10_001)
    finding = timeline(seen, target=0.99995).finding
    assert "9999 good = 99.99 %, under the target of 99.995 %" in finding


def test_an_empty_timeline_and_one_that_is_too_early_to_judge_say_so():
    assert timeline([]).finding == "Users asked for nothing."
    early = what_users_saw([Operation("a", "get", invoked=0)], 10, within=100)
    assert "none of them judged yet" in timeline(early).finding


@pytest.mark.parametrize("target", [0, 1.5, 90, True, "90 %"])
def test_a_target_that_is_no_share_is_refused(target: Any):
    with pytest.raises(ValueError, match=r"write a share above 0 and at most 1, for example 0\.9"):
        timeline([], target=target)


# ---------------------------------------------------------------- measured and expected


def test_the_finding_of_a_chart_counts_where_theory_lies_in_the_interval():
    view = measured([1, 2, 4], [1.0, 2.5, 4.1], [0.1, (2.3, 2.6), 0.2], lambda x: x, "T (s)", "delay (s)")
    assert view.finding == (
        "Delay: from 1 s at T = 1 s to 4.1 s at T = 4 s. Theory lies inside the interval at 2 of 3 points; farthest "
        "off, by 0.5 s, at T = 2 s: measured 2.5, theory 2."
    )
    words = " ".join("".join(e.itertext()) for e in tree(view).iter(f"{SVG}text"))
    assert "theory outside" in words
    assert "theory outside" not in measured([1], [1.0], 0.1, [1.05]).svg


def test_the_end_of_an_interval_belongs_to_it_whatever_the_last_bit_says():
    assert 0.1 + 0.2 > 0.3
    view = measured([1], [0.2], [(0.1, 0.3)], lambda _: 0.1 + 0.2)
    assert "1 of 1 point." in view.finding


def test_names_can_stand_where_numbers_do():
    view = measured(["AP", "CP"], [0.99, 0.7], 0.01, None, "design", "share of good answers")
    assert view.finding == "Share of good answers: from 0.7 at design = CP to 0.99 at design = AP."
    words = {"".join(e.itertext()) for e in tree(view).iter(f"{SVG}text")}
    assert {"AP", "CP"} <= words


def test_a_chart_does_not_depend_on_the_readers_style():
    import matplotlib

    before = measured([1, 2], [1, 2], 0.1).svg
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "lines.linewidth": 9}):
        assert measured([1, 2], [1, 2], 0.1).svg == before
        assert matplotlib.rcParams["font.size"] == 30, "and leaves it as it was"


def test_without_matplotlib_the_picture_comes_from_our_own_backend(monkeypatch: pytest.MonkeyPatch):
    drawn = measured([1, 2], [1, 2], 0.1, ylabel="delay")
    monkeypatch.delitem(sys.modules, "dslib.views.chart_matplotlib", raising=False)
    monkeypatch.delattr("dslib.views.chart_matplotlib", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.style", None)
    view = measured([1, 2], [1, 2], 0.1, ylabel="delay")
    assert view.finding == drawn.finding == "Delay: from 1 at x = 1 to 2 at x = 2."
    assert view.svg != drawn.svg
    assert len(list(tree(view).iter(f"{SVG}path"))) > 4


REFUSED_CHARTS = {
    "different lengths": (lambda: measured([1, 2], [1], [1]), "x has 2 entries, y 1 and interval 1"),
    "nothing": (lambda: measured([], [], []), "nothing to draw"),
    "not a number": (lambda: measured([1], [float("nan")], 0.1), "leave out what could not be measured"),
    "upside down": (lambda: measured([1], [2], [(3, 1)]), "the low end comes first"),
    "too little theory": (lambda: measured([1, 2], [1, 2], 0.1, [1]), "theory has 1 values for 2 points"),
}


@pytest.mark.parametrize(("call", "words"), REFUSED_CHARTS.values(), ids=REFUSED_CHARTS)
def test_what_cannot_be_charted_is_refused(call: Callable[[], Any], words: str):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- a run


def test_the_finding_of_a_space_time_diagram_is_the_trace_counted():
    for seed in range(10):
        trace = lossy_calls(seed).trace
        finding = space_time(trace).finding
        sent, delivered, dropped = (len(trace.where(kind=kind)) for kind in ("send", "deliver", "drop"))
        assert finding.startswith(f"{sent} messages sent, {delivered} delivered, {dropped} dropped"), f"seed {seed}"
        for reason, words in (("loss", "lost at random"), ("cut", "at a cut"), ("down", "nobody there")):
            number = len(trace.where(kind="drop", detail=reason))
            assert (f"{number} {words}" in finding) == (number > 0), f"seed {seed}"
        arrived = {e.id for e in trace.where(kind=("deliver", "drop"))}
        waiting = sum(e.id not in arrived for e in trace.where(kind="send"))
        assert (f"{waiting} still on the way" in finding) == (waiting > 0), f"seed {seed}"
        assert "Faults: cut caller s1 | s2 at 50; crash s1 at 100; heal at 130; restart s1 at 150." in finding


def test_a_space_time_diagram_of_a_part_says_which_part():
    whole, part = space_time(lossy_calls().trace), space_time(silence(fault="cut").run(until=1_500).trace)
    assert "The picture shows" not in whole.finding
    assert part.finding.endswith("carol r3 at 400. The picture shows 8 to 1,234 ms.")
    assert part.finding in part.alt
    assert "The picture shows 8 to 1,234 ms." in part.svg


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_pictures_take_the_colours_of_the_page_and_fit_a_phone(new_page: Callable[..., Any], tmp_path: Path):
    body = "".join(view.to_html() for view in pictures().values())
    inks = {}
    for theme, ink, paper in (("light", "#111111", "#ffffff"), ("dark", "#eeeeee", "#111111")):
        path = tmp_path / f"{theme}.html"
        path.write_text(
            f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>t</title>'
            f"<style>body {{ color: {ink}; background: {paper} }} {STYLE}</style><body>{body}",
            encoding="utf-8",
        )
        page = new_page(viewport={"width": 390, "height": 800})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 390, "the page itself must not scroll sideways"
        blue = page.locator("svg circle[stroke*='dslib-delivered'], svg path[style*='dslib-delivered']").first
        inks[theme] = (
            page.locator("svg text[fill=currentColor]").first.evaluate("e => getComputedStyle(e).fill"),
            blue.evaluate("e => getComputedStyle(e).stroke"),
        )
        scroller = page.locator(".dslib-scroll").nth(1)
        assert scroller.evaluate("e => e.scrollWidth > e.clientWidth")
        scroller.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("e => e.scrollLeft > 0", arg=scroller.element_handle())
    assert inks == {
        "light": ("rgb(17, 17, 17)", "rgb(0, 114, 178)"),
        "dark": ("rgb(238, 238, 238)", "rgb(86, 180, 233)"),
    }
