"""Where nobody can touch a widget: nbconvert, nbclient, nbgrader and a console show the picture and the sentence."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dslib.views import static

ROOT = Path(__file__).resolve().parent.parent
WIDGET = "application/vnd.jupyter.widget-view+json"

SETUP = """
from dslib.scenarios import chat_room, two_truths
from dslib.views import check, compare, explore, graph, play, predict, recap, replay, reveal, space_time

def room(cut_ms=500, seed=0):
    sim = chat_room(seed)
    sim.at(cut_ms, sim.network.partition, {"r1", "r2"}, {"r3"})
    return sim.run(until=1_000)
"""

#: What stands in a cell each; what the cell's sentence has to say; whether it is a picture.
SHOWN = {
    "play": ("play(chat_room, until=800, title='A healthy room')", "A healthy room: ", True),
    "replay": ("replay(room(), title='A cut')", "A cut: ", True),
    "compare": ("compare(play(chat_room, until=600), play(chat_room, until=600, seed=1))", "naive: ", True),
    "explore": ("explore(room, lambda sim: space_time(sim.trace), cut_ms=(0, 900, 100))", "room(cut_ms=500): ", True),
    "space-time": ("space_time(room().trace)", "messages sent", True),
    "predict": ("predict('n', 'How many groups?', [1, 2])", "Predict: How many groups?", False),
    "reveal": ("reveal('n', 2)", "You made no prediction. The run says: 2.", False),
    "check": ("check('How many are more than half of 4?', answer=3)", "Check yourself: How many", False),
    "recap": ("recap()", "You made 0 of 1 prediction.", False),
}


def book(graded: bool = False) -> Any:
    cells = [nbformat.v4.new_code_cell(SETUP.strip(), id="setup")]
    cells += [nbformat.v4.new_code_cell(source, id=name) for name, (source, _, _) in SHOWN.items()]
    if graded:
        about = {"grade": True, "solution": False, "locked": True, "points": 1, "schema_version": 3}
        test = nbformat.v4.new_code_cell("assert len(room().trace) > 50", id="test")
        test.metadata["nbgrader"] = {**about, "grade_id": "test", "task": False, "cell_type": "code"}
        cells.append(test)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def outputs(notebook: Any) -> dict[str, Any]:
    """By cell, the one thing it shows, as {mime type: data}."""
    shown = {}
    for cell in notebook.cells:
        if cell.id in SHOWN:
            (output,) = cell.outputs
            shown[cell.id] = output.data
    return shown


def plain(html: str) -> str:
    """The words of a page as a reader sees them, without scripts and styles."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    html = re.sub(r"</?(b|span|code|strong)\b[^>]*>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def check_outputs(notebook: Any) -> None:
    for name, data in outputs(notebook).items():
        _, sentence, picture = SHOWN[name]
        assert set(data) == {"text/html", "text/plain"}, f"{name} offers a widget that nobody can touch"
        assert sentence in data["text/plain"], name
        assert ("<svg" in data["text/html"]) == picture, name
    assert not notebook.metadata.get("widgets"), "a widget's state was stored: it would be drawn, and stay empty"


def check_page(html: str) -> None:
    words = plain(html)
    assert WIDGET not in html
    assert html.count("<svg") >= sum(picture for *_, picture in SHOWN.values())
    for _, sentence, _ in SHOWN.values():
        assert sentence.removesuffix(": ").removeprefix("Predict: ").removeprefix("Check yourself: ") in words
    assert "run this cell in JupyterLab" in words, "it says how to get what can be touched"


# ---------------------------------------------------------------- who is there


CASES = {
    "nowhere": ({}, False),
    "JupyterLab": ({"JPY_SESSION_NAME": "/course/ada/lesson.ipynb"}, True),
    "VS Code": ({"VSCODE_PID": "4711"}, True),
    "Colab": ({"COLAB_RELEASE_TAG": "release"}, True),
    "forced": ({"DSLIB_LIVE": "1"}, True),
    "not forced": ({"DSLIB_LIVE": "0"}, False),
    "a page is made": ({"DSLIB_STATIC": "1", "JPY_SESSION_NAME": "/course/ada/lesson.ipynb"}, False),
}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no front end."""
    for name in ("DSLIB_LIVE", "DSLIB_STATIC", "JPY_SESSION_NAME", *static.FRONT_ENDS):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("variables", "live"), CASES.values(), ids=CASES)
def test_a_widget_is_offered_only_where_a_front_end_is_known_to_be_there(
    nobody: pytest.MonkeyPatch, variables: dict[str, str], live: bool
):
    for name, value in variables.items():
        nobody.setenv(name, value)
    assert static.live() is live


def test_a_browsers_python_is_in_its_front_end(nobody: pytest.MonkeyPatch):
    nobody.setattr(sys, "platform", "emscripten")
    assert static.live()


class Asked:
    """A kernel whose cell was sent by somebody who can, or cannot, be asked for input."""

    def __init__(self, can_answer: bool) -> None:
        self.kernel, self.can_answer = self, can_answer

    def get_ipython(self) -> "Asked":
        return self

    def get_parent(self, channel: str) -> dict[str, Any]:
        assert channel == "shell"
        return {"content": {"code": "play(…)", "allow_stdin": self.can_answer}}


def test_what_a_cell_starts_inherits_the_session_and_is_no_front_end(nobody: pytest.MonkeyPatch):
    """``!jupyter nbconvert --execute …`` in a cell: the kernel that it starts has the variable of the notebook."""
    nobody.setenv("JPY_SESSION_NAME", "/course/ada/lesson.ipynb")
    nobody.setitem(sys.modules, "IPython", Asked(True))  # type: ignore[arg-type]
    assert static.live()
    nobody.setitem(sys.modules, "IPython", Asked(False))  # type: ignore[arg-type]
    assert not static.live()


# ---------------------------------------------------------------- nbconvert, and a kernel without a front end


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, str]:
    """The notebook executed and made into a page by nbconvert, as if a cell of JupyterLab had begun it."""
    folder = tmp_path_factory.mktemp("converted")
    path = folder / "all.ipynb"
    nbformat.write(book(), path)
    run(
        f"""
        from nbconvert import HTMLExporter
        from nbconvert.preprocessors import ExecutePreprocessor
        import nbformat

        book = nbformat.read({str(path)!r}, 4)
        ExecutePreprocessor(timeout=60).preprocess(book, {{"metadata": {{"path": {str(folder)!r}}}}})
        nbformat.write(book, {str(path)!r})
        # nbconvert's own page asks a server for MathJax and RequireJS; that is not ours to test.
        exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
        page, _ = exporter.from_notebook_node(book)
        open({str(path.with_suffix(".html"))!r}, "w", encoding="utf-8").write(page)
        # The same outputs as JupyterLab saves them after a live run.
        for cell in book.cells:
            for output in cell.outputs:
                if "data" in output:
                    output["data"][{WIDGET!r}] = dict(model_id="1234", version_major=2, version_minor=1)
        page, _ = exporter.from_notebook_node(book)
        open({str(path.with_suffix(".saved"))!r}, "w", encoding="utf-8").write(page)
        """,
        folder,
        JPY_SESSION_NAME=str(path),
    )
    pages = (path.with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".html", ".saved"))
    return nbformat.read(path, 4), *pages  # type: ignore[return-value]


def run(code: str, folder: Path, **variables: str) -> str:
    """A Python process of its own: its kernels must not see the variables of whoever runs the tests."""
    lines = code.splitlines()
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    # An optional part of nbformat's checks, which no notebook needs, compiles a grammar for two seconds at import.
    script = "\n".join(["import sys; sys.modules['rfc3987_syntax'] = None", *(line[indent:] for line in lines)])
    environment = {k: v for k, v in os.environ.items() if k not in ("DSLIB_LIVE", "DSLIB_STATIC", *static.FRONT_ENDS)}
    environment |= {"PYTHONPATH": str(ROOT), "HOME": str(folder), **variables}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])  # nbgrader calls alembic
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nbconvert_shows_the_picture_and_the_sentence_of_every_widget(converted: tuple[Any, str, str]):
    notebook, page, _ = converted
    check_outputs(notebook)
    check_page(page)


def test_a_notebook_that_was_run_live_and_saved_is_converted_with_the_picture_and_the_sentence(
    converted: tuple[Any, str, str],
):
    check_page(converted[2])


@pytest.mark.browser
def test_nbconverts_page_opens_from_disk_without_an_error_or_a_request(
    converted: tuple[Any, str, str], page: Any, tmp_path: Path
):
    path = tmp_path / "page.html"
    path.write_text(converted[1], encoding="utf-8")
    page.goto(path.as_uri())
    pictures = page.locator(".jp-OutputArea-output svg[role=img]")
    assert pictures.count() >= 5
    for i in range(pictures.count()):
        box = pictures.nth(i).bounding_box()
        assert box["width"] > 200
        assert box["height"] > 30
    assert page.locator(".jp-OutputArea-output:empty").count() == 0


# ---------------------------------------------------------------- nbgrader


GRADING = """
import json
import sys
from pathlib import Path
from traitlets.config import Config
from nbgrader.apps import NbGraderAPI
from nbgrader.validator import Validator
import shutil

config = Config()
config.CourseDirectory.root = str(Path.cwd())
config.CourseDirectory.course_id = "course"
api = NbGraderAPI(config=config)


def ok(done):
    assert done["success"], done["error"] + done["log"]


ok(api.generate_assignment("lab", force=True, create=True))
shutil.copytree("release/lab", "submitted/ada/lab")
ok(api.autograde("lab", "ada", force=True, create=True))
ok(api.generate_feedback("lab", "ada", force=True))
print(json.dumps(Validator(config=config).validate("release/lab/lab.ipynb")))
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, Any]:
    """The notebook as a submission that was autograded, its feedback, and what the student's own validation said."""
    folder = tmp_path_factory.mktemp("graded")
    source = folder / "source" / "lab"
    source.mkdir(parents=True)
    nbformat.write(book(graded=True), source / "lab.ipynb")
    said = run(GRADING, folder)
    notebook = nbformat.read(folder / "autograded" / "ada" / "lab" / "lab.ipynb", 4)
    feedback = (folder / "feedback" / "ada" / "lab" / "lab.html").read_text(encoding="utf-8")
    return notebook, feedback, json.loads(said.strip().splitlines()[-1])


def test_nbgrader_grades_and_gives_feedback_with_the_picture_and_the_sentence(graded: tuple[Any, str, Any]):
    notebook, feedback, validated = graded
    check_outputs(notebook)
    check_page(feedback)
    assert validated == {}, "the student's validation finds nothing wrong"
    assert notebook.cells[-1].outputs == [], "the test passes"
