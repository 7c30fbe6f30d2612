"""Breaking things by hand: each tool by mouse and by keyboard, what it does to the run, and what is seen of it."""

from collections.abc import Callable
from typing import Any

import pytest
from stage import Stage, Talker, chatter
from test_player import quiet, routed, struck

from dslib import Network, Simulation
from dslib.views import play

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(page: Any) -> Stage:
    """The quiet scenario with seed 3: nothing is broken yet."""
    return Stage(page, play(quiet, until=400, seed=3, within=40))


def touch(stage: Stage, node: str, key: str | None = None) -> None:
    """Click a node, or press a key on it; wait for what Python makes of it."""
    before = len(stage.asked)
    if key is None:
        stage.root.locator(f'[data-node="{node}"] .body').click()
    else:
        stage.root.locator(f'[data-node="{node}"]').focus()
        stage.page.keyboard.press(key)
    stage.page.wait_for_timeout(30)
    assert len(stage.asked) == before + 1, f"nothing was asked; the hint says: {stage.text('.hint')}"
    settle(stage)


def settle(stage: Stage) -> None:
    """Wait until Python's answer is drawn."""
    stage.page.wait_for_function(
        "() => !document.querySelector('.dslib-player').hasAttribute('data-busy') && player.acts.every((a) => a.code)"
    )


def press(stage: Stage, *keys: str) -> None:
    for key in keys:
        stage.page.keyboard.press(key)


def said(stage: Stage, node: str) -> str:
    return str(stage.root.locator(f'[data-node="{node}"]').get_attribute("aria-label"))


def kinds(stage: Stage, node: str) -> set[str]:
    return set(str(stage.root.locator(f'[data-node="{node}"]').get_attribute("class")).split())


def done(stage: Stage) -> list[tuple[float, str, tuple[Any, ...]]]:
    """The faults of the run that Python made."""
    return [(f.at, f.call, f.args) for f in stage.view.sim.faults]


def facts(stage: Stage) -> dict[str, str]:
    """What the panel says of the node, one row each."""
    rows = stage.root.locator(".facts > div").all()
    return {str(r.locator("dt").text_content()): str(r.locator("dd span").first.text_content()) for r in rows}


# ---------------------------------------------------------------- slow, pause


@pytest.mark.parametrize("key", [None, "Enter"])
def test_a_node_is_slowed_by_a_chosen_factor_and_mended_by_the_next_touch(stage: Stage, key: str | None):
    def gap(sim: Simulation, after: float) -> float:
        sends = [e.time for e in sim.trace.where(kind="send", src="writer", after=after)]
        rounds = sorted(set(sends))
        return rounds[2] - rounds[1]

    stage.go(100)
    if key:
        stage.root.locator("input[type=range]").focus()
        press(stage, "s")
    else:
        stage.tool("slow")
    assert stage.root.locator(".factor").input_value() == "10"
    stage.root.locator(".factor").select_option("2")
    touch(stage, "writer", key)
    assert done(stage) == [(100, "slow", ("writer", 2))]
    assert gap(stage.view.sim, 150) == pytest.approx(90), "it writes every 45 ms when it is not slow"
    assert stage.chips == ["slow writer ×2 at 100"]
    assert "slow" in kinds(stage, "writer")
    assert "slow ×2" in said(stage, "writer")
    assert "all that it does takes 2 times as long" in stage.text(".caption .what")
    stage.go(200)
    touch(stage, "writer", key)
    assert done(stage)[1] == (200, "slow", ("writer", 1))
    assert gap(stage.view.sim, 260) == pytest.approx(45)
    assert stage.chips[1] == "writer full speed at 200"
    assert "slow" not in kinds(stage, "writer")


def test_a_node_stands_still_and_what_comes_waits_at_its_door(stage: Stage):
    stage.go(100)
    stage.tool("slow")
    stage.root.locator(".factor").select_option("pause")
    touch(stage, "r1")
    assert done(stage) == [(100, "pause", ("r1",))]
    stage.go(300)
    sent = [e for e in stage.view.sim.trace.where(kind="send", dest="r1") if 100 < e.time < 285]
    waiting = [d for d in stage.root.locator(".graph .dot.waiting").all() if d.is_visible()]
    assert len(waiting) == min(5, len(sent)) > 3
    assert f"{len(sent)} waiting" in said(stage, "r1")
    (x, y), r = stage.middle("r1"), 19
    for dot in waiting:
        box = dot.locator(".box").bounding_box()
        away = ((box["x"] + 4 - x) ** 2 + (box["y"] + 4 - y) ** 2) ** 0.5
        assert r < away < r + 16, "it is drawn at the door, not on its way"
    touch(stage, "r1")
    assert done(stage)[1][1:] == ("resume", ("r1",))
    assert len(stage.view.sim.trace.where(kind="deliver", dest="r1", after=299.9, before=300.2)) >= len(sent)
    assert not [d for d in stage.root.locator(".graph .dot.waiting").all() if d.is_visible()]


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize("key", [None, "Enter"])
def test_a_clock_jumps_drifts_and_is_set_right(stage: Stage, key: str | None):
    stage.go(100)
    if key:
        stage.root.locator("input[type=range]").focus()
        press(stage, "k")
    else:
        stage.tool("clock")
    stage.root.locator(".skew-by").fill("-40")
    touch(stage, "r2", key)
    assert done(stage) == [(100, "jump_clock", ("r2", -40))]
    assert stage.view.sim.nodes["r2"].clock.read() == pytest.approx(360)
    assert stage.chips == ["clock r2 −40 ms at 100"]
    assert "clock 40 ms behind" in said(stage, "r2")
    assert stage.root.locator('[data-node="r2"] .badge.is-clock').count() == 1
    stage.go(200)
    stage.root.locator(".skew").select_option("drift")
    stage.root.locator(".skew-by").fill("500")
    touch(stage, "r2", key)
    assert done(stage)[1] == (200, "drift_clock", ("r2", 0.5))
    assert stage.view.sim.nodes["r2"].clock.read() == pytest.approx(460), "200 ms at one and a half times the rate"
    stage.go(220)
    assert "clock 30 ms behind, gains 500 ms a second" in said(stage, "r2")
    stage.root.locator(".skew").select_option("right")
    assert stage.root.locator(".skew-by").is_hidden()
    touch(stage, "r2", key)
    assert [f[1:] for f in done(stage)[2:]] == [("drift_clock", ("r2", 0)), ("jump_clock", ("r2", 30))]
    assert stage.view.sim.nodes["r2"].clock.read() == pytest.approx(400)
    assert stage.root.locator('[data-node="r2"] .badge').count() == 0


def test_a_clock_that_cannot_run_so_is_refused_in_words_and_nothing_is_asked(stage: Stage):
    stage.tool("clock")
    for kind, by, words in (("drift", "-1000", "stand still"), ("drift", "", "10, or"), ("jump", "0", "50, or")):
        stage.root.locator(".skew").select_option(kind)
        stage.root.locator(".skew-by").fill(by)
        stage.root.locator('[data-node="r1"] .body').click()
        assert words in stage.text(".hint")
    stage.root.locator(".skew").select_option("right")
    stage.root.locator('[data-node="r1"] .body').click()
    assert "is right" in stage.text(".hint")
    assert stage.asked == []


# ---------------------------------------------------------------- lies


@pytest.mark.parametrize("key", [None, "Enter"])
def test_a_node_lies_in_a_chosen_way_until_it_is_touched_again(stage: Stage, key: str | None):
    stage.go(100)
    if key:
        stage.root.locator("input[type=range]").focus()
        press(stage, "l")
    else:
        stage.tool("lie")
    offered = stage.root.locator(".lies option").all_text_contents()
    assert "tells the truth" not in offered
    assert offered == [lie["label"] for lie in stage.view.bundle["tools"]["lies"] if lie["strategy"] != "truth"]
    stage.root.locator(".lies").select_option("says nothing")
    touch(stage, "r1", key)
    assert done(stage) == [(100, "lie", ("r1", "silence"))]
    assert not stage.view.sim.trace.where(kind="send", src="r1", after=100), "it says nothing from then on"
    assert stage.view.sim.trace.where(kind="deliver", dest="r1", after=100)
    assert "liar" in kinds(stage, "r1")
    assert stage.root.locator('[data-node="r1"] .badge.is-lie').count() == 1
    assert "lies: says nothing" in said(stage, "r1")
    stage.go(50)
    assert "liar" not in kinds(stage, "r1"), "it did not lie then"
    stage.go(250)
    touch(stage, "r1", key)
    assert done(stage)[1] == (250, "lie", ("r1", "truth"))
    assert stage.view.sim.trace.where(kind="send", src="r1", after=250)
    assert stage.chips == ["lie r1: silence at 100", "r1 honest at 250"]
    assert "liar" not in kinds(stage, "r1")


# ---------------------------------------------------------------- one message


def on_its_way(stage: Stage, dest: str, after: float) -> tuple[Any, int]:
    """The first message sent there after a time, and its number."""
    sends = stage.view.sim.trace.where(kind="send", src="writer", dest=dest)
    number, send = next((i + 1, e) for i, e in enumerate(sends) if e.time > after)
    return send, number


def fate(stage: Stage, id: int) -> tuple[str, Any]:
    event = next(e for e in stage.view.sim.trace if e.id == id and e.kind in ("deliver", "drop"))
    return event.kind, event.detail


def test_a_message_that_is_clicked_in_the_graph_does_not_arrive(stage: Stage):
    send, number = on_its_way(stage, "r2", 100)
    stage.go(send.time + 3)
    stage.tool("drop")
    x = stage.middle("r2")[0]
    dots = [d for d in stage.root.locator(".graph .dot .ball").all() if d.is_visible()]
    dot = next(d for d in dots if abs(d.bounding_box()["x"] + 5 - x) < 12)
    dot.click(force=True)
    settle(stage)
    assert done(stage) == [(send.time + 3, "network.lose", ("writer", "r2", number))]
    assert fate(stage, send.id) == ("drop", "loss")
    assert stage.chips == [f"lose writer → r2 #{number} at {send.time + 3:g}"]
    assert len(stage.view.sim.trace.where(kind="drop")) == 1, "all others fared as they did"


def test_a_message_is_chosen_and_dropped_by_keyboard(stage: Stage):
    send, number = on_its_way(stage, "r3", 100)
    stage.go(send.time + 2)
    stage.root.locator("input[type=range]").focus()
    press(stage, "d")
    chooser = stage.root.locator(".flying-messages")
    assert stage.page.evaluate("player.root.activeElement.className") == "flying-messages"
    options = chooser.locator("option").all_text_contents()
    assert [o.split(" Write")[0] for o in options] == ["writer → r1", "writer → r2", "writer → r3"]
    press(stage, "End")
    assert stage.root.locator(".graph .dot.aimed").count() == 1, "the chosen one is marked in the graph"
    press(stage, "Enter")
    settle(stage)
    assert done(stage)[0][1:] == ("network.lose", ("writer", "r3", number))
    assert fate(stage, send.id) == ("drop", "loss")


def test_a_message_is_dropped_from_the_diagram_by_mouse_and_by_keyboard(stage: Stage):
    send, number = on_its_way(stage, "r2", 100)
    arrival = next(e.time for e in stage.view.sim.trace if e.kind == "deliver" and e.id == send.id)
    stage.go(20)  # long before it is sent: it will be lost half-way, and the playhead goes there
    stage.tool("drop")
    stage.root.locator(".fit").click()
    at = stage.page.evaluate(
        """([from, to]) => {
            const lines = [...player.root.querySelectorAll(".lane")].map((l) => l.getBoundingClientRect());
            const [lane, end] = [lines[0], lines[2]], x = (t) => lane.x + t / 400 * lane.width, part = 0.5;
            return [x(from + (to - from) * part), lane.y + (end.y - lane.y) * part];
        }""",
        [send.time, arrival],
    )
    stage.page.mouse.move(*at)
    stage.page.mouse.click(*at)
    settle(stage)
    (when, call, args) = done(stage)[0]
    assert (call, args) == ("network.lose", ("writer", "r2", number))
    assert send.time < when < arrival
    assert stage.time == pytest.approx(when, abs=0.06)
    assert fate(stage, send.id) == ("drop", "loss")

    stage.root.locator(".undo").click()
    settle(stage)
    assert fate(stage, send.id)[0] == "deliver"
    stage.go(20)
    stage.root.locator(".diagram").focus()
    press(stage, "ArrowDown", "Enter")
    settle(stage)
    assert done(stage)[0][1] == "network.lose"
    assert len(stage.view.sim.trace.where(kind="drop", detail="loss")) == 1


def test_what_cannot_be_dropped_says_why(page: Any):
    stage = Stage(page, play(struck((130, "network.cut", "r1", "writer")), until=400))
    stage.tool("drop")
    stage.go(5)
    assert stage.root.locator(".flying-messages option").all_text_contents() == ["none on its way now"]
    stage.root.locator(".lose").click()
    assert "No message is on its way at 5.0 ms" in stage.text(".hint")
    assert stage.asked == []
    stage.go(150)
    stage.root.locator(".diagram").focus()
    drop = next(e for e in stage.view.sim.trace if e.kind == "drop")
    sends = [e for e in stage.view.sim.trace if e.kind == "send"]
    at = max(i for i, e in enumerate(sends) if e.time <= 150)
    goal = next(i for i, e in enumerate(sends) if e.id == drop.id)
    press(stage, "ArrowDown", *["ArrowDown" if goal > at else "ArrowUp"] * abs(goal - at), "Enter")
    assert "does not arrive as it is" in stage.text(".hint")
    assert stage.asked == []


# ---------------------------------------------------------------- one link


def test_one_link_is_cut_and_healed_by_a_click_on_it(stage: Stage):
    stage.go(100)
    stage.tool("cut")
    (x1, y1), (x2, y2) = stage.middle("writer"), stage.middle("r1")
    stage.page.mouse.click((x1 + x2) / 2, (y1 + y2) / 2)
    settle(stage)
    assert done(stage) == [(100, "network.cut", ("r1", "writer"))]
    assert not stage.view.sim.trace.where(kind="deliver", dest="r1", after=115)
    stage.go(200)
    stage.page.mouse.click((x1 + x2) / 2, (y1 + y2) / 2)
    settle(stage)
    assert done(stage)[1] == (200, "network.heal", ("r1", "writer"))
    assert stage.view.sim.trace.where(kind="deliver", dest="r1", after=200)


def test_a_ring_drawn_around_a_node_cuts_it_off_although_it_ends_where_it_began(stage: Stage):
    stage.go(100)
    stage.tool("cut")
    x, y = stage.middle("writer")
    stage.draw((x - 27, y - 27), (x + 27, y - 27), (x + 27, y + 27), (x - 27, y + 27), (x - 27, y - 27))
    settle(stage)
    [(at, call, groups)] = done(stage)
    assert (at, call) == (100, "network.partition")
    assert ("writer",) in groups
    assert not stage.view.sim.trace.where(kind="deliver", src="writer", after=115)


def test_a_link_is_found_cut_and_healed_by_keyboard_alone(page: Any):
    stage = Stage(page, play(chatter, until=300, seed=1))
    stage.go(105)
    stage.root.locator("input[type=range]").focus()
    press(stage, "c")
    stage.root.locator('[data-node="b"]').focus()
    told = []
    for _ in range(3):
        press(stage, "ArrowDown")
        told.append(stage.text(".hint"))
    assert told[0].startswith("The link b – a, 1 of 2 out of b, is whole. Enter cuts it")
    assert told[1].startswith("The link b – c, 2 of 2 out of b, is whole")
    assert told[2] == told[0], "they go round"
    ring = stage.root.locator(".wire:focus .ring").evaluate("(e) => getComputedStyle(e).stroke")
    assert ring == "rgb(0, 114, 178)", "the focus is seen"
    press(stage, "ArrowUp", "Enter")
    settle(stage)
    assert done(stage) == [(105, "network.cut", ("b", "c"))]
    assert stage.page.evaluate("player.root.activeElement.getAttribute('class')") == "wire", "it keeps the focus"
    cut = stage.root.locator(".wire:focus").get_attribute("aria-label")
    assert cut == "Link b – c, cut"
    press(stage, "Enter")
    settle(stage)
    assert [f[1:] for f in done(stage)] == [("network.cut", ("b", "c")), ("network.heal", ("b", "c"))]
    press(stage, "Escape")
    assert stage.page.evaluate("player.root.activeElement.dataset.node") == "b", "Escape leads back to the node"
    lost = [e for e in stage.view.sim.trace.where(kind="drop") if {e.src, e.dest} == {"b", "c"}]
    assert all(e.time <= 106 for e in lost)


def test_up_and_down_lead_from_node_to_node(stage: Stage):
    stage.root.locator('[data-node="writer"]').focus()
    seen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"):
        press(stage, key)
        seen.append(stage.page.evaluate("player.root.activeElement.dataset.node"))
    assert seen == ["r1", "r2", "r1", "writer", "r3"]


# ---------------------------------------------------------------- what is visible at a glance


def crowd(n: int) -> Callable[[], Simulation]:
    def made() -> Simulation:
        names = [f"node-{i}" for i in range(n)]
        peers = {m: [names[(i + k) % n] for k in (1, 7)] for i, m in enumerate(names)}
        return Simulation(*(Talker(m, peers=peers[m]) for m in names))

    return made


@pytest.mark.parametrize(("n", "width"), [(20, 1280), (60, 1280), (20, 390), (60, 390)])
def test_the_names_of_a_large_graph_do_not_overlap_and_those_left_out_come_when_looked_at(
    n: int, width: int, new_page: Callable[..., Any]
):
    page = new_page(viewport={"width": width, "height": 900})
    stage = Stage(page, play(crowd(n), until=45))
    stage.go(41)
    boxes = page.evaluate(
        """() => [...player.root.querySelectorAll(".graph .name")]
            .map((e) => [e.textContent, e.getBoundingClientRect()]).filter(([, b]) => b.width)
            .map(([name, b]) => [name, b.left, b.right, b.top + 3, b.bottom - 3])"""
    )
    for i, (name, left, right, top, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= width
        for other, l2, r2, t2, b2 in boxes[:i]:
            assert right <= l2 or r2 <= left or bottom <= t2 or b2 <= top, f"{name} and {other}"
    assert len(boxes) >= n * (0.9 if n == 20 else 0.6), f"only {len(boxes)} of {n} names are shown"
    hidden = sorted(set(crowd(n)().nodes) - {name for name, *_ in boxes})
    for name in hidden[:2]:
        stage.root.locator(f'[data-node="{name}"]').focus()
        assert stage.root.locator(f'[data-node="{name}"] .name').is_visible()
    stops = page.evaluate("() => [...player.root.querySelectorAll('[data-node]')].filter((e) => !e.tabIndex).length")
    assert stops == 1, "one stop for Tab; up and down lead on"


def test_copies_and_overtaken_messages_are_told_apart_in_flight(page: Any):
    def doubled() -> Simulation:
        names = "abcd"
        nodes = [Talker(m, peers=(names[i - 1], names[(i + 1) % 4])) for i, m in enumerate(names)]
        return Simulation(*nodes, network=Network(duplication=0.5, latency=(5, 60)), seed=3)

    view = play(doubled, until=300)
    stage = Stage(page, view)
    delivered: dict[int, int] = {}
    for e in view.sim.trace.where(kind="deliver"):
        delivered[e.id] = delivered.get(e.id, 0) + 1
    assert max(delivered.values()) > 1
    sent = {e.id: e for e in view.sim.trace.where(kind="send")}
    came: dict[int, float] = {}
    for e in view.sim.trace.where(kind="deliver"):
        came.setdefault(e.id, e.time)

    def passed(a: Any, time: float) -> bool:
        """Whether one sent later on the same way has come already, while this one is still flying."""
        return any(
            (b.src, b.dest) == (a.src, a.dest) and b.id > a.id and came.get(b.id, 1e9) <= time for b in sent.values()
        )

    copies = overtaken = 0
    for time in range(30, 200, 10):
        stage.go(time)
        shown = [str(d.get_attribute("class")) for d in stage.root.locator(".graph .dot").all() if d.is_visible()]
        copies += sum("copy" in kind.split() for kind in shown)
        marked = sum("overtaken" in kind.split() for kind in shown)
        surely = sum(e.time < time < came.get(e.id, -1) and passed(e, time) for e in sent.values())
        assert marked >= surely
        overtaken += marked
    assert copies > 5
    assert overtaken > 5
    assert "second copy" in stage.text(".key")
    assert "overtaken" in stage.text(".key")


def test_routers_are_smaller_and_take_no_lies(page: Any):
    stage = Stage(page, play(routed, until=100))
    sizes = {n: float(stage.root.locator(f'[data-node="{n}"] .body').get_attribute("r")) for n in ("west", "r1")}
    assert sizes["west"] < sizes["r1"]
    for tool in ("slow", "clock", "lie"):
        stage.tool(tool)
        stage.root.locator('[data-node="west"] .body').click()
        assert "west is a router" in stage.text(".hint")
    assert stage.asked == []


# ---------------------------------------------------------------- the state of a node


def test_a_node_that_is_chosen_shows_its_state_and_the_panel_follows_the_playhead(stage: Stage):
    view = stage.view
    height = stage.root.bounding_box()["height"]
    stage.root.locator('[data-node="r1"] .body').click()
    for time in (20.0, 100.0, 250.0):
        stage.go(time)
        states = [e for e in view.sim.trace if e.kind == "state" and e.src == "r1" and e.time <= time]
        want = {name: str(value).strip("'") for name, value in states[-1].detail.items()}
        have = facts(stage)
        assert {name: have[name] for name in want} == want
        assert stage.root.bounding_box()["height"] == pytest.approx(height, abs=1), "nothing jumps"
    press(stage, "Escape")
    assert "Point at a node" in stage.text(".panel-head")
    assert stage.root.bounding_box()["height"] == pytest.approx(height, abs=1)


def test_the_panel_names_the_last_timer_and_what_waits_at_the_door(page: Any):
    view = play(struck((100, "pause", "r1")), until=400)
    stage = Stage(page, view)
    stage.root.locator('[data-node="writer"] .body').click()
    for time in (60.0, 150.0):
        stage.go(time)
        last = [e for e in view.sim.trace.where(kind="timer", src="writer") if e.time <= time][-1]
        assert facts(stage)["last timer"] == f"write, at {last.time:.1f} ms"
    stage.root.locator('[data-node="r1"] .body').click()
    for time in (150.0, 200.0, 300.0):
        stage.go(time)
        came = sum(at <= time for at in view.bundle["waits"].values())
        assert came > 0
        assert facts(stage)["at its door"] == f"{came} message{'s' * (came > 1)} waiting"


def test_the_panel_says_what_a_step_changed_and_what_it_was(stage: Stage):
    change = [e for e in stage.view.sim.trace if e.kind == "state" and e.src == "r1"][2]
    stage.root.locator('[data-node="r1"]').focus()
    press(stage, "Enter")
    stage.go(change.time)
    news = stage.root.locator(".facts .news")
    assert news.count() >= 1
    assert "was" in news.first.text_content()
    stage.page.wait_for_timeout(800)
    assert "r1: " in stage.text(".aloud")
    stage.go(change.time + 3)
    assert stage.root.locator(".facts .news").count() == 0


def test_pointing_and_focus_show_a_state_for_as_long_as_they_last(stage: Stage):
    stage.go(100)
    stage.root.locator('[data-node="r2"] .body').hover()
    assert stage.text(".panel-head b") == "r2"
    stage.page.mouse.move(5, 5)
    assert stage.text(".panel-head b") == ""
    stage.root.locator('[data-node="r3"]').focus()
    assert stage.text(".panel-head b") == "r3"


def test_a_wrong_clock_and_a_lie_stand_in_the_panel(page: Any):
    faults = (50, "jump_clock", "r1", 40), (60, "lie", "r1", "silence")
    stage = Stage(page, play(struck(*faults), until=200))
    stage.root.locator('[data-node="r1"] .body').click()
    for time in (100.0, 123.4):
        stage.go(time)
        assert facts(stage)["clock"] == f"reads {time + 40:.1f}, true {time:.1f} ms"
    assert "lies: says nothing" in stage.text(".panel-head span")
    assert "clock 40 ms ahead" in stage.text(".panel-head span")


def test_role_queue_and_disk_have_places_of_their_own(page: Any):
    view = play(quiet, until=200, seed=3)
    for event in view.bundle["trace"]["events"]:
        if event[1] == "state" and event[2] == "r1" and event[6]:
            event[6] = {"disk": "register: (1, 'b')", "term": "2", "value": "'b'", "queue": "3", "role": "leader"}
    stage = Stage(page, view)
    stage.go(100)
    stage.root.locator('[data-node="r1"] .body').click()
    names = list(facts(stage))
    assert names == ["role", "term", "queue", "value", "disk"]
    assert facts(stage)["role"] == "leader"
    assert "as-leader" in kinds(stage, "r1")
    words = stage.root.locator('[data-node="r1"] .state').all_text_contents()
    assert words == ["leader, term 2", "queue 3"]


def test_a_node_that_is_down_says_what_is_left_of_it(stage: Stage):
    stage.go(100)
    stage.tool("crash")
    touch(stage, "r2")
    stage.tool("point")
    stage.root.locator('[data-node="r2"] .body').click()
    assert "down" in stage.text(".panel-head span")
    assert facts(stage)["memory"] == "nothing"
    assert "disk" in facts(stage)


# ---------------------------------------------------------------- the list of acts


def test_all_kinds_of_acts_are_undone_done_again_and_copied_as_code(stage: Stage):
    stage.go(100)
    for tool, node in (("slow", "r1"), ("clock", "r2"), ("lie", "r3"), ("crash", "writer")):
        stage.tool(tool)
        touch(stage, node)
        stage.go(stage.time + 20)
    chips = stage.chips
    assert len(chips) == 4
    stage.root.locator(".diagram").focus()
    for _ in range(4):
        press(stage, "Control+z")
    assert stage.chips == []
    for _ in range(4):
        press(stage, "Control+y")
    settle(stage)
    assert stage.chips == chips
    code = stage.view.code
    again = quiet(seed=3)
    exec(code, {"sim": again})
    again.run(until=400)
    assert list(again.trace) == [e for e in stage.view.sim.trace if e.kind != "state"]


def test_acts_survive_a_python_that_does_not_answer(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3), answers=False, patience_ms=200)
    stage.go(100)
    for tool in ("slow", "clock", "lie"):
        stage.tool(tool)
        stage.root.locator('[data-node="r1"] .body').click()
    stage.tool("slow")
    stage.root.locator('[data-node="r1"] .body').click()  # slow, as it was asked for: this mends it
    calls = [(act["call"], *act["args"][1:]) for act in stage.asked[-1][0]]
    assert calls == [("slow", 10), ("jump_clock", 50), ("lie", "silence"), ("slow", 1)]
    stage.root.get_by_role("alert").wait_for()
    assert len(stage.chips) == 4
    code = stage.page.evaluate("player.acts.length")
    assert code == 4
    stage.root.locator(".undo").click()
    assert len(stage.chips) == 3
    stage.answer()
    settle(stage)
    assert len(done(stage)) == 3


def test_a_lie_that_is_not_for_this_node_keeps_the_picture_and_the_act(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3))
    stage.go(100)
    bundle = {**stage.view.bundle, "tools": {"lies": [{"strategy": "no_such", "args": [], "label": "flies"}]}}
    stage.page.evaluate("(bundle) => player.update(bundle)", bundle)
    stage.tool("lie")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.root.get_by_role("alert").wait_for()
    assert "there is no strategy 'no_such'" in stage.text(".trouble")
    assert stage.chips == ["lie r1: no such at 100"]
    stage.root.locator(".undo").click()
    stage.wait_for_answer()
    assert stage.chips == []


# ---------------------------------------------------------------- room


@pytest.mark.parametrize("width", [390, 1280])
def test_every_tool_fits_and_the_hint_pushes_nothing_down(width: int, new_page: Callable[..., Any]):
    page = new_page(viewport={"width": width, "height": 900})
    stage = Stage(page, play(quiet, until=400, seed=3))
    heights = []
    for tool in ("point", "cut", "crash", "slow", "clock", "lie", "drop"):
        stage.tool(tool)
        heights.append(stage.root.bounding_box()["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in stage.root.locator(".tools .tool").all():
            assert button.evaluate("(b) => b.scrollWidth <= b.clientWidth"), button.text_content()
    assert max(heights) - min(heights) <= 1, heights


def test_on_a_phone_the_panel_opens_under_the_graph_and_closes_again(new_page: Callable[..., Any]):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    stage = Stage(page, play(quiet, until=400, seed=3))
    stage.go(100)
    panel = stage.root.locator(".panel")
    assert panel.is_hidden(), "there is no pointer to fill it"
    stage.root.locator('[data-node="r1"] .body').tap()
    assert facts(stage)["version"] == "2"
    graph, diagram, box = (stage.root.locator(s).bounding_box() for s in (".graph", ".diagram", ".panel"))
    assert graph["y"] + graph["height"] <= box["y"] < diagram["y"]
    stage.root.locator(".close-panel").tap()
    assert panel.is_hidden()
    assert page.evaluate("player.root.activeElement.dataset.node") == "r1", "the focus goes back to the node"


def test_a_notebook_that_cannot_reach_python_says_so_and_the_acts_stay_and_can_be_copied(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3), answers=False)
    page.evaluate(
        """(bundle) => {
            const gone = () => { throw new Error("the kernel is dead"); };
            window.player = mountPlayer(document.getElementById("here"), bundle, { onActs: gone });
            if (navigator.clipboard) navigator.clipboard.writeText = () => Promise.reject();
        }""",
        stage.view.bundle,
    )
    stage.go(100)
    stage.tool("slow")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.tool("lie")
    stage.root.locator('[data-node="r2"] .body').click()
    assert "the kernel is dead" in stage.text(".trouble")
    assert stage.chips == ["slow r1 ×10 at 100", "lie r2: silence at 100"]
    stage.root.locator(".copy").click()
    code = stage.root.locator("textarea").input_value()
    again = quiet(seed=3)
    exec(code, {"sim": again})
    assert [(f.call, f.args) for f in again.faults] == [("slow", ("r1", 10)), ("lie", ("r2", "silence"))]
