"""Explore: any pure function, moved by hand, live or from recorded pictures."""

import base64
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

from dslib.views import View, explore
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
