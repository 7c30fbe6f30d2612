"""What is taken over from a submission, and that nothing in a submission stops the reading."""

import json
import os
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.course import Course
from grading.rebuild import Unreadable, read_folder, rebuild
from labs import ROOT

COURSE = Course("lab0", ROOT)
RELEASE = json.loads((ROOT / "labs/lab0/lab0.ipynb").read_text(encoding="utf-8"))
MINE = "def share(good, valid):\n    return 1\n"


def rebuilt(whole):
    return rebuild(json.dumps(whole).encode(), COURSE.slots)


def cells_of(whole):
    return {cell["id"]: cell for cell in whole["cells"]}


def kinds(found):
    return [finding.kind for finding in found.findings]


@pytest.fixture
def whole():
    one = deepcopy(RELEASE)
    cells_of(one)["answer-share"]["source"] = MINE
    return one


def test_only_the_answers_are_taken_over(whole):
    found = rebuilt(whole)
    assert found.answers["answer-share"] == MINE
    assert set(found.answers) == {"answer-share", "answer-longest", "explain"}
    assert found.learner == "self-paced"
    assert found.findings == []


def test_a_source_may_be_a_list_of_lines(whole):
    cells_of(whole)["answer-share"]["source"] = MINE.splitlines(keepends=True)
    assert rebuilt(whole).answers["answer-share"] == MINE


def test_of_copies_the_last_with_an_answer_counts(whole):
    empty = deepcopy(cells_of(RELEASE)["answer-share"])
    other = deepcopy(empty) | {"source": MINE.replace("1", "2")}
    whole["cells"] += [other, empty]
    found = rebuilt(whole)
    assert found.answers["answer-share"] == other["source"]
    assert kinds(found) == ["duplicated cell"]


@pytest.mark.parametrize("keeps_ids", [True, False])
def test_cells_without_labels_are_found(whole, keeps_ids):
    cells_of(whole)["explain"]["source"] = "Because it is asked about others."
    for number, cell in enumerate(whole["cells"]):
        cell["metadata"] = {}
        if not keeps_ids:
            cell["id"] = f"c{number}"
    found = rebuilt(whole)
    assert found.answers["answer-share"] == MINE
    assert found.answers["explain"] == "Because it is asked about others."
    assert kinds(found) == ["recovered cell"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('LEARNER = "Zoë"', "Zoë"),
        ("LEARNER = 'ada'  # me", "ada"),
        ('LEARNER = "a\\nb"', "a b"),
        ('LEARNER = "x" + input()', "self-paced"),
        ("LEARNER = 5", "self-paced"),
        ('LEARNER = "' + "x" * 300 + '"', "x" * 100),
        ('LEARNER = "\\ud800"', "self-paced"),
    ],
)
def test_the_name_is_plain_text_or_none(whole, line, name):
    cells_of(whole)["learner"]["source"] = line
    assert rebuilt(whole).learner == name


@pytest.mark.parametrize("folder", ["labs", "solutions"])
def test_the_notebook_of_another_lab_is_called_so(folder):
    lab1 = Course("lab1").slots
    for lab in ("lab0", "lab2", "lab4"):  # two of them have a written answer of the same name
        with pytest.raises(Unreadable, match="none of its answer cells belongs to this lab") as raised:
            rebuild((ROOT / folder / lab / f"{lab}.ipynb").read_bytes(), lab1)
        assert raised.value.kind == "another notebook"


def test_half_a_character_is_replaced(whole):
    cells_of(whole)["answer-share"]["source"] = "# \ud800 \U0001f600"
    rebuilt(whole).answers["answer-share"].encode("utf-8")


any_json = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([True, "answer-share", MINE]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "tags", "id"]), inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["cells", "nbformat", "metadata", "worksheets"]), any_json),
    st.dictionaries(
        st.sampled_from(["source", "metadata", "id", "cell_type", "input", "outputs"]), any_json, min_size=1
    ),
    st.integers(0, len(RELEASE["cells"]) - 1),
)
def test_no_json_stops_it(fields, cell, place):
    """The release with one cell broken, then with other fields of the whole: answers, or a sentence."""
    one = deepcopy(RELEASE)
    one["cells"][place] = {**one["cells"][place], **cell}
    for whole in (one, {**one, **fields}, {"nbformat": 3, "worksheets": [{"cells": cell}, fields]}):
        try:
            found = rebuilt(whole)
        except Unreadable:
            continue
        for text in (*found.answers.values(), found.learner, *(finding.sentence for finding in found.findings)):
            text.encode("utf-8")


@given(st.binary(max_size=200))
def test_no_bytes_stop_it(raw):
    with pytest.raises(Unreadable):
        rebuild(raw, COURSE.slots)


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="links and rights as Unix has them")
def test_only_plain_files_of_the_folder_are_opened(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    folder = tmp_path / "lab0"
    folder.mkdir()
    (folder / "lab0.ipynb").symlink_to(secret)
    with pytest.raises(Unreadable, match="link"):
        read_folder(folder, "lab0", COURSE.files)
    (folder / "lab0.ipynb").unlink()
    (folder / "lab0.ipynb").mkdir()
    with pytest.raises(Unreadable, match="is a folder"):
        read_folder(folder, "lab0", COURSE.files)
    (folder / "lab0.ipynb").rmdir()
    (folder / "lab0.ipynb").write_text("{}")
    (folder / "\x1b[2Jx\n").write_text("")
    (folder / "timestamp.txt").write_text("")
    read, findings = read_folder(folder, "lab0", COURSE.files)
    assert read == b"{}"
    assert [finding.sentence for finding in findings] == ["Not used: '?[2Jx?'."]


def test_two_notebooks_of_other_names_have_to_be_sorted_out(tmp_path):
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(Unreadable, match=r"Rename the one to be graded to lab0\.ipynb") as caught:
        read_folder(tmp_path, "lab0", COURSE.files)
    assert caught.value.kind == "renamed"
