"""The space-time diagram: logical clocks, causes, the filter, copies, overtaken messages, and very many of all."""

from collections.abc import Callable
from typing import Any

import pytest
from stage import Stage, Talker, Word, chatter
from test_player import minority, routed

from dslib import Clock, LamportClock, Network, Node, Simulation, VectorClock, happened_before
from dslib.metrics import Seen, what_users_saw
from dslib.views import PlayerView, palette, play, script

pytestmark = pytest.mark.browser

TICKS = ("start", "send", "deliver", "timer")
INNER = "openRun, logicalClocks, causesOf, overtakenIn, sayPick"


def noisy(seed=0):
    """The ring of talkers, on a network that loses, doubles and reorders, with a crash and a restart."""
    ring = "abcd"
    nodes = [Talker(n, peers=(ring[i - 1], ring[(i + 1) % 4])) for i, n in enumerate(ring)]
    network = Network(latency=(2, 30), loss=0.1, duplication=0.2, reordering=0.2)
    sim = Simulation(*nodes, network=network, seed=seed)
    sim.at(61, sim.crash, "b")
    sim.at(99, sim.restart, "b")
    return sim


class Chatterbox(Node):
    """Talks all the time."""

    def on_start(self):
        self.set_timer("talk", 1 + self.random.random())

    def on_talk_timeout(self):
        self.send(self.random.choice(self.peers), Word("hello"))
        self.set_timer("talk", 1 + self.random.random())

    def on_word(self, src, msg):
        pass


def crowd(seed=0, n=8):
    names = [f"n{i}" for i in range(n)]
    return Simulation(*(Chatterbox(x, peers=tuple(p for p in names if p != x)) for x in names), seed=seed)


@pytest.fixture
def inner(page: Any) -> Any:
    """A page with the player's own functions in `inner`."""
    page.set_content('<!doctype html><html lang="en"><body><div id="here"></div><div id="there"></div></body></html>')
    source = f"{script.module_source()}\nwindow.inner = {{ mount, {INNER} }};\n"
    page.add_script_tag(type="module", content=source)
    page.wait_for_function("() => Boolean(window.inner)")
    return page


def show(page: Any, view: PlayerView, place: str = "here", **options: Any) -> None:
    page.evaluate(
        """([bundle, place, options]) => {
            const heard = [];
            const onWindow = (start, span) => heard.push([start, span]);
            window[place + "Heard"] = heard;
            window[place + "Player"] = inner.mount(document.getElementById(place), bundle, { ...options, onWindow });
        }""",
        [view.bundle, place, options],
    )


def own_steps(view: PlayerView) -> list[tuple[int, Any, str]]:
    """The steps that nodes take: the number of the event, the event, and whose step it is."""
    events = enumerate(view.sim.trace)
    return [(i, e, e.dest if e.kind == "deliver" else e.src) for i, e in events if e.kind in TICKS]


def clocks_of_python(view: PlayerView) -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    """What dslib's clocks show after each step, when each message carries what they showed when it was sent."""
    lamport = {name: LamportClock() for name in view.sim.nodes}
    vector = {name: VectorClock(name) for name in view.sim.nodes}
    carried: dict[int, Any] = {}
    times, stamps = {}, {}
    for i, event, node in own_steps(view):
        if event.kind == "deliver":
            time, stamp = carried[event.id]
            times[i], stamps[i] = lamport[node].receive(time), dict(vector[node].receive(stamp))
        else:
            times[i], stamp = lamport[node].tick(), vector[node].tick()
            stamps[i] = dict(stamp)
            if event.kind == "send":
                carried[event.id] = times[i], stamp
    return times, stamps


# ---------------------------------------------------------------- logical clocks


@pytest.mark.parametrize("scenario", [minority, noisy, routed], ids=["minority", "copies and a crash", "routers"])
def test_the_diagram_counts_as_the_clocks_of_dslib_do(inner: Any, scenario: Callable[..., Simulation]):
    for seed in range(3):
        view = play(scenario, until=300, seed=seed)
        times, stamps = clocks_of_python(view)
        got = inner.evaluate(
            """(bundle) => {
                const { run } = inner.openRun(bundle), { steps, lamport, vector, width } = inner.logicalClocks(run);
                const row = (k) => run.nodes.slice(0, width).map((name, j) => [name, vector[k * width + j]]);
                const known = (k) => Object.fromEntries(row(k).filter(([, count]) => count));
                return [...steps].map((index, k) => [index, lamport[k], known(k)]);
            }""",
            view.bundle,
        )
        assert {i: time for i, time, _ in got} == times, f"seed {seed}"
        assert {i: stamp for i, _, stamp in got} == stamps, f"seed {seed}"


def test_what_happened_before_and_after_is_what_vector_clocks_say(inner: Any):
    view = play(noisy, until=200, seed=1)
    _, stamps = clocks_of_python(view)
    for chosen in list(stamps)[::17]:
        past = sum(happened_before(stamp, stamps[chosen]) for stamp in stamps.values())
        future = sum(happened_before(stamps[chosen], stamp) for stamp in stamps.values())
        got = inner.evaluate(
            """([bundle, index]) => {
                const { past, future, concurrent } = inner.causesOf(inner.openRun(bundle).run, index);
                return [past, future, concurrent];
            }""",
            [view.bundle, chosen],
        )
        assert got == [past, future, len(stamps) - 1 - past - future], f"event {chosen}"


def test_clocks_are_chosen_by_keyboard_and_each_step_says_its_causes(page: Any):
    stage = Stage(page, play(minority, until=400, seed=3, within=40))
    assert stage.root.locator(".stamp").count() == 0
    choice = stage.root.get_by_label("Clocks in the diagram")
    choice.focus()
    page.keyboard.press("L")  # Lamport
    assert choice.input_value() == "lamport"
    assert stage.root.locator(".stamp").count() > 10
    stage.root.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    times, stamps = clocks_of_python(stage.view)
    seen = set()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        said = stage.text(".causes")
        if "Lamport time" not in said:
            continue  # this event is no step of a node
        lamport = int(said.split("Lamport time ")[1].split(".")[0])
        sentences = []
        for chosen in (stamps[i] for i, time in times.items() if time == lamport):
            past = sum(happened_before(s, chosen) for s in stamps.values())
            future = sum(happened_before(chosen, s) for s in stamps.values())
            free = len(stamps) - 1 - past - future
            are = "is" if free == 1 else "are"
            sentences.append(
                f"{past} event{'' if past == 1 else 's'} happened before it, {future} after, {free} {are} concurrent."
            )
        assert any(said.endswith(sentence) for sentence in sentences), said
        seen.add(lamport)
    assert len(seen) > 8


def test_a_click_on_an_event_chooses_it(page: Any):
    stage = Stage(page, play(minority, until=200, seed=3, within=40))
    stage.root.get_by_label("Clocks in the diagram").select_option("vector")
    ring = stage.root.locator(".plot-picture .stamp", has_text="0,1,0,0").bounding_box()  # r1 starts, at the left edge
    page.mouse.click(ring["x"] + 6, ring["y"] + 18)
    assert stage.time == 0
    assert stage.text(".causes").startswith("r1 starts. It has vector clock r1 1. 0 events happened before it")
    assert stage.root.locator(".scroll .step.itself").count() == 1
    page.mouse.click(ring["x"] + 120, ring["y"] + 40)  # between lanes: the playhead goes there, and nothing is chosen
    assert stage.time > 10
    assert stage.text(".causes").startswith("The counts stand in the order of the lanes.")


def overlapping(page: Any) -> list[str]:
    return page.evaluate(
        """() => {
            const all = [...player.root.querySelectorAll(".stamp")].map((e) => [e.textContent, e.getBBox()]);
            const besides = (a, b) => a.x >= b.x + b.width || b.x >= a.x + a.width;
            const above = (a, b) => a.y >= b.y + b.height - 4 || b.y >= a.y + a.height - 4;
            return all.flatMap(([text, box], i) => all.slice(i + 1)
                .filter(([, other]) => !besides(box, other) && !above(box, other))
                .map(([other]) => `${text} and ${other}`));
        }"""
    )


@pytest.mark.parametrize("kind", ["lamport", "vector"])
def test_no_number_covers_another_however_far_one_zooms_out(page: Any, kind: str):
    stage = Stage(page, play(noisy, until=600, seed=2))
    stage.root.get_by_label("Clocks in the diagram").select_option(kind)
    stage.root.locator("input[type=range]").focus()
    page.keyboard.press("ArrowLeft")  # stands on an event: its causes are shown, in bold
    counts = []
    for key in ("0", "+", "+", "+", "+"):
        page.keyboard.press(key)
        assert overlapping(page) == []
        counts.append(stage.root.locator(".stamp").count())
    assert min(counts) > 5


def test_what_is_dimmed_is_still_to_be_seen():
    for theme in (
        script.module_source().split("const LIGHT = `")[1],
        script.module_source().split("const DARK = `")[1],
    ):
        colours = dict(
            part.split(":")
            for part in theme.split("`")[0].replace("\n", " ").replace(" ", "").split(";")
            if ":" in part
        )
        paper = colours["--surface"]
        assert palette.contrast(colours["--line"], paper) >= 3
        assert palette.contrast(colours["--good"], paper) >= 3
        assert palette.contrast(colours["--muted"], paper) >= 4.5, "the numbers of what is concurrent"


# ---------------------------------------------------------------- the filter


@pytest.fixture
def ring(page: Any) -> Stage:
    return Stage(page, play(noisy, until=200, seed=1))


def listed(stage: Stage) -> list[str]:
    if not stage.root.locator(".list[open]").count():
        stage.root.locator(".list summary").click()
    stage.root.locator(".rows button").first.wait_for()
    return [str(t) for t in stage.root.locator(".rows button").all_text_contents()]


def test_hiding_a_node_folds_its_lane_and_its_events_are_left_out(ring: Stage):
    everything = listed(ring)
    low = ring.root.locator(".plot-picture").bounding_box()["height"]
    ring.root.locator(".filter summary").click()
    for node in ("b", "c"):
        ring.root.locator(f".filter input[value={node}]").uncheck()
    names = ring.root.locator(".lane-name").all_text_contents()
    assert "b" not in names
    assert "c" not in names
    assert "a" in names
    assert "2 hidden" in ring.text(".plot-picture")
    assert ring.root.locator(".plot-picture").bounding_box()["height"] < low
    rows = listed(ring)
    left = [row for row in everything if row in rows]
    assert rows == left
    assert ring.text(".filter-news") == f"{len(rows)} of {len(everything)} events shown"
    assert ring.text(".list > summary").startswith(f"{len(rows)} of {len(everything)} events")
    assert not any(" b receives" in f" {row.split(' ms ')[1]}" for row in rows)
    assert any("a sends" in row and "to b" in row for row in rows), "what a sends to b is an event of a"


def test_stepping_follows_the_filter_and_reset_brings_all_back(ring: Stage):
    ring.root.locator(".filter summary").click()
    for box in ring.root.locator('.filter input[data-what="kinds"]').all():
        if box.get_attribute("value") != "drop":
            box.uncheck()
    fate: dict[int, str] = {}
    for e in ring.view.sim.trace:
        if e.kind in ("deliver", "drop"):
            fate.setdefault(e.id, e.kind)
    # A message counts by what becomes of it: the send of one that is dropped is shown, too.
    wanted = [e for e in ring.view.sim.trace if e.kind == "drop" or (e.kind == "send" and fate.get(e.id) == "drop")]
    assert len(wanted) > 4
    ring.root.locator("input[type=range]").focus()
    ring.page.keyboard.press("Home")
    for event in wanted:
        ring.page.keyboard.press("ArrowRight")
        assert ring.time == pytest.approx(event.time)
        assert ("was dropped" if event.kind == "drop" else " sends ") in ring.text(".caption .what")
    assert ring.text(".filter-news").startswith(f"{len(wanted)} of ")
    assert ring.root.locator(".filter.on").count() == 1
    assert ring.root.locator(".scroll path.way:not(.lost-way)").count() == 0
    ring.root.locator(".filter-reset").click()
    assert ring.text(".filter-news") == ""
    assert ring.root.locator(".filter-reset").is_hidden()
    assert ring.root.locator(".scroll path.way:not(.lost-way)").count() > 0


def test_the_filter_is_worked_with_the_keyboard_alone(ring: Stage):
    ring.root.locator(".filter summary").focus()
    ring.page.keyboard.press("Enter")
    ring.page.keyboard.press("Tab")
    assert ring.root.locator('.filter input[value="a"]').evaluate("(e) => e.getRootNode().activeElement === e")
    ring.page.keyboard.press("Space")
    assert "a" not in ring.root.locator(".lane-name").all_text_contents()
    assert ring.root.locator(".play").get_attribute("aria-label") == "Play (Space)", "Space did not start the playback"


def test_only_what_changes_a_state_can_be_left(ring: Stage):
    ring.root.locator(".filter summary").click()
    ring.root.get_by_label("only those that change a state").check()
    states = {e.time for e in ring.view.sim.trace if e.kind == "state"}
    rows = listed(ring)
    assert len(rows) > 0
    for row in rows:
        at = float(row.split(" ms")[0])
        assert any(abs(at - t) < 0.06 for t in states), row


def test_a_filter_outlives_a_new_run(ring: Stage):
    ring.root.locator(".filter summary").click()
    ring.root.locator(".filter input[value=timer]").uncheck()
    before = ring.text(".filter-news")
    ring.tool("crash")
    ring.page.mouse.click(*ring.middle("a"))
    ring.wait_for_answer()
    assert ring.root.locator(".filter input[value=timer]").is_checked() is False
    assert "events shown" in ring.text(".filter-news")
    assert ring.text(".filter-news") != before


# ---------------------------------------------------------------- copies, overtaken messages, drops


def test_second_copies_and_overtaken_messages_are_marked_and_said(inner: Any):
    view = play(noisy, until=300, seed=1)
    sent = {e.id: i for i, e in enumerate(view.sim.trace) if e.kind == "send"}
    newest: dict[tuple[str, str], int] = {}
    arrived, copies, overtaken = set(), 0, set()
    for e in view.sim.trace:
        if e.kind == "deliver" and e.id in arrived:
            copies += 1
        if e.kind != "deliver" or e.id in arrived:
            continue
        arrived.add(e.id)
        way = (e.src, e.dest)
        if sent[e.id] < newest.get(way, -1):
            overtaken.add(e.id)
        newest[way] = max(newest.get(way, -1), sent[e.id])
    assert copies >= 3
    assert len(overtaken) >= 3
    got = inner.evaluate(
        """(bundle) => {
            const { run } = inner.openRun(bundle), flights = run.flights.filter((f) => f.end === "deliver");
            const late = [...inner.overtakenIn(run)], again = flights.filter((f) => f.again);
            const say = (flight) => inner.sayPick(run, { flight });
            return [again.length, late.map((f) => f.id), say(late[0]), say(again[0])];
        }""",
        view.bundle,
    )
    # A copy that arrives after a drop of the other is the only one, and no second copy.
    assert got[0] >= copies
    assert set(got[1]) == overtaken
    assert "overtaken: one sent later over the same link was there before" in got[2]
    assert "a second copy: the network delivered it twice" in got[3]
    show(inner, view)
    key = inner.locator(".dslib-player .key").text_content()
    assert "second copy" in key
    assert "overtaken" in key
    assert inner.locator(".dslib-player .scroll path.way.copy").count() == 1
    assert inner.locator(".dslib-player .scroll path.heads.late").count() == 1


def test_tooltips_tell_a_lost_message_from_one_that_was_cut_or_came_to_nobody(inner: Any):
    view = play(minority, until=400, seed=3)
    said = inner.evaluate(
        """(bundle) => {
            const { run } = inner.openRun(bundle);
            const dropped = run.flights.filter((f) => f.end === "drop");
            return dropped.map((flight) => [flight.reason, inner.sayPick(run, { flight })[2]]);
        }""",
        view.bundle,
    )
    words = {"cut": "on the other side of the cut", "down": "is down", "loss": "lost on the way", "queue": "queue"}
    assert {reason for reason, _ in said} >= {"cut", "down"}
    for reason, sentence in said:
        assert words[reason] in sentence


# ---------------------------------------------------------------- what is wrong for a while


def test_a_wrong_clock_and_a_liar_are_marked_on_their_lanes(inner: Any):
    def skewed(seed=0):
        ring = "abcd"
        clocks = {"b": Clock(offset=40), "c": Clock(drift=0.05)}
        nodes = [Talker(n, peers=(ring[i - 1],), clock=clocks.get(n, Clock())) for i, n in enumerate(ring)]
        return Simulation(*nodes, seed=seed)

    view = play(skewed, until=200)
    view.bundle["liars"] = [{"node": "d", "from": 50, "to": 120, "words": "flips its votes"}]
    show(inner, view)
    assert inner.locator(".dslib-player .odd.clock").count() >= 2 + 1, "two lanes and the key"
    plot = inner.locator(".dslib-player .plot-picture").text_content()
    assert "clock 40 ms ahead" in plot
    assert "gains 50 ms a second" in plot
    assert "lies: flips its votes" in plot
    key = inner.locator(".dslib-player .key").text_content()
    assert "clock is wrong" in key
    assert "lies" in key


# ---------------------------------------------------------------- many of everything


PIXELS = """(colour) => {
    const canvas = hereHost().shadowRoot.querySelector(".sheet canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    let n = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] > 250 && data[i] === r && data[i + 1] === g && data[i + 2] === b) n += 1;
    }
    return n;
}"""
HOST = "() => { window.hereHost = () => document.querySelector('#here .dslib-player'); }"


def test_ten_thousand_events_are_drawn_on_a_canvas_in_the_colours_of_the_theme(inner: Any):
    view = play(crowd, until=900, target=None)
    assert len(view.sim.trace) > 10_000
    show(inner, view)
    inner.evaluate(HOST)
    root = inner.locator(".dslib-player")
    assert root.locator(".sheet").is_hidden(), "at first single messages can be told apart"
    root.locator(".fit").click()
    assert root.locator(".sheet").is_visible()
    assert root.locator(".scroll path.way").count() == 0
    light, dark = palette.SIGNS["delivered"].light, palette.SIGNS["delivered"].dark
    assert inner.evaluate(PIXELS, light) > 1_000
    inner.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    inner.wait_for_function(f"() => ({PIXELS})('{dark}') > 1000")
    assert inner.evaluate(PIXELS, light) == 0


def test_a_message_on_the_canvas_answers_to_the_pointer(inner: Any):
    view = play(crowd, until=900, target=None)
    show(inner, view)
    root = inner.locator(".dslib-player")
    root.locator(".fit").click()
    box = root.locator(".plot-picture").bounding_box()
    inner.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80)
    tip = root.locator(".tip")
    tip.wait_for(state="visible")
    assert "Word(text='hello')" in tip.text_content()
    assert "sent at" in tip.text_content()
    assert root.locator(".pick path.picked").count() == 1


def test_a_thousand_operations_are_counted_in_columns(inner: Any):
    view = play(minority, until=400, seed=3, within=40)
    template = view.bundle["operations"][0]
    many = [
        {**template, "id": i, "client": "writer", "start": i * 0.35, "end": i * 0.35 + 0.3, "judged": i * 0.35 + 0.3}
        for i in range(1_000)
    ]
    for i, op in enumerate(many):
        op["outcome"] = "never" if i % 10 == 3 else "good"
    view.bundle["operations"] = many
    show(inner, view)
    root = inner.locator(".dslib-player")
    assert root.locator(".scroll .op rect").count() == 0
    assert root.locator(".scroll .op .column").count() == 2, "good ones and those never answered"
    assert root.locator(".columns-note").text_content().startswith("a column: what was asked in ")
    box = root.locator(".plot-picture").bounding_box()
    strip = root.locator(".scroll .op.never .column").bounding_box()
    inner.mouse.move(box["x"] + box["width"] / 2, strip["y"] + 2)
    said = root.locator(".tip").text_content()
    assert "operations" in said
    assert "good" in said
    assert "never answered" in said


def test_single_bars_come_back_when_there_is_room(inner: Any):
    def judged(sim: Simulation) -> list[Seen]:
        return list(what_users_saw(sim.history, sim.now))

    view = play(minority, until=400, seed=3, judge=judged)
    show(inner, view)
    root = inner.locator(".dslib-player")
    assert root.locator(".scroll .op rect").count() > 3
    assert root.locator(".columns-note").text_content() == ""


# ---------------------------------------------------------------- twice on a page, and in a comparison


def test_two_players_on_a_page_do_not_get_in_each_others_way(inner: Any):
    show(inner, play(chatter, until=200, seed=0), "here")
    show(inner, play(chatter, until=200, seed=1), "there")
    here, there = inner.locator("#here .dslib-player"), inner.locator("#there .dslib-player")
    here.locator(".filter summary").click()
    here.locator(".filter input[value=b]").uncheck()
    here.get_by_label("Clocks in the diagram").select_option("vector")
    assert "b" in there.locator(".lane-name").all_text_contents()
    assert there.locator(".stamp").count() == 0
    assert here.locator(".stamp").count() > 0
    assert there.locator(".filter-news").text_content() == ""


def test_windows_can_be_kept_together(inner: Any):
    show(inner, play(chatter, until=200, seed=0), "here")
    show(inner, play(chatter, until=200, seed=1), "there")
    inner.evaluate("() => { hereHeard.length = 0; }")
    inner.locator("#here .zoomin").click()
    start, span = inner.evaluate("() => hereHeard.at(-1)")
    assert span == 100
    told = inner.evaluate(
        "([start, span]) => { thereHeard.length = 0; therePlayer.setWindow(start, span); return thereHeard.length; }",
        [start, span],
    )
    assert told == 0, "whoever asked for it is not told"
    assert inner.locator("#there .span").text_content() == inner.locator("#here .span").text_content()


def test_on_a_phone_names_are_at_least_11_px_and_stay_on_the_page(new_page: Callable[..., Any]):
    page = new_page(viewport={"width": 390, "height": 844})
    Stage(page, play(routed, until=200, seed=1))
    small = page.evaluate(
        """() => [...player.root.querySelectorAll(".plot-picture text")].filter((e) => e.getBoundingClientRect().width)
            .map((e) => [e.textContent, parseFloat(getComputedStyle(e).fontSize)]).filter(([, size]) => size < 11)"""
    )
    assert small == []
    outside = page.evaluate(
        """() => [...player.root.querySelectorAll(".lane-name, .share-now, .gutter-small, .columns-note")]
            .map((e) => [e.textContent, e.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.left < 0 || box.right > innerWidth)).map(([text]) => text)"""
    )
    assert outside == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
