"""Predictions: kept on the reader's machine, held against the run, never in the way."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from dslib.views import check, predict, recap, reveal
from dslib.views import keep as keep_module
from dslib.views.keep import FILE, Predictions

predict_module = sys.modules["dslib.views.predict"]

HOSTILE = "<script>alert('boo')</script> & \"more\""
HOSTILE_OPTIONS = [HOSTILE, "two"]
RECORD = {
    "question": "q",
    "options": ["one", "two"],
    "range": None,
    "said": "one",
    "did": None,
    "why": "",
    "late": False,
}


class Reader(HTMLParser):
    """What a page says, and the tags it says it with."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def restart_the_kernel() -> None:
    """Forget all that was only in memory."""
    keep_module.store_at.cache_clear()
    predict_module._FORMS.clear()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the notebook lesson.ipynb."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lesson.ipynb"))
    restart_the_kernel()
    return tmp_path


def on_disk(folder: Path) -> Any:
    return json.loads((folder / FILE).read_text(encoding="utf-8"))["notebooks"]


def ask(key: str = "ring", options: Any = ("one", "two", "three")) -> Any:
    return predict(key, "How many links must fail?", list(options) if not isinstance(options, tuple) else options)


# ---------------------------------------------------------------- what is kept


def test_what_a_reader_said_is_there_when_another_python_asks_again(folder: Path):
    ask().say("two")
    code = "from dslib.views import predict; print(predict('ring', 'How many links must fail?', ['one', 'two']).said)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder.parent)
    assert done.stdout.strip() == "two"


def test_asking_writes_nothing_until_something_is_said(folder: Path):
    ask()
    reveal("ring", "two")
    recap()
    assert list(folder.iterdir()) == []
    ask().say("one")
    assert [path.name for path in folder.iterdir()] == [FILE], "only the file itself, nothing half-written beside it"


def test_a_choice_can_be_changed_until_the_run_answers_it():
    question = ask()
    question.say("one")
    question.say("three")
    assert question.said == "three"
    reveal("ring", "two")
    with pytest.raises(ValueError, match=r"revealed: call again\(\)"):
        question.say("two")
    assert question.said == "three"


def test_after_predict_again_there_is_a_new_choice(folder: Path):
    question = ask()
    question.say("one")
    reveal("ring", "two")
    question.again()
    assert (question.said, question.locked) == (None, False)
    assert on_disk(folder) == {"lesson": {}}
    question.say("two")
    assert "As you predicted." in reveal("ring", "two").finding


def test_what_is_said_after_the_run_has_shown_it_counts_as_late():
    question = ask()
    reveal("ring", "two")
    question.say("two")
    assert "after the run had shown it" in reveal("ring", "two").finding
    assert not question.locked


def test_asking_anew_forgets_a_run_that_nobody_had_predicted():
    """A reader who ran all cells once, and then begins at the top, is not late."""
    ask()
    reveal("ring", "two")
    question = ask()
    question.say("two")
    finding = reveal("ring", "two").finding
    assert "As you predicted." in finding
    assert "after" not in finding


def test_notebooks_in_one_folder_keep_their_predictions_apart(folder: Path, monkeypatch: pytest.MonkeyPatch):
    ask().say("one")
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "other.ipynb"))
    assert ask().said is None
    ask().say("three")
    assert {name: records["ring"]["said"] for name, records in on_disk(folder).items()} == {
        "lesson": "one",
        "other": "three",
    }
    assert "You said: one" in recap("lesson").finding


def test_two_kernels_that_write_in_turn_lose_nothing_of_each_other(folder: Path):
    one, other = Predictions(folder / FILE), Predictions(folder / FILE)
    for number in range(5):
        one.put("a", f"k{number}", {**RECORD, "said": "one"})
        other.put("b", f"k{number}", {**RECORD, "said": "two"})
    assert {name: len(records) for name, records in on_disk(folder).items()} == {"a": 5, "b": 5}


def test_a_reader_of_the_file_never_sees_half_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """The power fails while the new file is being written: the old one stands."""
    ask().say("one")
    before = (folder / FILE).read_bytes()

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keep_module.os, "replace", fails)
    question = ask("other")
    question.say("two")
    assert (folder / FILE).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [FILE]
    assert question.said == "two"
    assert "cannot be written (No space left on device)" in str(question)


DAMAGED = {
    "cut off": b'{"schema": "dslib.predictions/1", "notebooks": {"lesson": {"ri',
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "of a later version": b'{"schema": "dslib.predictions/3", "notebooks": {}}',
    "without notebooks": b'{"schema": "dslib.predictions/2"}',
    "a check with a try of half": b'{"schema": "dslib.predictions/2", "notebooks": {}, "checks": {"lesson": '
    b'{"05/even": {"tries": 0.5, "hints": 0, "solved": false, "shown": false, "said": []}}}}',
    "deeper than Python follows": b"[" * 100_000,
    "a record with a field missing": json.dumps(
        {"schema": "dslib.predictions/1", "notebooks": {"lesson": {"ring": {"said": "one"}}}}
    ).encode(),
    "a range of words": json.dumps(
        {
            "schema": "dslib.predictions/1",
            "notebooks": {"lesson": {"n": {**RECORD, "options": None, "range": ["a", "b"]}}},
        }
    ).encode(),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_set_aside_with_all_that_was_in_it(folder: Path, damage: bytes):
    (folder / FILE).write_bytes(damage)
    question = ask()
    assert "could not be read" in str(question)
    assert ".predictions-set-aside-1.json" in str(question)
    assert (folder / ".predictions-set-aside-1.json").read_bytes() == damage
    question.say("two")
    assert on_disk(folder)["lesson"]["ring"]["said"] == "two"


def test_a_second_damaged_file_does_not_overwrite_the_first(folder: Path):
    for number in (1, 2):
        (folder / FILE).write_bytes(b"damage %d" % number)
        restart_the_kernel()
        ask()
    assert (folder / ".predictions-set-aside-1.json").read_bytes() == b"damage 1"
    assert (folder / ".predictions-set-aside-2.json").read_bytes() == b"damage 2"


def test_a_file_that_cannot_be_used_costs_no_answer_while_the_kernel_runs(folder: Path):
    (folder / FILE).mkdir()
    question = ask()
    question.say("three")
    assert question.said == "three"
    assert "cannot be" in str(question)
    assert "You said: three" in reveal("ring", "two").finding


# ---------------------------------------------------------------- what is compared


def test_the_actual_meets_an_option_by_its_text():
    ask("n", [1, 2, 3]).say(2)
    assert "You said: 2. The run says: 2. As you predicted." in reveal("n", 2).finding
    assert "The run says: 3. Not as you predicted." in reveal("n", 3).finding
    assert "None of the options said that." in reveal("n", 17).finding


@pytest.mark.parametrize(
    ("said", "actual", "verdict"),
    [(40, 43.75, "3.75 percentage points"), (40, 40.0, "Exactly"), (40, float("nan"), "no number to compare")],
)
def test_a_number_is_compared_as_a_number(said: float, actual: float, verdict: str):
    predict("share", "Which share is good?", (0, 100, "%")).say(said)
    assert verdict in reveal("share", actual).finding


def test_a_number_that_the_run_gives_as_a_numpy_value_is_a_number_too(folder: Path):
    numpy = pytest.importorskip("numpy")
    predict("n", "How many?", (0, 10, "writes")).say(3)
    assert (
        "You said: 3 writes. The run says: 5 writes. You were off by 2 writes." in reveal("n", numpy.int64(5)).finding
    )
    assert on_disk(folder)["lesson"]["n"]["did"] == 5


def test_revealing_what_was_never_asked_just_says_what_happened():
    finding = reveal("typo", 42, "Because.").finding
    assert finding.startswith("The run says: 42.")
    assert "predict('typo', …)" in finding
    assert finding.endswith("Because.")


def test_the_recap_counts_what_the_runs_answered():
    ask("a").say("one")
    ask("b").say("two")
    ask("c").say("two")
    ask("d")
    predict("e", "How many?", (0, 10, "")).say(4)
    for key in "ab":
        reveal(key, "two")
    reveal("e", 6)
    finding = recap().finding
    assert finding.startswith(
        "You made 4 of 5 predictions. 1 of 2 choices came out as you said. Your number was 2 off."
    )
    assert "1 prediction not answered by a run yet" in finding
    assert [line.split(" You said: ")[1] for line in finding.splitlines()[1:]] == [
        "one. What happened: two.",
        "two. What happened: two.",
        "two. What happened: not shown yet.",
        "nothing. What happened: not shown yet.",
        "4. What happened: 6.",
    ]
    assert Reader(recap()._repr_html_()).tags.count("tr") == 6


def test_the_recap_says_how_far_off_each_number_was():
    predict("a", "Which share is good?", (0, 100, "%")).say(40)
    predict("b", "After how long?", (0, 1000, "ms")).say(250)
    predict("c", "After how long, if ever?", (0, 1000, "ms")).say(250)
    reveal("a", 43.75)
    reveal("b", 100)
    reveal("c", float("inf"))
    assert recap().finding.splitlines()[0] == (
        "You made all 3 predictions. "
        "Your numbers were 3.75 percentage points off, 150 ms off and without a number to compare."
    )


def test_the_recap_alone_after_a_restart_still_has_all_that_was_said():
    ask("a").say("one")
    ask("b").say("two")
    restart_the_kernel()
    assert recap().finding.startswith("You made all 2 predictions.")


def test_a_recap_before_anything_was_asked_says_what_to_do():
    assert "Answer its questions" in recap().finding
    assert "nowhere.ipynb" in recap("nowhere").finding


def test_an_answer_that_is_no_longer_offered_is_asked_for_again():
    ask(options=["one", "two"]).say("two")
    assert predict("ring", "How many, now?", ["three", "four"]).said is None


# ---------------------------------------------------------------- what is shown


def test_what_the_lesson_and_the_run_say_is_text_and_never_markup():
    predict("k", HOSTILE, [HOSTILE, "two"]).say(HOSTILE)
    shown = [
        predict("k", HOSTILE, [HOSTILE, "two"]),
        reveal("k", HOSTILE + "!", HOSTILE),
        reveal("none", HOSTILE, HOSTILE),
        recap(),
        check(HOSTILE, {HOSTILE: HOSTILE, "two": "no"}, HOSTILE, HOSTILE),
    ]
    for view in shown:
        html = view._repr_html_()
        page = Reader(html)
        assert "<script>alert" not in html
        assert page.tags.count("script") == html.count("wake();\n})();\n</script>") <= 1
        assert HOSTILE in page.words


def test_a_page_without_a_kernel_has_the_question_and_its_options():
    page = Reader(ask()._repr_html_())
    assert page.tags.count("li") == 3
    assert "How many links must fail?" in page.words
    numbers = Reader(predict("n", "How many?", (0, 2.5, "s"))._repr_html_())
    assert "A number from 0 to 2.5 s." in numbers.words


def test_a_notebook_gets_the_form_and_whoever_cannot_run_it_the_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    data, _ = ask()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "How many links must fail?" in data["text/html"]
    assert data["text/plain"].startswith("Predict: How many links must fail?\n- one\n- two\n- three")


def test_without_anywidget_the_question_is_still_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(predict_module, "_widget_class", lambda: None)
    question = ask()
    data = question._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    question.say("one")
    assert "You said: one" in question._repr_mimebundle_()["text/plain"]


def test_the_form_hears_the_reader_and_tells_what_it_refuses():
    question = predict("n", "How many?", (0, 10, ""))
    form = question.widget
    question._heard(form, {"say": 4}, [])
    assert form.question["said"] == 4
    assert "You said: 4." in form.question["status"]
    question._heard(form, {"say": 11}, [])
    assert form.question["said"] == 4
    assert "11 does not answer it: write a number from 0 to 10" in form.question["alert"]
    reveal("n", 6)
    assert form.question["locked"]
    question._heard(form, {"again": True}, [])
    assert (form.question["said"], form.question["locked"], form.question["alert"]) == (None, False, "")


def test_the_form_does_not_give_away_what_a_run_of_all_cells_showed():
    question = ask()
    reveal("ring", "two")
    assert "two" not in question.widget.question["status"]


NOTEBOOK = [
    "from dslib.views import predict, reveal, recap, check",
    "predict('a', 'How many?', ['one', 'two'])",
    "reveal('a', 'two', 'Because.')",
    "predict('b', 'How much?', (0, 10, 's'))",
    "reveal('b', 3.5)",
    "check('Right?', ['yes', 'no'], 'yes')",
    "recap()",
]


def test_run_all_stops_nowhere_and_leaves_readable_output(folder: Path):
    """No one answers, nothing is written, and every output can be read without a widget."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in NOTEBOOK])
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}, kernel_name="python3")
    client.execute(env=environment)
    for cell in notebook.cells[1:]:
        data = cell.outputs[0].data
        assert Reader(data["text/html"]).words.strip()
        assert data["text/plain"]
    assert "You made 0 of 2 predictions." in notebook.cells[-1].outputs[0].data["text/plain"]
    assert not (folder / FILE).exists()


# ---------------------------------------------------------------- what is refused

REFUSED = {
    "a key that is no text": (lambda: predict(5, "q", ["a", "b"]), "the key of a prediction is 5"),
    "an empty question": (lambda: predict("k", " ", ["a", "b"]), "the question of prediction 'k' is empty"),
    "one option": (lambda: predict("k", "q", ["a"]), "has 1 option: give two or more"),
    "the same option twice": (lambda: predict("k", "q", ["1", 1]), "offers '1' twice"),
    "options that are a word": (lambda: predict("k", "q", "yes"), 'write a list, such as \\["yes", "no"\\]'),
    "a range upside down": (lambda: predict("k", "q", (10, 0, "s")), "from a lower to a higher number"),
    "a check whose answer is no option": (lambda: check("q", ["a", "b"], "c"), "'c' is none of the options: a, b"),
    "a choice that is not offered": (lambda: ask().say("four"), "'four' is none of the options: one, two, three"),
    "a number that is none": (lambda: predict("n", "q", (0, 1, "")).say("much"), "write a number from 0 to 1"),
}


@pytest.mark.parametrize(("call", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused_with_what_to_write(call: Any, words: str):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_a_number_asked_for_and_a_word_revealed_is_the_authors_error():
    predict("n", "How many?", (0, 10, ""))
    with pytest.raises(TypeError, match="give it the number from the run"):
        reveal("n", "many")


# ---------------------------------------------------------------- in a page without a kernel


def static_page(folder: Path, *shown: Any, name: str = "lesson.html") -> str:
    """The address of what nbconvert makes of these outputs, in short: each below something printed."""
    outputs = "".join(
        '<div class="jp-OutputArea"><div class="jp-OutputArea-child"><pre>printed by the run</pre></div>'
        f'<div class="jp-OutputArea-child">{one._repr_html_()}</div></div>'
        for one in shown
    )
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A lesson</title></head>'
    (folder / name).write_text(f"{head}<body><main>{outputs}</main></body></html>", encoding="utf-8")
    return (folder / name).as_uri()


def lesson() -> list[Any]:
    return [
        ask("ring", ["one", "two"]),
        reveal("ring", "two", "There are two ways round."),
        predict("n", "Which share is good?", (0, 100, "%")),
        reveal("n", 43.75),
        recap(),
    ]


@pytest.mark.browser
def test_in_a_page_one_commits_first_and_then_looks(page: Any, folder: Path):
    page.goto(static_page(folder, *lesson()))
    question, outcome, number, share, table = page.locator(".dslib-card").all()
    assert "two ways" not in page.locator("main").inner_text(), "the page tells before it is asked"
    assert [one.is_visible() for one in page.get_by_text("printed by the run").all()] == [
        True,
        False,
        True,
        False,
        True,
    ]
    outcome.get_by_text("Commit first, then look").wait_for()
    question.get_by_label("one").check()
    question.get_by_role("status").filter(has_text="You can change it until you look").wait_for()
    question.get_by_label("two").check()
    outcome.get_by_role("button", name="Show what happened").click()
    told = outcome.get_by_role("status")
    assert told.inner_text() == "You said: two. The run says: two. As you predicted.\n\nThere are two ways round."
    assert told.evaluate("(told) => told === document.activeElement"), "the focus was lost with the button"
    assert page.get_by_text("printed by the run").nth(1).is_visible()
    assert question.get_by_label("two").is_disabled()

    field = number.get_by_label("Your number")
    field.fill("101")
    field.press("Enter")
    number.get_by_role("alert").filter(has_text="101 does not answer it: write a number from 0 to 100 %.").wait_for()
    field.fill("40")
    field.press("Enter")
    number.get_by_role("status").filter(has_text="You said: 40 %.").wait_for()
    table.get_by_text(
        "You made all 2 predictions. 1 of 1 choice came out as you said. 1 prediction not looked"
    ).wait_for()
    share.get_by_role("button", name="Show what happened").click()
    share.get_by_text("You were off by 3.75 percentage points.").wait_for()

    page.reload()
    assert question.get_by_label("two").is_checked()
    assert "As you predicted." in outcome.inner_text()
    assert [path.name for path in folder.iterdir()] == ["lesson.html"], "the page wrote beside the notebook"
    question.get_by_role("button", name="Predict again").click()
    outcome.get_by_text("Commit first, then look").wait_for()
    assert page.evaluate("document.activeElement.type") == "radio"


@pytest.mark.browser
def test_in_a_page_one_may_look_without_a_prediction_and_is_late_after_that(page: Any, folder: Path):
    page.goto(static_page(folder, *lesson()))
    question, outcome, *_, table = page.locator(".dslib-card").all()
    outcome.get_by_role("button", name="Look without a prediction").focus()
    page.keyboard.press("Enter")
    outcome.get_by_text("You made no prediction. The run says: two.").wait_for()
    question.get_by_label("two").check()
    outcome.get_by_text("As you predicted. You said so after you had looked.").wait_for()
    question.get_by_role("status").filter(has_text="after you had looked").wait_for()
    assert table.locator("td").first.inner_text() == "two"


@pytest.mark.browser
def test_a_page_says_of_all_predictions_what_python_says(page: Any, folder: Path):
    """The recap of a page that was made with the reader's own answers, filled by the page's script."""
    ask("a").say("one")
    ask("b").say("two")
    predict("c", "Which share is good?", (0, 100, "%")).say(40)
    predict("d", "After how long?", (0, 1000, "ms")).say(250)
    predict("e", "After how long, if ever?", (0, 99999, "s")).say(12.5)
    ask("f", HOSTILE_OPTIONS)
    for key, did in {"a": "two", "b": "two", "c": 43.75, "d": 100 / 3, "e": float("inf")}.items():
        reveal(key, did)
    page.goto(static_page(folder, recap()))
    finding = recap().finding.splitlines()[0]
    page.get_by_text(finding, exact=True).wait_for()
    cells = [cell.inner_text() for cell in page.locator("td").all()]
    python = [text.strip() for text in re.findall(r"<td>(.*?)</td>", recap()._repr_html_())]
    assert cells[:-1] == python[:-1]
    assert cells[-1] == "not looked at yet."


@pytest.mark.browser
def test_another_page_can_show_what_was_said_in_a_lesson(page: Any, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Where nobody told Python the notebook's name, a page is called as its file is."""
    asked = lesson()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.chdir(folder)
    page.goto(static_page(folder, *lesson(), name="nameless.html"))
    page.get_by_label("two").check()
    page.goto(static_page(folder, *asked))
    assert not page.get_by_label("two").is_checked(), "another page's answer is shown"
    page.get_by_label("one").check()
    page.goto(static_page(folder, asked[-1], name="summary.html"))
    assert page.locator("td").first.inner_text() == "one"


@pytest.mark.browser
def test_where_nothing_was_asked_the_outcome_just_stands_there(page: Any, folder: Path):
    page.goto(static_page(folder, lesson()[1]))
    assert "The run says: two." in page.locator("main").inner_text()
    assert page.get_by_text("printed by the run").is_visible()


# ---------------------------------------------------------------- in JupyterLab


def write_notebook(path: Path, sources: list[str]) -> None:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


@pytest.mark.browser
def test_in_jupyterlab_the_arrow_keys_choose_an_answer_and_a_restart_keeps_it(jupyterlab: Any, page: Any):
    """JupyterLab takes the arrows for moving between cells unless the focused element itself forbids it."""
    folder = jupyterlab.root / "predict"
    folder.mkdir()
    write_notebook(folder / "q.ipynb", [*NOTEBOOK[:2], "reveal('a', 'two', 'Because.')"])
    jupyterlab.open(page, "predict/q.ipynb")
    question, answer = page.locator(".jp-CodeCell").nth(1), page.locator(".jp-CodeCell").nth(2)

    def run(cell: Any) -> None:
        cell.locator(".jp-InputArea-editor").click()
        page.keyboard.press("Shift+Enter")

    run(page.locator(".jp-CodeCell").nth(0))
    run(question)
    question.get_by_label("one").click()
    question.get_by_role("status").filter(has_text="You said: one.").wait_for()
    page.keyboard.press("ArrowDown")
    question.get_by_role("status").filter(has_text="You said: two.").wait_for()
    assert "jp-mod-active" in question.get_attribute("class"), "the arrow key moved to another cell"
    assert json.loads((folder / FILE).read_text())["notebooks"]["q"]["a"]["said"] == "two"

    run(answer)
    answer.get_by_text("As you predicted.").wait_for()
    assert question.get_by_label("one").is_disabled()

    page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    page.locator(".lm-Menu-itemLabel", has_text="Restart Kernel…").click()
    page.locator(".jp-Dialog button", has_text="Restart").click()
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    run(page.locator(".jp-CodeCell").nth(0))
    run(question)
    question.get_by_role("button", name="Predict again").wait_for()
    assert question.get_by_label("two").is_checked()
    question.get_by_role("button", name="Predict again").click()
    question.get_by_text("Choose before you run what follows.").wait_for()
    assert page.evaluate("document.activeElement.type") == "radio"


@pytest.mark.browser
def test_in_jupyterlab_shift_enter_goes_on_from_a_form_as_it_does_from_a_cell(jupyterlab: Any, page: Any):
    """The forms keep the keyboard from JupyterLab; it gets back what runs cells, and Escape."""
    folder = jupyterlab.root / "rhythm"
    folder.mkdir()
    sources = [
        "from dslib.views import check, predict; runs = 0",
        "runs += 1; predict('a', 'q?', ['one', 'two'])",
        "print('first', runs)",
        "predict('b', 'How many?', (0, 9, 'writes'))",
        "print('second')",
        "check('q?', ['yes', 'no'], 'yes')",
        "print('third')",
    ]
    write_notebook(folder / "q.ipynb", sources)
    jupyterlab.open(page, "rhythm/q.ipynb")
    cells = page.locator(".jp-CodeCell")
    cells.nth(0).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    cells.nth(1).get_by_label("one").click()
    page.keyboard.press("ArrowDown")
    cells.nth(1).get_by_role("status").filter(has_text="You said: two.").wait_for()
    page.keyboard.press("Shift+Enter")
    cells.nth(2).locator(".jp-OutputArea-output", has_text="first 1").wait_for()

    # The rhythm goes on, and a number that nobody committed is kept.
    page.keyboard.press("Shift+Enter")
    cells.nth(3).get_by_label("Your number").click()
    page.keyboard.type("4")
    page.keyboard.press("Shift+Enter")
    cells.nth(4).locator(".jp-OutputArea-output", has_text="second").wait_for()
    cells.nth(3).get_by_role("status").filter(has_text="You said: 4 writes.").wait_for()

    # And from a self-check.
    page.keyboard.press("Shift+Enter")
    cells.nth(5).get_by_label("no").click()
    page.keyboard.press("Shift+Enter")
    cells.nth(6).locator(".jp-OutputArea-output", has_text="third").wait_for()
    assert cells.nth(5).get_by_label("no").is_checked(), "the key that runs a cell ran the check anew"

    # Ctrl+Enter runs the cell with the form again; Escape leaves it, after which arrows move between cells.
    cells.nth(1).get_by_label("two").click()
    page.keyboard.press("Control+Enter")
    cells.nth(1).locator(".jp-InputPrompt", has_text="[8]").wait_for()
    cells.nth(1).get_by_label("two").click()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.locator(".jp-Notebook.jp-mod-commandMode .jp-CodeCell.jp-mod-active", has_text="print('first'").wait_for()
    page.keyboard.press("Shift+Enter")
    cells.nth(2).locator(".jp-OutputArea-output", has_text="first 2").wait_for()
