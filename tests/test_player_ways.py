"""The ways into the player and out of it.

Damaged runs, the moment a property broke, two runs on one axis, links to a moment, a kernel that dies, what one hears.
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from stage import Stage
from test_player import minority, quiet

from dslib.views import play

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
        const seen = {drawn: Boolean(handle.root?.querySelector(".lane")), 
            still: Boolean(place.querySelector(".still")), said: place.querySelector("[role=alert]")?.textContent ?? ""};
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
