"""tools/nbfmt.py: what it forgives, what it puts right, and that every committed notebook passes."""

import json
from pathlib import Path
from typing import Any

import nbfmt
import pytest

ROOT = Path(__file__).resolve().parent.parent


def code(source: str = "run()", **keys: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "run", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return cell | keys


def markdown(source: str, **keys: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source} | keys


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    kept = {"kernelspec": nbfmt.KERNEL, "language_info": nbfmt.LANGUAGE}
    return {"cells": list(cells), "metadata": kept | metadata, "nbformat": 4, "nbformat_minor": 5}


def ids(*cells: dict[str, Any]) -> list[str]:
    tidied, _ = nbfmt.tidy(notebook(*cells))
    return [cell["id"] for cell in tidied["cells"]]


def test_every_committed_notebook_is_in_the_house_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert nbfmt.main(["--check"]) == 0, capsys.readouterr().out
    assert list(nbfmt.notebooks([ROOT / "lessons"])), "no lesson was looked at: the check above proved nothing"


def test_a_tidy_notebook_is_left_byte_for_byte_alone(tmp_path: Path) -> None:
    path = tmp_path / "tidy.ipynb"
    tidied, _ = nbfmt.tidy(notebook(markdown("# Größe × Zahl"), code()))
    path.write_bytes(nbfmt.written(tidied).encode())
    before = path.read_bytes()
    assert nbfmt.main(["--check", str(path)]) == 0
    assert nbfmt.main(["--write", str(path)]) == 0
    assert path.read_bytes() == before
    assert "Größe ×".encode() in before, "text is written as itself, not as \\u escapes"


MESSY = {
    "outputs": (notebook(code(outputs=[{"output_type": "stream", "name": "stdout", "text": "hi"}])), "outputs go"),
    "count": (notebook(code(execution_count=7)), "execution count 7 goes"),
    "widgets": (notebook(code(), widgets={"state": {}}), "widget state goes"),
    "scrolled": (notebook(code(metadata={"scrolled": True})), "metadata 'scrolled' goes"),
    "timings": (notebook(code(metadata={"execution": {}})), "metadata 'execution' goes"),
    "kernel": (notebook(code(), kernelspec={"name": "my-venv"}), "kernelspec becomes python3"),
    "language": (
        notebook(code(), language_info={"name": "python", "version": "3.11.7"}),
        "language_info becomes python",
    ),
    "no id": (notebook(markdown("## The majority rule", id=None)), "id None becomes 'the-majority-rule'"),
    "invented id": (notebook(code("class Server(Node):", id="3f2a9c1e")), "id '3f2a9c1e' becomes 'server-node'"),
    "old minor": (notebook(code()) | {"nbformat_minor": 4}, "format 4.4 becomes 4.5"),
    "carriage return": (notebook(code("a\r\nb")), "line ends become LF"),
}


@pytest.mark.parametrize("name", MESSY)
def test_what_a_run_leaves_behind_is_named_and_removed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messy, fix = MESSY[name]
    path = tmp_path / "messy.ipynb"
    path.write_text(json.dumps(messy))
    before = path.read_bytes()

    assert nbfmt.main(["--check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "messy.ipynb" in said
    assert fix in said
    assert "nbfmt.py --write" in said, "the fix is in the message"
    assert path.read_bytes() == before, "a check changes nothing"

    assert nbfmt.main(["--write", str(path)]) == 0
    once = path.read_bytes()
    assert nbfmt.main(["--check", str(path)]) == 0
    nbfmt.main(["--write", str(path)])
    assert path.read_bytes() == once, "writing twice is writing once"


def test_the_complaint_names_the_cell() -> None:
    _, fixes = nbfmt.tidy(notebook(markdown("# One"), code(execution_count=3)))
    assert fixes == ["cell 2 (run): execution count 3 goes"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nbformat": 3}', "<<<<<<< HEAD\n{}"])
def test_a_file_that_is_no_notebook_is_named_and_not_touched(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    assert nbfmt.main(["--write", str(path)]) == 1
    assert "broken.ipynb: " in capsys.readouterr().out
    assert path.read_text() == text


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert nbfmt.main(["--check", str(tmp_path / "gone.ipynb")]) == 1
    assert "there is no such file" in capsys.readouterr().out


def test_good_ids_stay_whatever_the_text_becomes() -> None:
    assert ids(markdown("# New title", id="objectives"), code("other()", id="d5-1-run")) == ["objectives", "d5-1-run"]


def test_of_two_cells_with_one_id_the_first_keeps_it() -> None:
    assert ids(code("first()", id="run"), code("second()", id="run")) == ["run", "second"]


def test_a_made_id_never_takes_one_that_a_later_cell_has() -> None:
    assert ids(markdown("# Quorum", id=None), markdown("text", id="quorum")) == ["quorum-2", "quorum"]


def test_a_graded_cell_is_named_after_its_grade_id_and_keeps_its_metadata() -> None:
    graded = {"grade": True, "grade_id": "availability-test", "points": 2, "schema_version": 3, "checksum": "1f"}
    tidied, _ = nbfmt.tidy(notebook(code(id=None, metadata={"nbgrader": graded, "tags": ["keep"], "scrolled": 1})))
    assert tidied["cells"][0]["id"] == "availability-test"
    assert tidied["cells"][0]["metadata"] == {"nbgrader": graded, "tags": ["keep"]}


def test_cells_without_words_get_numbered_ids() -> None:
    assert ids(code("", id=None), code("", id=None), markdown("***", id=None)) == [
        "code-cell",
        "code-cell-2",
        "markdown-cell",
    ]


def test_the_form_is_the_one_that_jupyter_itself_writes() -> None:
    """Else a student's first save would change every line of the file."""
    import nbformat

    tidied, _ = nbfmt.tidy(notebook(markdown("# Größe\n\ntwo"), code("a\nb\n")))
    ours = nbfmt.written(tidied)
    theirs = nbformat.writes(nbformat.reads(ours, as_version=4)) + "\n"
    assert theirs == ours
