"""Explore: any pure function, moved by hand, live or from recorded pictures."""

import base64
import dataclasses
import json
import random
import re
import sys
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dslib import Simulation, what_users_saw
from dslib.failures import GALLERY, server_down
from dslib.scenarios import silence
from dslib.views import View, explore, explored, space_time, timeline
from dslib.views.static import STYLE, picture

explore_module = sys.modules["dslib.views.explore"]


def squares(n: int = 3, twice: bool = False) -> str:
    return f"{n} squared is {n * n * (1 + twice)}"


def drawn(n: int = 3, twice: bool = False) -> View:
    return picture("Squares", "", squares(n, twice), 100, 40, [f'<path d="M0 0H{n}"/>'])


def recorded(html: str) -> Any:
    """What a page without a kernel carries: {controls, frames}."""
    found = re.search(r'data-frames="([^"]*)"', html)
    assert found, "no recorded pictures"
    return json.loads(zlib.decompress(base64.b64decode(found[1])))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)


# ---------------------------------------------------------------- controls


def values(control: Any, **default: Any) -> tuple[Any, ...]:
    """The values that one slider offers to a function whose argument has this default."""
    seen: dict[str, Any] = {}
    start = default.get("start")

    def run(x: Any = start) -> str:
        seen["first"] = x
        return "."

    made = explore(run, x=control)
    return seen["first"], made._controls[0].values


def test_a_range_of_whole_numbers_has_each_of_them_and_a_range_of_floats_round_steps():
    assert values((0, 4)) == (0, (0, 1, 2, 3, 4))
    assert values((0, 10, 5)) == (0, (0, 5, 10))
    assert values((0.0, 0.9, 0.3)) == (0.0, (0.0, 0.3, 0.6, 0.9))
    _, steps = values((0.0, 1.0))
    assert 20 <= len(steps) <= 51
    assert steps[-1] == 1.0
    assert all(value == float(f"{value:.3g}") for value in steps), "0.15000000000000002 is no label for a slider"
    assert values(range(2, 9, 2)) == (2, (2, 4, 6, 8))


def test_the_first_picture_takes_the_default_where_it_is_one_of_the_values():
    assert values((0, 4), start=3)[0] == 3
    assert values((0.0, 0.9, 0.1), start=0.1 + 0.2)[0] == 0.3
    assert values((0, 4), start=99)[0] == 0
    assert values(["AP", "CP"], start="CP") == ("CP", ("AP", "CP"))
    assert values(True) == (True, (False, True))
    assert values(True, start=False)[0] is False


REFUSED = {
    "no such argument": (lambda: explore(squares, m=(0, 3)), "squares has no argument 'm': it takes n and twice"),
    "an argument without a slider": (lambda: explore(lambda a, b: "", a=(0, 1)), "needs 'b' too"),
    "no slider": (lambda: explore(squares), "needs a slider"),
    "the result instead of the function": (lambda: explore(squares(), n=(0, 1)), "takes the function to run"),
    "upside down": (lambda: explore(squares, n=(3, 1)), "from a lower to a higher"),
    "no end": (lambda: explore(squares, n=(0, float("inf"))), "from a lower to a higher"),
    "no step": (lambda: explore(squares, n=(0, 3, 0)), "step must be above 0"),
    "too fine": (lambda: explore(squares, n=(0, 1_000_000)), r"give a step, \(0, 1000000, 50000\)"),
    "one choice": (lambda: explore(squares, n=[1]), "two or more"),
    "the same choice twice": (lambda: explore(squares, n=[1, "1"]), "offers '1' twice"),
    "a tuple of words": (lambda: explore(squares, n=("a", "b")), "in square brackets"),
}


@pytest.mark.parametrize(("call", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_control_is_refused_with_what_to_write(call: Callable[[], Any], words: str):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


# ---------------------------------------------------------------- moving them


def test_the_picture_follows_the_controls():
    made = explore(drawn, n=(1, 5), twice=False)
    assert str(made) == "drawn(n=3, twice=False): 3 squared is 9"
    made.set(n=5, twice=True)
    assert made.values == {"n": 5, "twice": True}
    assert made.finding == "5 squared is 50"
    with pytest.raises(ValueError, match="n cannot be 9: it takes 1 to 5"):
        made.set(n=9)
    with pytest.raises(ValueError, match="no control 'm': use n and twice"):
        made.set(m=1)


def test_going_back_runs_nothing_again():
    ran = []
    made = explore(lambda n=1: ran.append(n) or f"{n}", n=(1, 3))
    for n in (2, 1, 2, 3, 1):
        made.set(n=n)
    assert ran == [1, 2, 3]


def test_the_widget_gets_the_picture_its_words_and_an_answer_to_every_question():
    made = explore(drawn, n=(1, 5))
    page = made.widget
    first = page.picture
    assert json.loads(json.dumps(page.controls))["list"] == [
        {"name": "n", "kind": "range", "labels": ["1", "2", "3", "4", "5"], "at": 2}
    ]
    made._heard(page, {"at": [4]}, [])
    assert page.picture["words"] == "5 squared is 25"
    assert "M0 0H5" in page.picture["html"]
    made._heard(page, {"at": [2]}, [])
    made._heard(page, {"at": [2]}, [])
    assert page.picture["html"] == first["html"]
    assert page.picture["count"] == 3, "the same picture twice must still be an answer, or the page waits for ever"


def test_nonsense_from_the_page_moves_nothing():
    made = explore(drawn, n=(1, 5))
    for at in ([7], [-1], [0, 0], []):
        made._heard(made.widget, {"at": at}, [])
    assert made.values == {"n": 3}


def fails_at_two(n: int = 1) -> str:
    if n == 2:
        raise RuntimeError("two is <b>too</b> many")
    return f"fine with {n}"


def test_an_error_becomes_a_sentence_above_the_last_picture():
    made = explore(fails_at_two, n=(1, 3))
    page = made.widget
    made.set(n=2)
    assert page.picture["alert"].startswith("fails_at_two(n=2) gave no picture: RuntimeError: two is <b>too</b> many")
    assert "fails_at_two(n=1)" in page.picture["alert"]
    assert "fine with 1" in page.picture["html"]
    assert made.values == {"n": 1}
    made.set(n=3)
    assert (page.picture["alert"], made.finding) == ("", "fine with 3")


def test_an_error_in_the_first_picture_is_raised_and_says_with_what():
    with pytest.raises(RuntimeError) as caught:
        explore(fails_at_two, n=(2, 3))
    assert caught.value.__notes__ == ["explore ran fails_at_two(n=2) for its first picture"]


# ---------------------------------------------------------------- what may be shown


def test_text_and_objects_are_shown_as_text():
    class Thing:
        def __str__(self) -> str:
            return "<b>thing</b>"

    for result in ("<b>word</b>", Thing()):
        made = explore(lambda n=1, result=result: result, n=(1, 2))
        assert "b" not in Tags(made.to_html()).tags
        assert made.finding == str(result)


def test_what_a_function_prints_is_part_of_its_picture(capsys: pytest.CaptureFixture[str]):
    made = explore(lambda n=1: print(f"<{n}>"), view=lambda _: "seen", n=(1, 2))
    assert "&lt;1&gt;" in made.to_html()
    assert capsys.readouterr().out == ""


def test_figures_are_shown_once_and_none_stays_open():
    """An open pyplot figure would be drawn a second time under the cell."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    def returned(n: int = 1) -> Any:
        figure, axes = pyplot.subplots()
        axes.set_title(f"{n} lines")
        return figure

    def left_open(n: int = 1) -> None:
        returned(n)

    mine = pyplot.figure()
    for run in (returned, left_open):
        made = explore(run, n=(1, 3))
        made.set(n=2)
        assert made.finding == "2 lines"
        assert made.to_html(precompute=False).count("<img") == 1
    assert pyplot.get_fignums() == [mine.number], "the reader's own figures are left alone"
    pyplot.close(mine)


# ---------------------------------------------------------------- without a kernel


def test_a_notebook_gets_the_controls_and_whoever_cannot_run_it_the_first_picture(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    made = explore(drawn, n=(1, 5), twice=False)
    data, _ = made._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "3 squared is 9" in data["text/html"]
    assert "n: 1 to 5; twice: no or yes" in data["text/html"], "it says what could be tried"
    assert "data-frames" not in data["text/html"], "recording runs everything: not while a reader waits"
    assert data["text/plain"] == "drawn(n=3, twice=False): 3 squared is 9"


def test_recorded_pictures_are_those_of_the_function(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DSLIB_STATIC", "1")
    data = explore(drawn, n=(1, 5), twice=False)._repr_mimebundle_()
    page = recorded(data["text/html"])
    labels = [control["labels"] for control in page["controls"]]
    assert len(page["frames"]) == 10
    for place, (html, words) in page["frames"].items():
        n, twice = (labels[i][int(at)] for i, at in enumerate(place.split(",")))
        assert words == squares(int(n), twice == "yes")
        assert words in html


def test_a_large_grid_is_thinned_and_says_so():
    made = explore(drawn, n=(0, 999), twice=False)
    page = recorded(made.to_html())
    labels = page["controls"][0]["labels"]
    assert len(page["frames"]) <= explore_module.MOST_FRAMES
    assert (labels[0], labels[-1]) == ("0", "999")
    assert labels[page["controls"][0]["at"]] == "3", "the first picture stays the first"
    assert len(page["controls"][1]["labels"]) == 2, "a box keeps both its values"
    said = f"Recorded: all values of twice; n {len(labels)} values from 0 to 999 (of 1000 values). Run this cell"
    assert said in made.to_html(), "it says which"


def noise(n: int = 0) -> str:
    """A picture that does not compress."""
    dice = random.Random(n)
    return "".join(chr(dice.randrange(33, 126)) for _ in range(5_000))


def test_large_pictures_stay_under_the_cap(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(explore_module, "MOST_RECORDED", 50_000)
    html = explore(noise, n=(0, 99)).to_html()
    found = re.search(r'data-frames="([^"]*)"', html)
    assert found
    assert len(found[1]) <= 50_000
    assert 2 <= len(recorded(html)["frames"]) < 10


def test_pictures_too_large_to_record_leave_the_first_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(explore_module, "MOST_RECORDED", 5_000)
    html = explore(noise, n=(0, 9)).to_html()
    assert "data-frames" not in html
    assert "run this cell in JupyterLab" in html


def test_a_value_that_fails_is_recorded_as_its_sentence():
    page = recorded(explore(fails_at_two, n=(1, 3)).to_html())
    assert page["frames"]["1"][1] == "fails_at_two(n=2) gave no picture: RuntimeError: two is <b>too</b> many"
    assert "<b>" not in page["frames"]["1"][0]


def test_recorded_pages_are_the_same_every_time():
    assert explore(drawn, n=(1, 5)).to_html() == explore(drawn, n=(1, 5)).to_html()


def test_without_anywidget_the_pictures_are_recorded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    monkeypatch.setattr(explore_module, "_widget_class", lambda: None)
    data = explore(drawn, n=(1, 5))._repr_mimebundle_()
    assert len(recorded(data["text/html"])["frames"]) == 5


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_a_page_from_disk_moves_through_recorded_pictures_by_keyboard(page: Any, tmp_path: Path):
    path = tmp_path / "page.html"
    body = explore(drawn, n=(1, 5), twice=False).to_html() + explore(fails_at_two, n=(1, 3)).to_html()
    path.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}", encoding="utf-8")
    page.goto(path.as_uri())
    first, second = page.locator("form").nth(0), page.locator("form").nth(1)
    slider = first.get_by_label("n", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    first.locator("figcaption", has_text="4 squared is 16").wait_for()
    assert slider.get_attribute("aria-valuetext") == "4"
    first.get_by_label("twice").check()
    first.locator("figcaption", has_text="4 squared is 32").wait_for()
    assert first.get_by_role("status").text_content() == "4 squared is 32"
    first.get_by_role("button", name="Back to the start").click()
    first.locator("figcaption", has_text="3 squared is 9").wait_for()
    assert not first.get_by_label("twice").is_checked()
    assert second.locator(".dslib-frame").inner_text() == "fine with 1", "two on one page do not disturb each other"


@pytest.mark.browser
def test_without_a_script_a_page_shows_the_first_picture(new_page: Callable[..., Any], tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{explore(drawn, n=(1, 5)).to_html()}", encoding="utf-8")
    page = new_page(java_script_enabled=False)
    page.goto(path.as_uri())
    assert page.locator("figcaption").inner_text() == "3 squared is 9"


SLOW = """
import pathlib, time
from dslib.views import explore
ran = []
def run(n=0):
    ran.append(n)
    while n == 1 and not pathlib.Path("go").exists():
        time.sleep(0.02)
    if n == 9:
        raise RuntimeError("nine is too many")
    return f"picture {n}"
explore(run, n=(0, 9))
"""


@pytest.mark.browser
def test_in_jupyterlab_arrow_keys_move_the_slider_and_a_slow_run_is_not_asked_for_each_of_them(
    jupyterlab: Any, page: Any
):
    folder = jupyterlab.root / "explore"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate([SLOW.strip(), "print(ran)"])]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "slow.ipynb")
    jupyterlab.open(page, "explore/slow.ipynb")
    cell = page.locator(".jp-CodeCell").nth(0)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    frame = cell.locator(".dslib-frame")
    frame.get_by_text("picture 0").wait_for()

    cell.get_by_label("n", exact=True).focus()
    page.keyboard.press("ArrowRight")
    cell.locator(".dslib-busy-note", has_text="Running…").wait_for()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    (folder / "go").touch()
    frame.get_by_text("picture 8").wait_for()
    assert frame.locator("p").count() == 1, "one picture, not one per run"
    page.keyboard.press("ArrowRight")
    cell.get_by_role("alert").get_by_text("run(n=9) gave no picture: RuntimeError: nine is too many").wait_for()
    assert frame.inner_text() == "picture 8"

    counting = page.locator(".jp-CodeCell").nth(1)
    page.keyboard.press("Shift+Enter")  # from the slider
    output = counting.locator(".jp-OutputArea-output pre")
    output.wait_for()
    assert json.loads(output.inner_text()) == [0, 1, 8, 9]


# ---------------------------------------------------------------- a scenario, run up to a time


def test_a_scenario_is_run_and_shown_with_what_users_saw():
    made = explore(silence, until=2_000, seed=(0, 3), fault=["crash", "cut"])
    crash = silence(seed=0, fault="crash").run(until=2_000)
    assert made.finding == f"{space_time(crash.trace).finding} {timeline(what_users_saw(crash.history, 2_000)).finding}"
    assert made.to_html(precompute=False).count("<svg") == 2
    made.set(fault="cut")
    assert "cut" in made.finding
    assert made.values == {"seed": 0, "fault": "cut"}


def test_a_view_of_ones_own_gets_the_simulation_that_has_run():
    made = explore(silence, lambda sim: f"{sim.now:g} ms, seed {sim.seed}", until=300, seed=(0, 3))
    made.set(seed=2)
    assert made.finding == "300 ms, seed 2"


def test_a_property_that_breaks_is_told_above_the_run_up_to_there():
    def it_is_early(sim: Simulation) -> bool:
        return sim.now < 500

    def watched(seed: int = 0) -> Simulation:
        sim = silence(seed)
        sim.always(it_is_early)
        return sim

    made = explore(watched, until=2_000, seed=(0, 3))
    assert made.finding.startswith("always it_is_early: it does not hold after 502.370 ms")
    assert "seed=0. 50 messages sent" in made.finding
    assert made.to_html(precompute=False).startswith('<p class="dslib-view dslib-alert">')
    assert "<svg" in made.to_html(precompute=False)


def test_many_operations_are_counted_and_not_drawn_one_by_one():
    sim = server_down.simulate(server_down.Params(), 0, False).run(until=30_000)
    seen = what_users_saw(sim.history, sim.now)
    assert len(seen) > explored.MOST_BARS
    view = explored.run_picture(sim)
    judged = [s for s in seen if s.outcome != "open"]
    good = sum(s.outcome == "good" for s in judged)
    assert f"{len(judged):,} operations, {good:,} good" in view.finding
    assert len(view.to_html()) < 20_000
    assert tuple(map(sum, explored.counted(seen, sim.now))) == (good, len(judged) - good)


def test_until_may_also_be_an_argument_of_the_function():
    made = explore(lambda until=2: f"until {until}", until=(0, 3))
    assert made.finding == "until 2"


# ---------------------------------------------------------------- a card of the gallery


@pytest.mark.parametrize("card", GALLERY, ids=[card.title for card in GALLERY])
def test_every_knob_of_every_card_has_a_slider_from_end_to_end_through_its_default(card: Any):
    controls = {control.name: control for control in explore_module._card_controls(card, {})}
    assert [*controls] == [*(field.name for field in dataclasses.fields(card.params)), "mitigated", "seed"]
    for field in dataclasses.fields(card.params):
        control = controls[field.name]
        default = getattr(card.params, field.name)
        assert control.values[control.at] == default
        assert (control.values[0], control.values[-1]) == (field.metadata["low"], field.metadata["high"])
        assert list(control.values) == sorted(set(control.values))
        assert len(control.values) <= 30
        assert control.help in field.metadata["meaning"]
        for value in control.values:
            dataclasses.replace(card.params, **{field.name: value})  # a knob refuses what it cannot take


def test_a_card_shows_what_users_saw_in_both_runs_with_its_line():
    made = explore(server_down.CARD)
    result = server_down.run()
    for name, run in (("Naive", result.naive), ("Mitigated", result.mitigated)):
        assert f"{name}: {run.outcome} [longest silence (s) {run.numbers['longest silence (s)']:,.4g}]." in made.finding
    html = made.to_html(precompute=False)
    assert server_down.CARD.means in html
    assert "burn s1" in html
    made.set(mitigated=False, burned=0)
    assert "Mitigated" not in made.finding
    assert "lost 0" in made.finding


def test_a_card_counts_every_operation_that_its_users_judged():
    sim = server_down.simulate(server_down.Params(), 0, False).run(until=server_down.UNTIL_MS)
    half = explored._once(server_down.CARD, server_down.Params(), 0, False)
    judged = server_down.run().naive.outcome
    good, bad = map(sum, half.answers.slices)
    assert good + bad == judged.operations
    assert good / (good + bad) == judged.availability
    assert half.answers.faults == sim.faults


def test_the_sliders_of_a_card_can_be_chosen_within_its_knobs():
    made = explore(server_down.CARD, replicas=[2, 5], burned=False, seed=(3, 4))
    assert made.values == {"replicas": 2, "repair_s": 20.0, "burned": 0, "mitigated": True, "seed": 3}
    for sliders, words in (
        ({"repair_s": (0, 99)}, r"leaves the range of this knob \(seconds until the machine is back\): 1 to 35"),
        ({"speed": (0, 9)}, "has no knob 'speed': it has replicas, repair_s, burned, mitigated and seed"),
        ({"until": 100}, "leave until=… out"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            explore(server_down.CARD, **sliders)


def test_a_recorded_card_says_which_values_it_has_and_leaves_out_what_cannot_be_moved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(explore_module, "MOST_FRAMES", 4)
    html = explore(server_down.CARD, replicas=[2, 3], repair_s=[1, 20]).to_html()
    page = recorded(html)
    assert len(html) < 40_000
    assert len(page["frames"]) <= 4
    assert "seed" not in [control["name"] for control in page["controls"]]
    assert "seed=0" in html
    assert html.count("Recorded: ") == 1
    for html, words in page["frames"].values():
        assert words.startswith("Naive: availability")
        assert "<svg" in html


# ---------------------------------------------------------------- what the page does, with answers of our own


class Desk:
    """The controls in a page; `answer` and `began` are what Python would say, `asked` what it was asked."""

    def __init__(self, page: Any, patience_ms: int = 300) -> None:
        self.page = page
        script = Path(explore_module.__file__).with_name("explore.js").read_text(encoding="utf-8")
        script = script[: script.index("export default")]
        page.set_content(f"<!doctype html><html lang=en><style>{STYLE}</style><div id=here></div><p id=below>below</p>")
        page.evaluate(
            """([script, patience]) => {
                const mount = new Function(script + "; return mount;")();
                const controls = [{ name: "n", kind: "range", labels: ["1", "2", "3"], at: 0, help: "how many" }];
                window.asked = [];
                window.desk = mount(document.getElementById("here"), controls, { html: "<p>one</p>", words: "one" },
                                    (at) => window.asked.push([...at]), patience);
            }""",
            [script, patience_ms],
        )
        self.slider = page.get_by_label("n", exact=True)
        self.alert, self.frame = page.get_by_role("alert"), page.locator(".dslib-frame")

    @property
    def asked(self) -> list[list[int]]:
        found: list[list[int]] = self.page.evaluate("window.asked")
        return found

    def answer(self, html: str, alert: str = "") -> None:
        self.page.evaluate("([html, alert]) => desk.show({ html, words: 'new words', alert })", [html, alert])

    def below(self) -> float:
        top: float = self.page.evaluate("document.getElementById('below').getBoundingClientRect().top")
        return top


@pytest.mark.browser
def test_a_kernel_that_does_not_begin_is_named_and_one_that_has_begun_may_take_its_time(page: Any):
    desk = Desk(page)
    assert desk.slider.get_attribute("aria-describedby") == page.get_by_text("how many").get_attribute("id")
    desk.slider.press("ArrowRight")
    assert desk.asked == [[1]], "asked at once"
    desk.alert.get_by_text("Python has not begun for 0 seconds. If another cell is running").wait_for()
    assert desk.frame.inner_text() == "one", "the last picture stays"
    page.evaluate("desk.began()")
    assert desk.alert.is_hidden()
    desk.slider.press("End")
    page.locator(".dslib-busy-note", has_text="Running… 1 s").wait_for()
    assert desk.alert.is_hidden(), "it is at work"
    assert desk.asked == [[1]], "and is not asked twice at a time"
    desk.answer("<p>two</p>")
    assert desk.asked == [[1], [2]]
    desk.answer("<p>three</p>")
    assert desk.frame.inner_text() == "three"
    assert page.locator(".dslib-busy-note").inner_text() == ""


@pytest.mark.browser
def test_a_kernel_that_is_gone_is_named_the_picture_stays_and_the_controls_remain(page: Any):
    desk = Desk(page)
    desk.slider.press("ArrowRight")
    page.evaluate("desk.gone()")
    assert "has ended or was restarted" in desk.alert.inner_text()
    assert desk.frame.inner_text() == "one"
    assert page.locator(".dslib-busy").count() == 0
    desk.slider.press("ArrowRight")
    assert desk.slider.get_attribute("aria-valuetext") == "3"
    assert desk.asked == [[1]], "nobody is asked any more"
    assert "Run this cell again" in desk.alert.inner_text()
    page.get_by_role("button", name="Back to the start").click()
    assert desk.slider.get_attribute("aria-valuetext") == "1"


@pytest.mark.browser
def test_nothing_below_jumps_while_pictures_come_and_go(page: Any):
    desk = Desk(page)
    tall, small = "<div style='height: 300px'>tall</div>", "<div style='height: 20px'>small</div>"
    desk.slider.press("ArrowRight")
    desk.answer(tall)
    height = desk.below()
    for html in (small, tall, small):
        desk.slider.press("ArrowRight")
        assert desk.below() == height, "while it runs"
        desk.answer(html)
        assert desk.below() == height
    assert desk.frame.locator("> *").count() == 1, "one picture at a time"
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_function(f"document.getElementById('below').getBoundingClientRect().top < {height} - 200")


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@pytest.mark.browser
def test_an_image_takes_the_place_of_the_last_picture_only_when_it_can_be_seen(page: Any):
    desk = Desk(page)
    page.evaluate(
        """() => {
            window.bad = [];
            new MutationObserver(() => {
                const image = document.querySelector(".dslib-frame img");
                if (image && !image.complete) bad.push("not there yet");
                if (!document.querySelector(".dslib-frame").childElementCount) bad.push("empty");
            }).observe(document.querySelector(".dslib-frame"), { childList: true });
        }"""
    )
    desk.slider.press("ArrowRight")
    desk.answer(f'<img alt="a dot" width=50 height=50 src="data:image/png;base64,{PIXEL}">')
    desk.frame.get_by_alt_text("a dot").wait_for()
    desk.slider.press("ArrowRight")
    desk.answer('<img alt="broken" src="data:image/png;base64,AAAA">')
    desk.frame.get_by_alt_text("broken").wait_for(state="attached")
    assert page.evaluate("window.bad") == []


@pytest.mark.browser
def test_an_old_browser_gets_a_sentence_and_the_first_picture(page: Any, tmp_path: Path):
    page.add_init_script("delete window.DecompressionStream")
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{explore(drawn, n=(1, 5)).to_html()}", encoding="utf-8")
    page.goto(path.as_uri())
    page.get_by_text("This browser cannot unpack the other pictures. This one is drawn(n=3).").wait_for()
    assert page.locator("figcaption").inner_text() == "3 squared is 9"
    assert page.locator("input").count() == 0


@pytest.mark.browser
def test_a_recorded_scenario_and_card_fit_a_phone_and_are_moved_by_keyboard(
    new_page: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(explore_module, "MOST_FRAMES", 4)
    room = explore(silence, until=1_000, seed=(0, 1), fault=["crash", "cut"]).to_html()
    card = explore(server_down.CARD, replicas=[2, 3], repair_s=[1, 20]).to_html()
    path = tmp_path / "page.html"
    head = '<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">'
    path.write_text(f"{head}<style>{STYLE}</style>{room}{card}", encoding="utf-8")
    page = new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    page.locator("form").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("End")
    page.locator("form").nth(0).get_by_role("status").filter(has_text="messages sent").wait_for(state="attached")
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "1"
    box = page.locator("form").nth(1).get_by_label("mitigated", exact=True)
    assert box.is_checked()
    box.press("Space")
    caption = page.locator("form").nth(1).locator("figcaption")
    caption.filter(has_not_text="Mitigated").wait_for()
    assert caption.inner_text().startswith("Naive: availability 62.1 %")


# ---------------------------------------------------------------- JupyterLab: side by side, and a kernel that dies

DIES = """
import os
from ipywidgets import HBox
from dslib.views import explore
from dslib.views.static import picture

def run(n=0):
    if n == 3:
        os._exit(1)
    return picture("A line", "", f"n is {n}", 640, 60, [f'<path d="M0 0H{100 * n}" stroke="currentColor"/>'])

HBox([explore(run, n=(0, 9)).widget, explore(run, n=(0, 2)).widget])
"""


@pytest.mark.timeout(300)
@pytest.mark.console_error("[Kk]ernel|WebSocket|Canceled")
@pytest.mark.browser
def test_in_jupyterlab_two_stand_side_by_side_and_a_kernel_that_dies_in_the_middle_is_named(jupyterlab: Any, page: Any):
    folder = jupyterlab.root / "dies"
    folder.mkdir()
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [nbformat.v4.new_code_cell(DIES.strip(), id="dies")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "dies.ipynb")
    jupyterlab.open(page, "dies/dies.ipynb")
    cell = page.locator(".jp-CodeCell").nth(0)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    forms = cell.locator("form.dslib-explore")
    forms.nth(1).wait_for(timeout=60_000)
    boxes = [forms.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"], "side by side"
    assert min(box["width"] for box in boxes) >= 300
    forms.nth(1).get_by_label("n", exact=True).press("ArrowRight")
    forms.nth(1).locator("figcaption", has_text="n is 1").wait_for()
    assert forms.nth(0).locator("figcaption").inner_text() == "n is 0", "each for itself"
    slider = forms.nth(0).get_by_label("n", exact=True)
    slider.press("ArrowRight")
    forms.nth(0).locator("figcaption", has_text="n is 1").wait_for()
    for _ in range(2):
        slider.press("ArrowRight")
    forms.nth(0).get_by_role("alert").get_by_text("The kernel that drew this has ended or was restarted").wait_for(
        timeout=60_000
    )
    assert forms.nth(0).locator("figcaption").inner_text() in ("n is 1", "n is 2"), "its last picture stays"
    assert slider.is_enabled()
