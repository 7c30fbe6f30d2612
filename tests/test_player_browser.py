"""The player in a browser: from disk, without a script, by mouse, finger and keyboard, and live in JupyterLab."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, chatter
from test_player import minority, placed, quiet, routed, struck

from dslib.views import play, save_page

pytestmark = pytest.mark.browser

CUT_BY_HAND = "network.partition"


@pytest.fixture
def stage(page: Any) -> Stage:
    """The quiet scenario with seed 3: nothing is broken yet."""
    return Stage(page, play(quiet, until=400, seed=3, within=40))


# ---------------------------------------------------------------- a page opened from disk


@pytest.fixture
def recorded(page: Any, tmp_path: Path) -> Stage:
    save_page(tmp_path / "run.html", play(minority, until=400, seed=3, within=40))
    page.goto((tmp_path / "run.html").as_uri())
    return Stage(page, None)


def test_a_page_opened_from_disk_plays_its_run(recorded: Stage):
    recorded.root.wait_for()
    recorded.root.locator("input[type=range]").focus()
    recorded.page.keyboard.press("Home")
    first = recorded.spoken
    recorded.root.locator(".buttons .forward").click()
    assert recorded.spoken != first
    recorded.root.locator(".buttons .play").click()
    recorded.page.wait_for_function(
        "() => document.querySelector('.dslib-player').shadowRoot.querySelector('input[type=range]').value > 20"
    )
    assert recorded.root.locator(".tools").is_hidden(), "without Python there is nothing to break"
    assert "recorded run" in recorded.text(".hint")


def test_at_first_sight_the_page_shows_the_moment_in_which_something_goes_wrong(recorded: Stage):
    recorded.root.wait_for()
    assert "was dropped: r3 is on the other side of the cut" in recorded.text(".caption .what")
    assert "it can only wait" in recorded.text(".caption .why")


def test_without_a_script_a_reader_still_has_the_picture_and_the_events(new_page: Callable[..., Any], tmp_path: Path):
    view = play(minority, until=400, seed=3)
    save_page(tmp_path / "run.html", view)
    page = new_page(java_script_enabled=False)
    page.goto((tmp_path / "run.html").as_uri())
    assert page.get_by_role("img", name="Space-time diagram").is_visible()
    assert view.summary in page.locator("body").text_content()
    events = [e for e in view.sim.trace if e.kind != "state"]
    assert page.locator("details li").count() == len(events)


def test_a_run_of_another_version_is_refused_in_words_and_the_still_picture_stays(page: Any, tmp_path: Path):
    view = play(quiet, until=100)
    view.bundle["schema"] = "dslib.player/99"
    save_page(tmp_path / "run.html", view)
    page.goto((tmp_path / "run.html").as_uri())
    assert "dslib.player/99" in page.get_by_role("alert").text_content()
    assert page.get_by_role("img", name="Space-time diagram").is_visible()


# ---------------------------------------------------------------- moving through a run


def test_each_step_tells_one_event_and_they_come_in_order(stage: Stage):
    stage.root.locator("input[type=range]").focus()
    stage.page.keyboard.press("Home")
    told = []
    for _ in range(12):
        stage.page.keyboard.press("ArrowRight")
        told.append(stage.spoken)
    assert len(set(told)) == len(told)
    times = [float(text.split(" ms")[0]) for text in told]
    assert times == sorted(times)
    for text in reversed(told[:-1]):
        stage.page.keyboard.press("ArrowLeft")
        assert stage.spoken == text, "a step back leads to the event before"


def test_messages_in_flight_are_drawn_between_send_and_delivery(stage: Stage):
    sends = [e for e in stage.view.sim.trace if e.kind == "send" and e.dest == "r2"]
    send = sends[1]
    arrival = next(e.time for e in stage.view.sim.trace if e.kind == "deliver" and e.id == send.id)
    (_, y1), (_, y2) = stage.middle("writer"), stage.middle("r2")
    places = []
    for part in (0.25, 0.75):
        stage.go(send.time + part * (arrival - send.time))
        boxes = [b.bounding_box() for b in stage.root.locator(".dot circle").all() if b.is_visible()]
        x = stage.middle("r2")[0]
        places.append(next(b["y"] + b["height"] / 2 for b in boxes if abs(b["x"] + b["width"] / 2 - x) < 12))
    assert y1 < places[0] < places[1] < y2


def test_no_label_of_a_message_runs_under_a_node_or_its_words(page: Any):
    """Nodes are drawn above the labels. Labels that never show would pass, too, so they are counted."""
    stage = Stage(page, play(chatter, until=200, seed=0))
    shown = 0
    for time in range(20, 200, 2):
        stage.go(time)
        labels, hidden = page.evaluate(
            """() => {
                const graph = player.root.querySelector(".graph-picture");
                const all = (what) => [...graph.querySelectorAll(what)];
                const labels = all(".dot text").map((e) => e.getBoundingClientRect()).filter((box) => box.width);
                const under = (box) => all(".node .body").some((body) => {
                    const b = body.getBoundingClientRect(), [x, y] = [b.x + b.width / 2, b.y + b.height / 2];
                    const nearX = Math.max(box.left, Math.min(x, box.right));
                    const nearY = Math.max(box.top, Math.min(y, box.bottom));
                    return Math.hypot(x - nearX, y - nearY) < b.width / 2 - 1;
                }) || all(".node text").map((e) => e.getBoundingClientRect()).some((words) => words.width
                    && words.left < box.right && box.left < words.right
                    && words.top + 2 < box.bottom && box.top + 2 < words.bottom);
                return [labels.length, labels.filter(under).length];
            }"""
        )
        shown += labels
        assert hidden == 0, f"at {time} ms a label runs under a node"
    assert shown > 20


def test_the_list_of_events_is_the_run_and_leads_to_each_moment(stage: Stage):
    stage.root.locator(".list summary").click()
    rows = stage.root.locator(".rows button")
    rows.first.wait_for()
    assert rows.count() > 100
    drop = next(e for e in stage.view.sim.trace if e.kind == "deliver" and e.time > 200)
    row = stage.root.locator(".rows button", has_text=f"{drop.time:.1f} ms").first
    row.click()
    assert abs(stage.time - drop.time) < 0.06
    assert row.get_attribute("aria-current") == "step"


def test_pointing_at_a_message_reads_it(stage: Stage):
    stage.go(100)
    stage.root.locator(".diagram").focus()
    stage.page.keyboard.press("ArrowDown")
    tip = stage.text(".tip")
    assert "version=" in tip
    assert "sent at" in tip
    assert "received at" in tip


def test_a_long_run_is_shown_through_a_window_and_its_list_in_pages(page: Any):
    stage = Stage(page, play(quiet, until=20_000, seed=1, within=40))
    assert "of 20,000 ms" in stage.text(".span")
    elements = page.evaluate("player.root.querySelectorAll('*').length")
    assert elements < 1_500, f"{elements} elements for a run of {len(stage.view.bundle['trace']['events'])} events"
    stage.go(0)
    stage.root.locator(".list summary").click()
    stage.root.locator(".rows button").first.wait_for()
    assert stage.root.locator(".rows button").count() == 200
    assert "Events 1 to 200 of" in stage.text(".pages")
    stage.go(19_000)
    assert stage.root.locator(".rows [aria-current]").count() == 1
    head = stage.root.locator(".playhead").bounding_box()
    plot = stage.root.locator(".plot-picture").bounding_box()
    assert plot["x"] < head["x"] < plot["x"] + plot["width"], "the window follows the playhead"
    stage.root.locator(".fit").click()
    assert "all 20" in stage.text(".span")


def test_reduced_motion_plays_event_by_event(new_page: Callable[..., Any]):
    page = new_page(reduced_motion="reduce")
    stage = Stage(page, play(quiet, until=400, seed=3))
    stage.go(0)
    stage.root.locator(".buttons .play").click()
    times = {round(e[0], 1) for e in stage.view.bundle["trace"]["events"]} | {0.0}
    for _ in range(6):
        page.wait_for_timeout(250)
        assert any(abs(stage.time - t) < 0.06 for t in times), "the playhead stands at an event, never between two"


# ---------------------------------------------------------------- routes, places, and nodes that are not themselves


def lines_of(stage: Stage, what: str) -> list[str]:
    """The lines of one kind in the space-time diagram, each as its path."""
    d = stage.root.locator(f".scroll path.way{what}").first.get_attribute("d")
    return [f"M{line}" for line in str(d).split("M")[1:]]


def signs(stage: Stage, node: str) -> tuple[set[str], str]:
    """The classes of a node in the graph, and what a screen reader hears of it."""
    view = stage.root.locator(f'[data-node="{node}"]')
    return set(str(view.get_attribute("class")).split()), str(view.get_attribute("aria-label"))


def test_a_routed_message_is_one_line_that_bends_at_its_routers(page: Any, tmp_path: Path):
    view = play(routed, until=100)
    save_page(tmp_path / "run.html", view)
    page.goto((tmp_path / "run.html").as_uri())
    stage = Stage(page, None)
    stage.root.wait_for()
    lines = lines_of(stage, "")
    assert len(lines) == len(view.sim.trace.where(kind="deliver"))
    assert {line.count("L") for line in lines} == {3}, "writer, west, east, a replica"
    assert "as-router" in signs(stage, "west")[0]
    send = view.sim.trace.where(kind="send")[0]
    hop = next(e for e in view.sim.trace.where(kind="hop", id=send.id) if e.src == "west")
    stage.go(hop.time)
    assert "west passes Write(version=1, value='b') on to east" in stage.spoken
    (x1, y1), (x2, y2) = stage.middle("west"), stage.middle("east")
    now = stage.root.locator(".dot.now circle").first.bounding_box()
    assert min(x1, x2) - 30 < now["x"] < max(x1, x2) + 30
    assert min(y1, y2) - 30 < now["y"] < max(y1, y2) + 30


def test_a_router_that_is_down_says_so_and_a_lost_message_says_where(page: Any):
    stage = Stage(
        page, play(struck((30, "network.cut", "east", "r1"), (35, "crash", "west"), scenario=routed), until=100)
    )
    assert "was dropped: the link east → r1 is cut" in stage.text(".caption .what")
    stage.go(34)
    assert "down" not in signs(stage, "west")[0]
    stage.go(99)
    classes, said = signs(stage, "west")
    assert "down" in classes
    assert said.startswith("west down")


def test_paused_slow_and_down_can_be_told_apart_without_colour(page: Any, tmp_path: Path):
    view = play(
        struck((50, "pause", "r1"), (60, "slow", "r2", 10), (70, "crash", "r3"), (150, "resume", "r1")), until=200
    )
    save_page(tmp_path / "run.html", view)
    page.goto((tmp_path / "run.html").as_uri())
    stage = Stage(page, None)
    stage.root.wait_for()
    assert [stage.root.locator(f".scroll .{sign}").count() for sign in ("paused-bar", "slow-line", "outage")] == [
        1,
        1,
        1,
    ]
    assert all(words in stage.text(".key") for words in ("paused", "slow", "down"))
    stage.go(100)
    icons = set()
    for node, kind, words in (("r1", "paused", "r1 paused"), ("r2", "slow", "r2 slow ×10"), ("r3", "down", "r3 down")):
        classes, said = signs(stage, node)
        assert kind in classes
        assert said.startswith(words)
        icons.add(stage.root.locator(f'[data-node="{node}"] .mark path').get_attribute("d"))
    assert len(icons) == 3
    assert ", up" not in signs(stage, "r1")[1]
    stage.go(150)
    assert "paused" not in signs(stage, "r1")[0]


def test_a_domain_that_burns_or_is_isolated_shows_what_is_down_and_what_is_cut(page: Any):
    faults = (40, "network.isolate", "zone", "riverside"), (80, "network.heal"), (100, "remove", "zone", "riverside")
    stage = Stage(page, play(struck(*faults, scenario=placed, burn=True), until=200))
    stage.go(60)
    assert stage.root.locator(".cut-band").count() > 0
    assert stage.root.locator(".link.is-cut").count() == 2, "writer – r1 and writer – r2"
    stage.go(150)
    for node in ("r1", "r2"):
        assert signs(stage, node)[1].startswith(f"{node} down disk gone")
    assert "down" not in signs(stage, "r3")[0]
    assert stage.chips[2] == "sim.at(100, sim.remove, 'zone', 'riverside', burn=True)"
    stage.tool("crash")
    stage.root.locator('[data-node="r3"] .body').click()
    stage.wait_for_answer()
    assert [act.get("options") for act in stage.asked[-1][0]] == [None, None, {"burn": True}, None]


def test_a_link_that_got_worse_is_marked_until_it_is_mended(page: Any):
    faults = (90, "network.mend", "writer", "r1"), (40, "network.degrade", "writer", "r1")
    stage = Stage(page, play(struck(*faults, loss=0.5), until=200))
    shown = []
    for time in (30, 60, 120):
        stage.go(time)
        shown.append(stage.root.locator(".graph .link.worse").count())
    assert shown == [0, 1, 0]
    stage.go(40)
    assert "The link between r1 and writer gets worse: loss 0.5." in stage.spoken


# ---------------------------------------------------------------- breaking it by hand


def test_a_cut_drawn_with_the_mouse_changes_the_run_and_what_users_saw(stage: Stage):
    assert stage.share() == "100 % (9 of 9)"
    stage.go(130)
    stage.tool("cut")
    (x1, y1), (_, y2) = stage.middle("writer"), stage.middle("r2")
    stage.draw((x1 - 130, (y1 + y2) / 2), (x1 + 130, (y1 + y2) / 2))
    stage.wait_for_answer()
    assert stage.chips == ["cut r1 | r2 | r3 | writer at 130"]
    acts = stage.asked[-1][0]
    assert acts == [{"at": 130, "call": CUT_BY_HAND, "args": [["r1"], ["r2"], ["r3"], ["writer"]]}]
    assert len(stage.view.sim.trace.where(kind="drop", after=130)) > 10
    judged = [op["outcome"] for op in stage.view.bundle["operations"] if op["judged"] is not None]
    good = judged.count("good")
    assert good < len(judged)
    assert stage.share().endswith(f"({good} of {len(judged)})")
    assert "Before: 9 of 9 good = 100 %" in stage.text(".busy")


def test_the_playhead_stays_and_what_was_seen_stays(stage: Stage):
    stage.go(130)
    before = [e for e in stage.view.bundle["trace"]["events"] if e[0] <= 130]
    stage.tool("cut")
    stage.cut_off("r3")
    stage.wait_for_answer()
    assert stage.time == pytest.approx(130, abs=0.11)
    assert [e for e in stage.view.bundle["trace"]["events"] if e[0] <= 130 and e[1] != "fault"] == before


def test_a_line_that_crosses_one_link_of_a_ring_cuts_that_link(page: Any):
    stage = Stage(page, play(chatter, until=300, seed=1))
    stage.go(105)
    stage.tool("cut")
    (x1, y1), (x2, y2) = stage.middle("a"), stage.middle("b")
    stage.draw((x1 + 5, y2 - 10), (x2 - 5, y1 + 10))
    stage.wait_for_answer("messages dropped")
    assert stage.asked[-1][0] == [{"at": 105, "call": "network.cut", "args": ["a", "b"]}]


def test_a_line_that_crosses_nothing_says_so_and_asks_nothing(stage: Stage):
    stage.tool("cut")
    x, y = stage.middle("r1")
    stage.draw((x - 30, y + 40), (x + 20, y + 45))
    assert "crossed no link" in stage.text(".hint")
    assert stage.asked == []


def test_a_click_crashes_a_node_and_another_click_restarts_it(stage: Stage):
    stage.go(150)
    stage.tool("crash")
    stage.root.locator('[data-node="r2"] .body').click()
    stage.wait_for_answer()
    assert stage.root.locator('[data-node="r2"]').get_attribute("class").split()[-1] == "down"
    assert "down" in stage.root.locator('[data-node="r2"] .state').first.text_content()
    assert "r2 crashes" in stage.text(".caption .what")
    stage.go(250)
    stage.root.locator('[data-node="r2"] .body').click()
    page_says = "restart r2 at 250"
    stage.root.locator(".chip-go", has_text=page_says).wait_for()
    assert [act["call"] for act in stage.asked[-1][0]] == ["crash", "restart"]
    assert stage.asked[-1][0][0]["at"] == 150


def test_going_back_in_time_keeps_the_later_acts(stage: Stage):
    stage.go(300)
    stage.tool("crash")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.root.locator(".chip-go", has_text="crash r1 at 300").wait_for()
    stage.go(60)
    stage.tool("cut")
    stage.cut_off("r3")
    stage.root.locator(".chip-go", has_text="at 60").wait_for()
    stage.wait_for_answer()
    assert [(act["at"], act["call"]) for act in stage.asked[-1][0]] == [(60, CUT_BY_HAND), (300, "crash")]


def test_acts_can_be_taken_back_done_again_and_removed_one_by_one(stage: Stage):
    stage.tool("crash")
    for time, node in ((100, "r1"), (200, "r2")):
        stage.go(time)
        stage.root.locator(f'[data-node="{node}"] .body').click()
        stage.root.locator(".chip-go", has_text=f"crash {node}").wait_for()
    both = ["crash r1 at 100", "crash r2 at 200"]
    assert stage.chips == both
    stage.root.locator(".undo").click()
    assert stage.chips == both[:1]
    stage.root.locator(".redo").click()
    assert stage.chips == both
    stage.root.get_by_role("button", name="Remove: crash r1 at 100").click()
    assert stage.chips == both[1:]
    stage.root.locator(".undo").click()
    assert stage.chips == both
    stage.wait_for_answer()
    assert [f.args for f in stage.view.faults] == [("r1",), ("r2",)], "Python ran what the chips say"


def test_heal_ends_the_cut(stage: Stage):
    stage.go(100)
    stage.tool("heal")
    assert "Nothing is cut" in stage.text(".hint")
    stage.tool("cut")
    stage.cut_off("r1")
    stage.wait_for_answer()
    stage.go(200)
    stage.tool("heal")
    stage.root.locator(".chip-go", has_text="heal at 200").wait_for()
    stage.wait_for_answer()
    assert stage.view.sim.trace.where(kind="deliver", dest="r1", after=200)


def test_the_acts_can_be_copied_as_the_code_that_does_the_same(stage: Stage):
    stage.page.evaluate("() => { if (navigator.clipboard) navigator.clipboard.writeText = () => Promise.reject(); }")
    stage.go(130)
    stage.tool("cut")
    stage.cut_off("r2")
    stage.wait_for_answer()
    stage.root.locator(".copy").click()
    code = stage.root.locator("textarea").input_value()
    assert code == stage.view.code == "sim.at(130, sim.network.partition, {'r1', 'r3', 'writer'}, {'r2'})"
    again = quiet(seed=3)
    exec(code, {"sim": again})  # what a reader would paste
    again.run(until=400)
    assert list(again.trace) == [e for e in stage.view.sim.trace if e.kind != "state"]


def test_two_acts_before_python_answers_are_both_kept(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3), answers=False)
    stage.tool("crash")
    stage.go(100)
    stage.root.locator('[data-node="r1"] .body').click()
    stage.go(200)
    stage.root.locator('[data-node="r2"] .body').click()
    page.wait_for_timeout(50)
    assert "Python runs it again" in stage.text(".busy")
    stage.answer(0)
    page.wait_for_timeout(100)
    assert stage.chips == ["crash r1 at 100", "crash r2 at 200"], "the answer to the first question lost the second act"
    assert "Python runs it again" in stage.text(".busy")
    stage.answer(1)
    stage.wait_for_answer()
    assert stage.chips == ["crash r1 at 100", "crash r2 at 200"]


def test_a_kernel_that_does_not_answer_is_named_and_no_act_is_lost(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3), answers=False, patience_ms=300)
    stage.go(100)
    stage.tool("crash")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.root.get_by_role("alert").wait_for()
    assert "run this cell again" in stage.text(".trouble")
    assert stage.chips == ["crash r1 at 100"]
    stage.answer()
    stage.wait_for_answer()
    assert stage.root.get_by_role("alert").count() == 0, "a late answer takes the warning away"


def test_an_act_that_the_scenario_cannot_bear_keeps_the_old_picture_and_can_be_undone(page: Any):
    def no_crashes(seed=0):
        sim = quiet(seed)
        sim.at(0, lambda: [None for f in sim.faults if f.call == "crash" and 1 / 0])
        return sim

    stage = Stage(page, play(no_crashes, until=400, seed=3))
    summary = stage.view.summary
    stage.go(100)
    stage.tool("crash")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.root.get_by_role("alert").wait_for()
    assert "ZeroDivisionError" in stage.text(".trouble")
    assert stage.view.summary == summary
    assert stage.chips == ["crash r1 at 100"]
    stage.root.locator(".undo").click()
    stage.wait_for_answer()
    assert stage.chips == []
    assert stage.root.get_by_role("alert").count() == 0


# ---------------------------------------------------------------- by keyboard alone


def test_a_node_is_cut_off_by_keyboard_and_keeps_the_focus(stage: Stage):
    stage.go(130)
    stage.root.locator("input[type=range]").focus()
    stage.page.keyboard.press("c")
    stage.root.locator('[data-node="r1"]').focus()
    stage.page.keyboard.press(" ")
    assert stage.root.locator('[data-node="r1"]').get_attribute("aria-pressed") == "true"
    stage.page.keyboard.press("Enter")
    stage.wait_for_answer()
    assert stage.asked[-1][0] == [{"at": 130, "call": CUT_BY_HAND, "args": [["r2", "r3", "writer"], ["r1"]]}]
    stage.page.keyboard.press("x")  # the focus is still on the node
    stage.root.locator(".chip-go", has_text="crash r1").wait_for()
    stage.page.keyboard.press("Control+z")
    stage.page.keyboard.press("Control+z")
    assert stage.chips == []


def test_every_control_can_be_reached_with_tab(stage: Stage):
    wanted = {"point", "cut", "crash", "heal", "play", "copy", "zoomin", "fit"}
    stage.page.keyboard.press("Tab")
    reached: set[str] = set()
    for _ in range(40):
        seen = stage.page.evaluate("() => player.root.activeElement?.getAttribute('class') ?? ''")
        reached |= set(seen.split())
        stage.page.keyboard.press("Tab")
    assert wanted <= reached, f"not reached: {wanted - reached}"
    nodes = stage.page.evaluate("() => [...player.root.querySelectorAll('[data-node]')].map(n => n.tabIndex)")
    assert nodes == [0, 0, 0, 0]


def test_every_control_has_a_name(stage: Stage):
    nameless = stage.page.evaluate(
        """() => [...player.root.querySelectorAll("button, select, input, textarea, [role=button], [role=img]")]
            .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []


# ---------------------------------------------------------------- any paper, any width, any page


def test_a_phone_shows_it_in_one_column_without_overflow_and_with_readable_words(new_page: Callable[..., Any]):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    stage = Stage(page, play(minority, until=400, seed=3))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    graph, diagram = (stage.root.locator(s).bounding_box() for s in (".graph", ".diagram"))
    assert diagram["y"] > graph["y"] + graph["height"] - 1
    sizes = page.evaluate(
        "() => [...player.root.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize))"
    )
    assert min(sizes) >= 11, "text of a picture is not scaled down with it"


def test_a_cut_can_be_drawn_with_a_finger(new_page: Callable[..., Any]):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    stage = Stage(page, play(quiet, until=400, seed=3))
    stage.go(100)
    stage.root.locator(".tools .cut").tap()
    (x1, y1), (x2, y2) = stage.middle("writer"), stage.middle("r1")
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    touch = page.context.new_cdp_session(page)
    path = [(x - 30 + 6 * i, y - 30 + 6 * i) for i in range(11)]
    for i, (px, py) in enumerate(path):
        kind = "touchStart" if i == 0 else "touchMove"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    stage.wait_for_answer()
    assert stage.chips == ["cut r2 r3 writer | r1 at 100"]


@pytest.mark.parametrize(
    ("setting", "dark"),
    [
        ("document.body.setAttribute('data-jp-theme-light', 'false')", True),
        ("document.body.setAttribute('data-jp-theme-light', 'true')", False),
        ("document.documentElement.setAttribute('data-theme', 'dark')", True),
        ("document.body.setAttribute('data-theme', 'light')", False),
    ],
)
def test_it_follows_the_theme_of_the_page_it_is_in(setting: str, dark: bool, new_page: Callable[..., Any]):
    page = new_page(color_scheme="light" if dark else "dark")  # the page's own word counts more than the system's
    stage = Stage(page, play(quiet, until=100))
    page.evaluate(setting)
    page.wait_for_timeout(50)
    paper = stage.root.evaluate("(card) => getComputedStyle(card).backgroundColor")
    assert paper == ("rgb(30, 32, 35)" if dark else "rgb(255, 255, 255)")


def test_the_styles_of_the_page_and_of_the_player_leave_each_other_alone(stage: Stage):
    look = "(e) => [getComputedStyle(e).color, getComputedStyle(e).fontSize, getComputedStyle(e).display].join()"
    before = stage.root.locator(".play").evaluate(look)
    stage.page.add_style_tag(content="button, svg, div { display: none !important } * { color: red; font-size: 40px }")
    stage.page.add_style_tag(content=".dslib-player, #here { display: block !important }")
    assert stage.root.locator(".play").evaluate(look) == before
    outside = stage.page.evaluate("document.querySelectorAll('style').length")
    assert outside == 2, "the player's own style stays inside it"


# ---------------------------------------------------------------- JupyterLab


@pytest.mark.timeout(240)
def test_in_jupyterlab_a_cut_drawn_by_hand_runs_the_scenario_again(jupyterlab: Any, page: Any):
    story = Path(__file__).with_name("test_player.py").read_text(encoding="utf-8").split("# -----", 1)[0]
    cells = [story, "view = play(quiet, until=400, seed=3, within=40)\nview", "print(view.code, view.summary)"]
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{i}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": text,
            }
            for i, text in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (jupyterlab.root / "player.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    jupyterlab.open(page, "player.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    stage = Stage(page, None)
    stage.root.locator(".share-now").wait_for(timeout=60_000)
    stage.root.scroll_into_view_if_needed()
    assert stage.share() == "100 % (9 of 9)"
    stage.go(130)
    stage.tool("cut")
    (x1, y1), (_, y2) = stage.middle("writer"), stage.middle("r2")
    stage.draw((x1 - 130, (y1 + y2) / 2), (x1 + 130, (y1 + y2) / 2))
    stage.wait_for_answer()
    assert stage.chips == ["cut r1 | r2 | r3 | writer at 130"]
    assert stage.share() != "100 % (9 of 9)"

    # Keys meant for the player are not JupyterLab's: in its command mode x cuts a cell and z brings it back.
    cells_before = page.locator(".jp-Notebook .jp-Cell").count()
    stage.root.locator('[data-node="r1"]').focus()
    page.keyboard.press("x")
    stage.root.locator(".chip-go", has_text="crash r1").wait_for(timeout=15_000)
    page.keyboard.press("Control+z")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells_before

    # The notebook's next cell sees the run that was made by hand.
    # Shift+Enter on a node runs it; the player's own cell is not run again, which would undo what was done in it.
    stage.root.locator('[data-node="r1"]').focus()
    page.keyboard.press(" ")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "dslib-player", "the player had a use for this Escape"
    page.keyboard.press("Shift+Enter")
    printed = page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".jp-OutputArea-output")
    printed.wait_for(timeout=30_000)
    assert "sim.at(130, sim.network.partition, {'r1'}, {'r2'}, {'r3'}, {'writer'})" in printed.text_content()
