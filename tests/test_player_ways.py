"""The ways into the player and out of it.

Damaged runs, the moment a property broke, two runs on one axis, links to a moment, a kernel that dies, what one hears.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, Talker
from test_player import REPLICAS, Replica, Writer, minority, quiet

from dslib import Simulation
from dslib.views import compare, play, save_page, script

pytestmark = pytest.mark.browser


def doomed(seed=0):
    """The quiet scenario, and a property that the third write breaks."""
    sim = quiet(seed)

    def two_writes_at_most(sim):
        return getattr(sim.nodes["r1"], "version", 0) <= 2

    sim.always(two_writes_at_most)
    return sim


@pytest.fixture
def stage(page: Any) -> Stage:
    """The quiet scenario with seed 3: nothing is broken."""
    return Stage(page, play(quiet, until=400, seed=3, within=40))


# ---------------------------------------------------------------- damaged runs

JUNK = (None, "", "x", "ghost", -1, 0, 3.5, 1e308, True, [], {}, [None], {"x": 1}, [["a", "b"]])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from places(inner, (*path, key))


def damaged(bundle: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The bundle with one to three things in it broken: removed, replaced by junk, swapped, or there twice."""
    broken = copy.deepcopy(bundle)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        section = dice.choice([key for key in broken if key != "schema"])
        *way, last = dice.choice([(section,), *places(broken[section], (section,))])
        holder = broken
        for key in way:
            holder = holder[key]
        how = dice.randrange(4)
        if how == 0 and isinstance(holder, list) and len(holder) > 1:
            other = dice.randrange(len(holder))
            holder[last], holder[other] = holder[other], holder[last]
        elif how == 1 and isinstance(holder, list):
            holder.insert(dice.randrange(len(holder) + 1), holder[last])
        elif how == 2:
            del holder[last]
        else:
            holder[last] = dice.choice(JUNK)
    return broken


DRAW = """(damaged) => damaged.map((bundle) => {
    const used = (handle, root) => {                     // a picture that is drawn can be moved through
        handle.seek(0);
        for (let i = 0; i < 5; i++) handle.step(1);
        for (const time of [40, 110, 500]) handle.seek(time);
        const list = root.querySelector("details.list");
        list.open = true;
        list.dispatchEvent(new Event("toggle"));
        handle.step(-1);
    };
    const look = (act) => {
        try { return act() } catch (error) { return {thrown: String(error.stack)} }
    };
    const first = look(() => {
        const place = document.createElement("div");
        place.innerHTML = "<p class='still'>the still picture</p>";
        document.body.append(place);
        const handle = mountPlayer(place, bundle);
        if (handle.root) used(handle, handle.root);
        const said = place.querySelector("[role=alert]")?.textContent ?? "";
        const still = Boolean(place.querySelector(".still"));
        const seen = {drawn: Boolean(handle.root?.querySelector(".lane")), still, said};
        handle.destroy();
        place.remove();
        return seen;
    });
    const later = look(() => {
        player.update(bundle);
        used(player, player.root);
        const trouble = player.root.querySelector(".trouble");
        const said = trouble.hidden ? "" : trouble.textContent;
        const seen = {drawn: Boolean(player.root.querySelector(".lane")), said};
        player.update(window.good);
        return seen;
    });
    return [first, later];
})"""


def test_a_damaged_run_is_drawn_or_refused_in_a_sentence_and_nothing_is_thrown(page: Any):
    view = play(minority, until=150, seed=3, within=40)
    stage = Stage(page, view)
    page.evaluate("(good) => { window.good = good; }", view.bundle)
    refused = 0
    for block in range(7):
        seeds = range(block * 30, block * 30 + 30)
        outcomes = page.evaluate(DRAW, [damaged(view.bundle, random.Random(seed)) for seed in seeds])
        for seed, (first, later) in zip(seeds, outcomes, strict=True):
            for when, seen in (("first", first), ("later", later)):
                assert "thrown" not in seen, f"seed {seed}, {when}: {seen.get('thrown')}"
                assert seen["drawn"] or (seen["said"] and seen["still"]), f"seed {seed}, {when}: a blank card, {seen}"
                assert "The mistake is the player's" not in seen["said"], f"seed {seed}, {when}: {seen['said']}"
            if not first["drawn"]:
                refused += 1
                assert first["said"].startswith("This run cannot be drawn: "), f"seed {seed}"
                assert any(way in first["said"] for way in ("Record the run again", "Show it with")), first["said"]
                assert later["said"] == f"{first['said']} The picture shows the run before it.", f"seed {seed}"
    assert 60 < refused < 200, f"{refused} of 210 damaged runs were refused: the damage tests nothing"
    assert stage.root.get_by_role("alert").count() == 0, "a good run takes the sentence away"


def change(index: int, **fields: Any) -> Callable[[list[list[Any]]], None]:
    names = ("time", "kind", "src", "dest", "id", "msg", "detail")

    def act(events: list[list[Any]]) -> None:
        for name, value in fields.items():
            events[index][names.index(name)] = value

    return act


def test_a_refusal_names_the_row_and_what_is_wrong_with_it(page: Any):
    view = play(quiet, until=100, seed=3)
    stage = Stage(page, view)
    events = view.bundle["trace"]["events"]
    row = next(i for i, e in enumerate(events) if e[1] == "deliver")
    cases = [
        (change(row, dest="ghost"), f"event {row} of the trace", "and the run has writer, r1, r2 and r3"),
        (change(row, id=999), f"event {row} of the trace", "is about message 999, which no row above it sends"),
        (change(row, time=0.5), f"event {row} of the trace (at 0.5 ms)", "is earlier than the row above it"),
        (change(row, time="soon"), f"event {row} of the trace", "has \"soon\" for its time"),
        (change(row, msg=7), f"event {row} of the trace", "should carry a message"),
        (lambda rows: rows[row].pop(), f"event {row} of the trace", "should have seven fields"),
        (lambda rows: rows.insert(0, ["x"]), "event 0 of the trace", "should have seven fields"),
    ]  # fmt: skip
    for damage, where, what in cases:
        bad = copy.deepcopy(view.bundle)
        damage(bad["trace"]["events"])
        page.evaluate("(bad) => player.update(bad)", bad)
        said = stage.text(".trouble")
        assert where in said, said
        assert what in said, said
        assert said.endswith("Record the run again. The picture shows the run before it.")
        stage.go(50)
        assert stage.root.locator(".scroll path.way").first.get_attribute("d"), "the last good picture stays"


def test_an_unknown_kind_of_row_is_listed_as_it_stands_and_the_rest_is_drawn(page: Any):
    view = play(quiet, until=100, seed=3)
    stage = Stage(page, view)
    bundle = copy.deepcopy(view.bundle)
    bundle["trace"]["events"].insert(
        10, [*bundle["trace"]["events"][9][:1], "teleport", "r1", None, None, None, "home"]
    )
    page.evaluate("(bundle) => player.update(bundle)", bundle)
    assert "Event 10 of the trace is of a kind that this player does not know: “teleport”" in stage.text(".remark")
    stage.root.locator(".list summary").click()
    stage.root.locator(".rows button", has_text="teleport r1 home").wait_for()
    page.evaluate("(bundle) => player.update(bundle)", view.bundle)
    assert stage.root.locator(".remark").is_hidden()


def test_a_run_of_version_1_is_brought_up_to_date(page: Any):
    view = play(quiet, until=100, seed=3)
    old = {**view.bundle, "schema": "dslib.player/1", "broken": "Property 'one leader' does not hold at 55.0 ms"}
    for name in ("clocks", "liars", "tools"):
        old.pop(name, None)
    stage = Stage(page, view)
    page.evaluate("(old) => player.update(old)", old)
    assert "one leader" in stage.text(".trouble")
    assert stage.root.locator(".scroll path.way").count() > 0


def test_an_answer_that_cannot_be_drawn_keeps_the_acts_and_they_can_be_taken_back(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3), answers=False)
    stage.go(100)
    stage.tool("crash")
    stage.root.locator('[data-node="r1"] .body').click()
    page.wait_for_timeout(50)
    stage.view.rerun(*stage.asked[-1])
    bad = copy.deepcopy(stage.view.bundle)
    bad["trace"]["events"][5][0] = None
    page.evaluate("(bad) => player.update(bad)", bad)
    assert "event 5 of the trace" in stage.text(".trouble")
    assert stage.text(".busy") == ""
    assert stage.chips == ["crash r1 at 100"]
    stage.root.locator(".undo").click()
    page.wait_for_timeout(50)
    stage.answer()
    stage.wait_for_answer()
    assert stage.chips == []
    assert stage.root.get_by_role("alert").count() == 0


# ---------------------------------------------------------------- the moment a property broke


def test_a_property_that_breaks_is_where_the_reader_looks_first_and_the_caption_names_it(page: Any):
    view = play(doomed, until=400, seed=3)
    stage = Stage(page, view)
    broken = view.bundle["broken"]
    events = view.bundle["trace"]["events"]
    third = next(i for i, e in enumerate(events) if e[1:4:2] == ["deliver", "r1"] and e[5]["fields"]["version"] == 3)
    assert broken["index"] == third
    assert stage.time == pytest.approx(broken["at"])
    said = f"“always two writes at most” does not hold after this event, number {third} of the trace."
    assert said in stage.text(".caption .breach")
    assert "r1 receives Write(version=3" in stage.text(".caption .what")
    assert said in stage.spoken
    assert stage.root.locator(".scroll .breach-line").count() == 1
    assert stage.root.locator(".marks .breach-sign").count() == 1


def test_the_button_and_the_key_lead_to_where_it_broke(page: Any):
    view = play(doomed, until=400, seed=3)
    stage = Stage(page, view)
    at = view.bundle["broken"]["at"]
    stage.go(20)
    assert stage.text(".caption .breach") == ""
    stage.root.get_by_role("button", name=f"Where it broke: {at:.1f} ms").click()
    assert stage.time == pytest.approx(at)
    stage.go(20)
    stage.root.locator(".diagram").focus()
    page.keyboard.press("b")
    assert stage.time == pytest.approx(at)


def test_where_it_broke_all_that_broke_it_is_seen(page: Any):
    """What the node sent in that event, and what it knew after it, are rows below that of the event."""

    class Claimant(Talker):
        def on_start(self):
            self.rounds = 0
            super().on_start()

        def on_talk_timeout(self):
            self.rounds += 1
            super().on_talk_timeout()

    def three_rounds_at_most(sim):
        return all(getattr(node, "rounds", 0) <= 3 for node in sim.nodes.values())

    def claims():
        sim = Simulation(Claimant("a", peers=("b",)), Claimant("b", peers=("a",)), seed=1)
        sim.always(three_rounds_at_most)
        return sim

    stage = Stage(page, play(claims, until=200))
    assert "Here it broke" in stage.text(".caption .breach")
    assert "The timer “talk” of a runs out" in stage.text(".caption .what")
    assert "rounds 4" in str(stage.root.locator('[data-node="a"]').get_attribute("aria-label"))


def test_where_nothing_broke_there_is_no_such_button(stage: Stage):
    assert stage.root.locator(".where-broke").is_hidden()
    stage.go(100)
    stage.root.locator(".diagram").focus()
    stage.page.keyboard.press("b")
    assert stage.time == 100


def test_a_property_that_broke_by_a_deadline_is_told_from_then_on(page: Any):
    view = play(quiet, until=200, seed=3)
    say = "somebody reads: it never held; the last event was at 150.0 ms"
    view.bundle["broken"] = {"at": 150.0, "index": None, "what": "somebody reads", "say": say}
    stage = Stage(page, view)
    assert stage.time == pytest.approx(150)
    assert stage.text(".caption .breach") == f"Here it broke: {say}"
    stage.go(180)
    assert stage.text(".caption .breach") == "“somebody reads” does not hold, since 150.0 ms."


# ---------------------------------------------------------------- two runs on one time axis


class WaitsForAll(Writer):
    """Takes a write for done when all three replicas have it."""

    def on_written(self, src, msg):
        if msg.version == self.version:
            self.acks += 1
            if self.acks == 3:
                self._op.ok()


def beaten(writer: type[Writer], **broken: Any) -> Callable[..., Simulation]:
    """The minority scenario with this writer; with `stops`, a property breaks when the writer comes so far."""

    def scenario(seed=0):
        sim = Simulation(writer("writer", peers=REPLICAS), *map(Replica, REPLICAS), seed=seed)
        sim.at(100, sim.network.partition, {"writer", "r1", "r2"}, {"r3"})
        sim.at(240, sim.network.heal)
        if stops := broken.get("stops"):

            def progress(sim):
                return getattr(sim.nodes["writer"], "version", 0) < stops

            sim.always(progress)
        return sim

    return scenario


class Both:
    """Two views as one comparison, with as much of a view as the stage needs."""

    def __init__(self, *scenarios: Callable[..., Simulation]) -> None:
        self.views = [play(scenario, until=400, seed=3, within=40) for scenario in scenarios]

    @property
    def bundle(self) -> dict[str, Any]:
        names = {"title": "Naive and mitigated", "names": ["naive", "mitigated"], "target": 0.9, "summary": ""}
        return {"schema": "dslib.player/2", **names, "runs": [view.bundle for view in self.views]}

    def rerun(self, acts: list[dict[str, Any]], request: int = 0) -> None:
        for view in self.views:
            view.rerun(acts, request)

    def good(self, run: int, at: float) -> tuple[int, int]:
        judged = [op for op in self.views[run].bundle["operations"] if op["judged"] is not None and op["judged"] <= at]
        return sum(op["outcome"] == "good" for op in judged), len(judged)


class Twice(Stage):
    """Two players in a page, one above the other."""

    def __init__(self, page: Any, both: Both, **options: Any) -> None:
        super().__init__(page, both, **options)
        self.root = page.locator(".comparison")
        self.halves = [page.locator(".half.first"), page.locator(".half.second")]
        self.slider = page.locator(".comparison > .drive input")

    @property
    def time(self) -> float:
        return float(self.slider.input_value())

    @property
    def times(self) -> list[str]:
        """What stands on the playhead of each half."""
        return [str(half.locator(".now-time").text_content()) for half in self.halves]

    def go(self, time: float) -> None:
        self.slider.evaluate(
            "(slider, time) => { slider.value = time; slider.dispatchEvent(new Event('input')); }", time
        )

    def said(self, line: str) -> str:
        return str(self.page.locator(f".comparison > .caption {line}").text_content())


@pytest.fixture
def both() -> Both:
    return Both(beaten(WaitsForAll), beaten(Writer))


def test_one_playhead_moves_through_both_runs_and_the_caption_says_both_shares(page: Any, both: Both):
    twice = Twice(page, both)
    for at in (0, 90, 180, 320, 400):
        twice.go(at)
        assert twice.times == [f"{at}.0 ms"] * 2
        parts = []
        for run, name in enumerate(("naive", "mitigated")):
            good, n = both.good(run, at)
            parts.append(
                f"{name}: {100 * good / n:.3g} % good so far ({good} of {n})" if n else f"{name}: no answers yet"
            )
        assert twice.said(".so-far") == f"{'; '.join(parts)}."
    (a, n), (b, _) = both.good(0, 400), both.good(1, 400)
    assert a < b, "the story of this test"
    points = f"{round(100 * b / n - 100 * a / n, 1):g} percentage points more"
    assert points in twice.said(".finding")
    assert "Only mitigated reaches the target of 90 %" in twice.said(".finding")


def test_steps_stop_at_what_happens_in_either_run_and_lead_back_the_same_way(page: Any, both: Both):
    twice = Twice(page, both)
    twice.slider.focus()
    page.keyboard.press("Home")
    told = []
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        told.append(
            (twice.time, *twice.times, *[line.text_content() for line in page.locator(".comparison .each").all()])
        )
    assert len(set(told)) == len(told)
    assert [t[0] for t in told] == sorted(t[0] for t in told)
    assert all(first == second for _, first, second, *_ in told), "both playheads stand at one time"
    for moment in reversed(told[:-1]):
        page.keyboard.press("ArrowLeft")
        lines = [line.text_content() for line in page.locator(".comparison .each").all()]
        assert (twice.time, *twice.times, *lines) == moment


def test_what_is_done_in_one_half_moves_the_other_half_too(page: Any, both: Both):
    twice = Twice(page, both)
    twice.go(100)
    box = twice.halves[1].locator(".plot-picture").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 60)
    assert twice.time > 150
    assert len(set(twice.times)) == 1
    twice.halves[0].locator(".zoomin").click()
    twice.halves[0].locator(".zoomin").click()
    ticks = (
        "(half) => [...half.querySelectorAll('.tick')].filter((t) => t.style.display !== 'none')"
        ".map((t) => t.textContent + Math.round(t.getBoundingClientRect().x))"
    )
    first, second = (half.evaluate(ticks) for half in twice.halves)
    assert first == second, "the same times stand at the same places"
    page.keyboard.press("0")
    assert all("all 400 ms" in half.locator(".span").text_content() for half in twice.halves)
    twice.halves[1].locator(".list summary").click()
    twice.halves[1].locator(".rows button", has_text="ms").nth(30).click()
    assert len(set(twice.times)) == 1


def test_a_run_that_ends_early_says_so_and_the_mark_of_what_broke_leads_there(page: Any):
    both = Both(beaten(WaitsForAll, stops=6), beaten(Writer))
    broken = both.views[0].bundle["broken"]
    twice = Twice(page, both)
    assert twice.time == pytest.approx(broken["at"])
    assert "Here it broke: “always progress”" in twice.said(".each >> nth=0")
    assert f"naive breaks “always progress” at {broken['at']:.1f} ms" in twice.said(".finding")
    assert page.locator(".comparison > .drive .marks .breach-sign").count() == 1
    assert twice.halves[0].locator(".not-run").count() == 1
    assert twice.halves[1].locator(".not-run").count() == 0
    twice.go(380)
    assert "The run has ended" in twice.said(".each >> nth=0")
    twice.halves[1].locator(".diagram").focus()
    page.keyboard.press("b")
    assert twice.time == pytest.approx(broken["at"])


def test_an_act_goes_to_both_runs_and_can_be_taken_back(page: Any, both: Both):
    twice = Twice(page, both)
    twice.go(50)
    twice.halves[1].locator(".tools .crash").click()
    twice.halves[1].locator('[data-node="r1"] .body').click()
    page.locator(".half.first .chip-go", has_text="crash r1 at 50").wait_for()
    twice.halves[0].locator(".busy", has_text="The whole run:").wait_for()
    twice.halves[1].locator(".busy", has_text="The whole run:").wait_for()
    assert len(twice.asked) == 1, "Python is asked once"
    for view in both.views:
        assert "sim.at(50, sim.crash, 'r1')" in view.code
    assert all("down" in half.locator('[data-node="r1"]').get_attribute("class") for half in twice.halves)
    assert twice.time == pytest.approx(50, abs=0.11)
    twice.halves[1].locator('[data-node="r1"]').focus()
    page.keyboard.press("Control+z")
    page.wait_for_timeout(300)
    assert twice.asked[-1][1] > twice.asked[0][1]
    for view in both.views:
        assert "crash" not in view.code
    assert not any("down" in half.locator('[data-node="r1"]').get_attribute("class") for half in twice.halves)


def test_a_comparison_with_one_damaged_run_keeps_both_pictures_and_names_the_run(page: Any, both: Both):
    twice = Twice(page, both)
    bad = copy.deepcopy(both.bundle)
    bad["runs"][1]["trace"]["events"][7][2] = "ghost"
    page.evaluate("(bad) => player.update(bad)", bad)
    said = page.locator(".comparison > .trouble").text_content()
    assert "of the run “mitigated”, event 7 of the trace" in said
    assert "ghost" in said
    assert said.endswith("The picture shows the runs before it.")
    twice.go(200)
    assert twice.times == ["200.0 ms"] * 2
    page.evaluate("(good) => player.update(good)", both.bundle)
    assert page.locator(".comparison > .trouble").is_hidden()


def test_a_comparison_fits_a_phone_and_graphs_can_be_shown_there(new_page: Callable[..., Any], both: Both):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    both.views[0].bundle["live"] = both.views[1].bundle["live"] = False
    twice = Twice(page, both)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert twice.halves[0].locator(".graph").is_hidden()
    page.locator(".graphs").click()
    assert twice.halves[0].locator(".graph").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (half.bounding_box() for half in twice.halves)
    assert second["y"] >= first["y"] + first["height"]


def test_a_comparison_is_played_event_by_event_where_motion_is_not_wanted(new_page: Callable[..., Any], both: Both):
    page = new_page(reduced_motion="reduce")
    twice = Twice(page, both)
    twice.go(0)
    page.locator(".comparison > .drive .play").click()
    times = {round(e[0], 1) for view in both.views for e in view.bundle["trace"]["events"]} | {0.0}
    for _ in range(5):
        page.wait_for_timeout(250)
        assert any(abs(twice.time - t) < 0.06 for t in times), "the playhead stands at an event, never between two"


def test_a_comparison_can_be_heard(page: Any, both: Both):
    twice = Twice(page, both)
    assert str(page.locator(".comparison").get_attribute("aria-label")).startswith("Two runs on one time axis")
    labels = [str(half.get_attribute("aria-label")) for half in twice.halves]
    assert labels[0].startswith("naive: ")
    assert labels[1].startswith("mitigated: ")
    twice.slider.focus()
    page.keyboard.press("ArrowRight")
    spoken = twice.slider.get_attribute("aria-valuetext")
    assert "naive: " in spoken
    assert "; mitigated: " in spoken
    twice.halves[0].locator(".diagram").focus()
    page.keyboard.press("ArrowRight")
    aloud = page.locator(".comparison > .aloud")
    page.wait_for_function(
        "() => document.querySelector('.dslib-comparison').shadowRoot.querySelector('.aloud').textContent"
    )
    assert "naive" in aloud.text_content()
    quiet_halves = [half.locator(".aloud").text_content() for half in twice.halves]
    assert quiet_halves == ["", ""], "one voice for both"


def test_what_compare_returns_plays_from_disk_and_its_finding_stands_below(page: Any, tmp_path: Path):
    views = [play(beaten(writer), until=400, seed=3, within=40) for writer in (WaitsForAll, Writer)]
    both = compare(*views, title="All or most")
    save_page(tmp_path / "two.html", both)
    page.goto((tmp_path / "two.html").as_uri())
    page.locator(".comparison").wait_for()
    assert page.locator(".half.first .title").text_content() == "All or most"
    assert str(page.locator(".comparison > .caption .finding").text_content()).startswith(both.summary)
    assert page.locator(".half .tools").first.is_hidden(), "without Python there is nothing to break"
    page.locator(".comparison > .drive .forward").click()
    assert len(set(times(page)[2:])) == 1


def test_the_filter_and_the_clocks_are_chosen_once_for_both(page: Any, both: Both):
    twice = Twice(page, both)
    twice.halves[0].locator(".clock-choice").select_option("lamport")
    twice.go(100)
    assert all(half.locator(".causes").is_visible() for half in twice.halves)
    assert twice.halves[1].locator(".clock-choice").is_hidden()
    twice.halves[0].locator(".filter summary").click()
    twice.halves[0].locator('.filter-panel input[data-what="nodes"]').first.uncheck()
    twice.slider.focus()
    page.keyboard.press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        for line in page.locator(".comparison .each").all():
            assert "The timer “write” of writer" not in line.text_content(), (
                "the reader does not want to see the writer"
            )


def test_a_share_is_100_percent_only_if_it_is_all(page: Any):
    view = play(quiet, until=100, seed=3)
    op = view.bundle["operations"][0]
    many = [{**op, "id": i, "start": 1 + i / 100, "end": 30 + i / 100, "judged": 30 + i / 100} for i in range(3000)]
    view.bundle["operations"] = [*many[:-1], {**many[-1], "outcome": "never", "end": None}]
    stage = Stage(page, view)
    assert stage.share() == "99.97 % (2,999 of 3,000)"


# ---------------------------------------------------------------- a link to a moment


def page_of(path: Path, *bundles: dict[str, Any]) -> str:
    """A page that shows these bundles without Python; its address."""
    bodies = "".join(
        f'<div data-dslib-player data-bundle="{escape(json.dumps(b), quote=True)}"><p>still</p></div>' for b in bundles
    )
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Runs</title></head>'
    path.write_text(f"{head}<body>{bodies}<script>{script.classic_script()}</script></body></html>", encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def recorded() -> dict[str, Any]:
    return {**play(minority, until=400, seed=3, within=40).bundle, "live": False}


def times(page: Any) -> list[float]:
    """Where the players of a page stand."""
    page.locator(".dslib-player").first.wait_for()
    return [float(slider.input_value()) for slider in page.locator("[data-dslib-player] .card > .drive input").all()]


def test_an_address_with_a_time_opens_the_run_there(page: Any, tmp_path: Path, recorded: dict[str, Any]):
    address = page_of(tmp_path / "run.html", recorded)
    page.goto(f"{address}#t=123.4")
    assert times(page) == [123.4]
    page.evaluate("location.hash = '#t=200'")
    page.wait_for_timeout(50)
    assert times(page) == [200]
    page.evaluate("location.hash = '#t=9999'")
    page.wait_for_timeout(50)
    assert times(page) == [400], "after the end is the end"
    for nonsense in ("#t=soon", "#t=-4", "#player-7@3", "#player-0@3", "#summary", ""):
        page.evaluate("(hash) => { location.hash = hash; }", nonsense)
        page.wait_for_timeout(30)
        assert times(page) == [400]


def test_an_address_names_one_of_several_players_and_scrolls_to_it(page: Any, tmp_path: Path, recorded: dict[str, Any]):
    address = page_of(tmp_path / "runs.html", recorded, recorded, recorded)
    page.goto(address)
    first = times(page)
    page.goto("about:blank")
    page.goto(f"{address}#player-3@77.5")
    assert times(page) == [*first[:2], 77.5]
    third = page.locator("[data-dslib-player]").nth(2)
    page.wait_for_function("() => scrollY > 100")
    box = third.bounding_box()
    assert 0 <= box["y"] < 780


def test_a_link_to_the_moment_shown_leads_back_to_it(page: Any, tmp_path: Path, recorded: dict[str, Any]):
    address = page_of(tmp_path / "runs.html", recorded, recorded)
    page.goto(address)
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard",
            { value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } } })"""
    )
    second = page.locator(".dslib-player .card").nth(1)
    second.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    at = times(page)[1]
    second.get_by_role("button", name="Link to this moment").click()
    second.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("window.copied")
    assert link.startswith(f"{address}#player-2@")
    page.goto("about:blank")
    page.goto(link)
    assert times(page)[1] == pytest.approx(at, abs=0.001)


def test_where_nothing_may_be_copied_the_link_is_shown(page: Any, tmp_path: Path, recorded: dict[str, Any]):
    page.goto(page_of(tmp_path / "run.html", recorded))
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject() } })"""
    )
    page.locator(".diagram").focus()
    page.keyboard.press("Home")
    page.keyboard.press("m")
    field = page.locator(".link-field input")
    field.wait_for()
    assert field.input_value().endswith("run.html#t=0")
    assert field.evaluate("(field) => field.getRootNode().activeElement === field")


def test_a_comparison_has_an_address_for_every_moment_too(page: Any, tmp_path: Path, both: Both):
    bundle = {**both.bundle, "runs": [{**run, "live": False} for run in both.bundle["runs"]]}
    page.goto(f"{page_of(tmp_path / 'two.html', bundle)}#t=222.2")
    assert times(page)[-1] == 222.2
    assert page.locator(".half .link-to-moment").first.is_hidden(), "one link for both"


# ---------------------------------------------------------------- what a reader hears, and what a printer gets


def heard(page: Any) -> str:
    return str(page.evaluate("player.root.querySelector('.aloud').textContent"))


def test_while_it_plays_nothing_is_said_and_on_a_pause_the_moment_is(stage: Stage):
    page = stage.page
    stage.go(50)
    stage.root.locator(".diagram").focus()
    page.wait_for_timeout(700)
    before = heard(page)
    page.keyboard.press(" ")
    said = set()
    for _ in range(10):
        page.wait_for_timeout(150)
        said.add(heard(page))
    assert said == {before}, "it does not chatter"
    page.keyboard.press(" ")
    page.wait_for_timeout(800)
    assert heard(page) != before
    assert heard(page).startswith(f"{stage.time:.1f} ms")


def test_quick_steps_are_said_once_and_an_act_is_said_with_what_came_of_it(stage: Stage):
    page = stage.page
    page.evaluate(
        """() => {
            const aloud = player.root.querySelector(".aloud");
            window.said = [];
            const listener = new MutationObserver(() => said.push(aloud.textContent));
            listener.observe(aloud, { childList: true, characterData: true, subtree: true });
        }"""
    )
    stage.go(60)
    stage.root.locator(".diagram").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(900)
    assert page.evaluate("said.length") == 1, "six quick steps are one sentence"
    stage.root.locator('[data-node="r1"]').focus()
    page.keyboard.press("x")
    stage.wait_for_answer()
    hint, busy = stage.root.locator(".hint"), stage.root.locator(".busy")
    assert "crash r1 at" in hint.text_content()
    assert [line.get_attribute("role") for line in (hint, busy)] == ["status", "status"]


def test_a_message_that_overtakes_others_says_how_many(page: Any):
    view = play(quiet, until=100, seed=3)
    rows = view.bundle["trace"]["events"]
    msg = {"type": "Write", "fields": {}}
    sent = [[50.0 + i, "send", "writer", "r1", 900 + i, msg, None] for i in range(3)]
    there = [[60.0 + i, "deliver", "writer", "r1", 900 + n, msg, None] for i, n in enumerate((2, 0, 1))]
    view.bundle["trace"]["events"] = sorted([*rows, *sent, *there], key=lambda row: row[0])
    stage = Stage(page, view)
    stage.go(60.0)
    assert "It overtook 2 earlier messages." in stage.text(".caption .why")
    stage.go(61.0)
    assert "overtook" not in stage.text(".caption .why")
    assert "It was overtaken" in stage.text(".caption .why")


def test_on_paper_it_is_light_and_has_no_buttons(new_page: Callable[..., Any]):
    page = new_page(color_scheme="dark")
    stage = Stage(page, play(minority, until=400, seed=3))
    page.emulate_media(media="print", color_scheme="dark")
    ink, paper = stage.root.evaluate("(card) => [getComputedStyle(card).color, getComputedStyle(card).backgroundColor]")
    assert (ink, paper) == ("rgb(26, 26, 26)", "rgb(255, 255, 255)")
    for gone in (".buttons", ".tools", ".zoom", ".acts-tools"):
        assert stage.root.locator(gone).is_hidden()
    for there in (".plot-picture", ".graph-picture", ".caption", ".key"):
        assert stage.root.locator(there).is_visible()


# ---------------------------------------------------------------- JupyterLab: the kernel goes away


def notebook(*cells: str) -> str:
    made = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        for i, text in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.timeout(300)
def test_in_jupyterlab_an_act_goes_to_both_runs_of_a_comparison(jupyterlab: Any, page: Any):
    story = Path(__file__).with_name("test_player.py").read_text(encoding="utf-8").split("# -----", 1)[0]
    made = "from dslib.views import compare\nboth = compare(*(play(quiet, until=300, seed=s) for s in (3, 4)))\nboth"
    (jupyterlab.root / "two.ipynb").write_text(
        notebook(story, made, "print([view.code for view in both.views])"), encoding="utf-8"
    )
    jupyterlab.open(page, "two.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.locator(".half.second .share-now").wait_for(timeout=60_000)
    slider = page.locator(".comparison > .drive input")
    slider.evaluate("(s) => { s.value = 100; s.dispatchEvent(new Event('input')); }")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.locator('.half.second [data-node="r1"]').focus()
    page.keyboard.press("x")
    page.locator(".half.first .chip-go", has_text="crash r1 at 100").wait_for()
    for half in ("first", "second"):
        page.locator(f".half.{half} .busy", has_text="The whole run:").wait_for(timeout=15_000)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells, "x was the player's, not JupyterLab's"
    page.locator('.half.second [data-node="r1"]').focus()
    page.keyboard.press("Shift+Enter")
    printed = page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".jp-OutputArea-output")
    printed.wait_for(timeout=30_000)
    assert printed.text_content().count("sim.at(100, sim.crash, 'r1')") == 2


@pytest.mark.timeout(300)
@pytest.mark.console_error("[Kk]ernel|WebSocket|Canceled")
def test_in_jupyterlab_a_kernel_that_dies_is_named_and_acts_and_picture_stay(jupyterlab: Any, page: Any):
    story = Path(__file__).with_name("test_player.py").read_text(encoding="utf-8").split("# -----", 1)[0]
    cells = (
        story,
        "view = play(quiet, until=400, seed=3, within=40)\nview",
        "import os\nos._exit(1)",
        "view.widget.close()",
    )
    (jupyterlab.root / "gone.ipynb").write_text(notebook(*cells), encoding="utf-8")
    jupyterlab.open(page, "gone.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    stage = Stage(page, None)
    stage.root.locator(".share-now").wait_for(timeout=60_000)
    stage.go(100)
    stage.tool("crash")
    stage.root.locator('[data-node="r1"] .body').click()
    stage.root.locator(".chip-go", has_text="crash r1 at 100").wait_for()
    stage.wait_for_answer()

    # A page that is loaded again finds the same run, with its acts, while the kernel goes on.
    page.locator(".jp-Notebook .jp-InputPrompt").first.click()
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    jupyterlab.open(page, "gone.ipynb")
    stage.root.locator(".chip-go", has_text="crash r1 at 100").wait_for(timeout=15_000)
    moment = stage.root.get_by_role("button", name="Copy this moment as at=")
    assert moment.count() == 1

    page.locator(".jp-Notebook .jp-InputPrompt").nth(2).click()
    page.keyboard.press("Control+Enter")
    stage.root.locator(".trouble", has_text="The kernel was restarted or has ended").wait_for(timeout=30_000)
    if page.locator(".jp-Dialog .jp-mod-accept").count():
        page.locator(".jp-Dialog .jp-mod-accept").click()  # JupyterLab says so, too
    stage.go(300)
    assert "300.0 ms" in stage.text(".caption .what"), "the last picture can still be moved through"
    stage.tool("crash")
    stage.root.locator('[data-node="r2"] .body').click()
    assert "could not send this to Python (its kernel was restarted or has ended)" in stage.text(".trouble")
    assert stage.chips == ["crash r1 at 100", "crash r2 at 300"]
    assert stage.text(".busy") == "", "nobody is waited for"
    stage.root.locator(".undo").click()
    assert stage.chips == ["crash r1 at 100"], "the reader can take the act back"
    assert "crash r1" in stage.text(".acts")

    # Loaded again after that, the picture that the notebook kept can be moved through, and says how to wake it.
    jupyterlab.open(page, "gone.ipynb")
    stage.root.locator(".hint", has_text="Run its cell to break the run by hand").wait_for(timeout=30_000)
    assert stage.root.locator(".tools").is_hidden()
    stage.root.scroll_into_view_if_needed()
    stage.root.locator(".share-now").wait_for()
    stage.go(200)
    assert "200.0 ms" in stage.text(".caption .what")

    # Run again it is live; and when Python closes it, the picture stays.
    page.locator(".jp-Notebook .jp-InputPrompt").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    stage.root.locator(".tools").wait_for(timeout=60_000)
    page.locator(".jp-Notebook .jp-InputPrompt").nth(3).click()
    page.keyboard.press("Control+Enter")
    stage.root.locator(".trouble", has_text="Python has closed this view").wait_for(timeout=30_000)
    stage.go(250)
    assert "250.0 ms" in stage.text(".caption .what")
