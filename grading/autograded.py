"""The notebook in nbgrader's autograded folder: the one that ran, rebuilt from the release, with what came of it.

Formgrader, `nbgrader generate_feedback` and manual grading read it. It holds no hidden check, its outputs are plain
text, and no file of a submission comes along: Formgrader would hand out a page that a student left there.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from dslib.exercises import failed

from .course import Course
from .judge import Outcome, Verdict
from .rebuild import plain_text as plain_text

PASSED = "passed"
PICTURES = ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"
#: How a sentence begins that tells of no case: there was nothing to ask.
_NO_CASE = "there is no ", "there was no "
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>&:])")


def copied(course: Course, outcome: Outcome) -> dict[str, Any]:
    """The rebuilt notebook as data."""
    whole = copy.deepcopy(course.notebook)
    number = 0
    for index, (cell, slot) in enumerate(zip(whole["cells"], course.slots, strict=True)):
        if slot.answer:
            text = outcome.answers.get(slot.grade_id, slot.source)
            cell["source"] = text if text == slot.source else _as_utf8(text)
        elif slot.cell_id == "learner":
            cell["source"] = f"LEARNER = {_as_utf8(outcome.learner)!r}"
        if not slot.code:
            continue
        outputs: list[dict[str, Any]] = []
        if slot.prop:
            number += 1
            outputs.append(_check(course, slot.prop, outcome.verdicts.get(slot.prop)))
        elif ran := outcome.ran.get(index):
            number += 1
            if ran.printed:
                outputs.append(_stream(plain_text(ran.printed)))
            for text in ran.shown:
                outputs.append(_result(plain_text(text), number))
            if ran.error:
                outputs.append(_error("Error", plain_text(ran.error)))
        cell["outputs"] = outputs
        cell["execution_count"] = number if slot.prop or index in outcome.ran else None
    if note := _note(outcome):
        whole["cells"].insert(0, {"cell_type": "markdown", "id": "graded", "metadata": {}, "source": note})
    return whole


def _as_utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _check(course: Course, name: str, verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return _error("CheckFailed", "It was not checked.")
    if verdict.passed:
        return _stream(f"{PASSED}\n")
    hint = course.hints[name]
    happened = plain_text(verdict.sentence)
    if happened.startswith(_NO_CASE):
        happened = happened[0].upper() + happened[1:]
    else:
        happened = f"A check found a case: {happened}"
    return _error("CheckFailed", f"{failed(hint.sentence, happened)}\nHint: {hint.hints[0]}")


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _result(text: str, number: int) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": number}


def _error(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": "", "traceback": text.split("\n")}


def _note(outcome: Outcome) -> str:
    """What was odd, for whoever reads the graded notebook; nothing where all was as it should be."""
    sentences = [finding.sentence for finding in outcome.findings]
    if outcome.status != "ok" and outcome.sentence not in sentences:
        sentences.insert(0, outcome.sentence)
    if not sentences:
        return ""
    return "\n".join(["**Graded with remarks**\n", *(f"- {_harmless(sentence)}" for sentence in sentences)])


def _harmless(text: str) -> str:
    """Text that says in markdown what it says: a mark with a backslash is a letter, < and & too."""
    return _MARKS.sub(r"\\\1", " ".join(plain_text(text).split()))


def write(
    course: Course, outcome: Outcome, folder: Path, timestamp: bytes | None, permissions: int,
    secret: bytes = b"",
) -> None:  # fmt: skip
    """Write the notebook, the release's pictures and what `nbgrader submit` left into ``folder``, as all there is."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    written = json.dumps(copied(course, outcome), indent=1, ensure_ascii=False)
    (fresh / f"{course.lab}.ipynb").write_text(written + "\n", encoding="utf-8")
    if timestamp is not None:
        (fresh / "timestamp.txt").write_bytes(timestamp)
    if secret:
        (fresh / "submission_secret.txt").write_bytes(secret)
    for path in course.release.rglob("*"):
        if path.suffix.lower() in PICTURES:
            target = fresh / path.relative_to(course.release)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for path in fresh.rglob("*"):
        if path.is_file():
            os.chmod(path, permissions)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(fresh, folder)
