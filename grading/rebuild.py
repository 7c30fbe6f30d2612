"""Rebuild, don't trust: what a submission says, as far as it is taken over.

The notebook that runs is the release. Of a submission only the sources of the answer cells are taken, found by
nbgrader's ``grade_id``, and the name that the learner gave. Tags, metadata, outputs, other cells and other files are
looked at, reported where they are odd, and never run. Whatever a submission is made of, this returns, and soon: it
never parses what somebody else wrote, but for one short line with a name.
"""

from __future__ import annotations

import ast
import json
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

#: Bytes and cells of a submitted notebook, characters of one answer, entries of its folder that are looked at.
MOST_BYTES, MOST_CELLS, MOST_ANSWER, MOST_ENTRIES = 20_000_000, 5_000, 200_000, 2_000
SELF_PACED = "self-paced"


class Finding(NamedTuple):
    """Something odd about a submission, in a plain sentence; ``kind`` is one word or two for the table."""

    kind: str
    sentence: str


class Unreadable(Exception):
    """There is no notebook to grade; ``kind`` is the status, the text a sentence for the instructor."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class Slot(NamedTuple):
    """A cell of the release, as the grader needs it."""

    grade_id: str  # empty for a cell that nbgrader does not know
    cell_id: str
    code: bool
    source: str
    answer: bool  # the learner writes it
    graded: bool  # it has points
    points: float
    prop: str  # the property that a check cell is about, else empty

    @property
    def manual(self) -> bool:
        return self.answer and self.graded


class Rebuilt(NamedTuple):
    """What was taken over: ``answers`` by grade_id (the release's own text where there is none), and what was odd."""

    answers: dict[str, str]
    learner: str
    findings: list[Finding]


# -- words of a submission ---------------------------------------------------------------------------------------------

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,30}[ -/]{0,3}[@-~]|[ -~])?")
#: What steers a terminal, turns the direction of writing or cannot be seen at all; and what is no character.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)


def plain_text(text: str) -> str:
    """Text of a submission, fit for a terminal, a page, a file and a database. Nothing that can be read is left out."""
    return _CONTROLS.sub("\ufffd", _ESCAPES.sub("", text.replace("\r\n", "\n")))


# -- files -------------------------------------------------------------------------------------------------------------


def read_folder(folder: Path, lab: str, known: frozenset[str]) -> tuple[bytes, list[Finding]]:
    """The submitted notebook's bytes, and what else lies in the folder. ``known`` are the files of the release.

    Only plain files in the folder itself are opened, never what a link points to. Raises Unreadable.
    """
    findings: list[Finding] = []
    notebooks: list[str] = []
    odd: list[tuple[str, str]] = []
    extra: list[str] = []
    proper = f"{lab}.ipynb"
    if os.path.islink(folder):
        raise Unreadable("link", "The folder of the submission is a link to somewhere else: it was not opened.")
    try:
        entries = list(islice(_walk(folder), MOST_ENTRIES + 1))
    except OSError as problem:
        raise Unreadable("unreadable", f"The folder cannot be read: {problem.strerror}.") from None
    if len(entries) > MOST_ENTRIES:
        said = f"There are more than {MOST_ENTRIES:,} files and folders: most were not looked at."
        findings.append(Finding("extra file", said))
        entries = [entry for entry in entries if "/" not in entry[0]]
        if os.path.lexists(folder / proper):
            entries.append((proper, "link" if (folder / proper).is_symlink() else "file"))
    for name, kind in sorted(set(entries)):
        if kind == "folder":
            continue
        if kind not in ("file", "folder that cannot be read"):
            odd.append((name, kind))
        elif name.endswith(".ipynb") and "/" not in name and not name.startswith("."):
            notebooks.append(name)
        elif name not in known | {"timestamp.txt", "submission_secret.txt"} and ".ipynb_checkpoints/" not in name:
            extra.append(name)
    for name, kind in odd[:5]:
        said = f"{_quoted(name)} is a {kind}: it was not opened."
        findings.append(Finding("link" if kind == "link" else "extra file", said))
    if len(odd) > 5:
        findings.append(Finding("extra file", f"{len(odd) - 5:,} more links, devices and pipes were not opened."))
    if extra:
        shown = ", ".join(map(_quoted, extra[:5])) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
        findings.append(Finding("extra file", f"Not used: {shown}."))
    if proper in notebooks:
        chosen = proper
        others = [name for name in notebooks if name != proper]
        if others:
            findings.append(Finding("extra file", f"Not used: {', '.join(map(_quoted, others[:5]))}."))
    elif not notebooks:
        if (proper, "link") in entries:
            raise Unreadable("link", f"{proper} is a link to somewhere else: it was not opened.")
        if what := next((kind for name, kind in entries if name == proper), ""):
            raise Unreadable("unreadable", f"{proper} is a {what}: it was not opened.")
        raise Unreadable("no notebook", f"There is no {proper} in the submission.")
    elif len(notebooks) > 1:
        names = ", ".join(map(_quoted, notebooks[:5]))
        raise Unreadable(
            "renamed", f"There is no {proper}, but {names}. Rename the one to be graded to {proper} and grade again."
        )
    else:
        chosen = notebooks[0]
        findings.append(Finding("renamed", f"The notebook is called {_quoted(chosen)}; it was graded as {proper}."))
    return _read(folder / chosen), findings


def _walk(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """What is in a folder, and then what is in its folders."""
    inner: list[tuple[Path, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_symlink():
                yield name, "link"
            elif entry.is_dir(follow_symlinks=False):
                yield name, "folder"  # an empty one takes time, too
                if depth < 4:
                    inner.append((Path(entry.path), f"{name}/"))
            else:
                yield name, "file" if entry.is_file(follow_symlinks=False) else "device or pipe"
    for path, name in inner:
        try:
            yield from _walk(path, name, depth + 1)
        except OSError:
            yield name, "folder that cannot be read"


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as problem:
        raise Unreadable("unreadable", f"{_quoted(path.name)} cannot be opened: {problem.strerror}.") from None
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable("unreadable", f"{_quoted(path.name)} is no plain file.")
        if about.st_size > MOST_BYTES:
            size = f"{about.st_size / 1e6:,.0f} MB"
            raise Unreadable(
                "too large",
                f"{_quoted(path.name)} has {size}, which is too much to read. Clear its outputs and grade it again.",
            )
        return file.read(MOST_BYTES + 1)


def _quoted(name: str) -> str:
    """A name that somebody else chose, safe to print on one line."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return f"'{text if len(text) <= 60 else text[:57] + '…'}'"


# -- notebooks ---------------------------------------------------------------------------------------------------------


def rebuild(raw: bytes, slots: Sequence[Slot]) -> Rebuilt:
    """Take the answers out of a submitted notebook. Raises Unreadable when it is no notebook of this lab."""
    cells, findings = _cells(raw)
    by_grade_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for cell in cells:
        if name := _grade_id(cell):
            by_grade_id[name].append(cell)
    ours = {slot.grade_id for slot in slots if slot.grade_id}
    strays = _Strays(cells)
    answers: dict[str, str] = {}
    recovered: list[str] = []
    for number, slot in enumerate(slots):
        if not slot.answer and not slot.graded:
            continue
        found = by_grade_id.get(slot.grade_id, [])
        if not found and (stray := strays.find(slot, slots[number - 1].source if number else "")):
            found = [stray]
            recovered.append(slot.grade_id)
        if slot.answer:
            answers[slot.grade_id] = _answer(slot, found, findings)
        elif slot.grade_id not in recovered:
            _look_at(slot, found, findings)
    if recovered:
        cells_of = "The cell" if len(recovered) == 1 else "The cells"
        findings.append(
            Finding(
                "recovered cell",
                f"{cells_of} {', '.join(recovered)} had lost nbgrader's label, as other editors drop it; found by id, "
                "by what is in it or by place.",
            )
        )
    # All labs have cells of the same names for setting up and for a written answer; to this one belong its functions.
    own = {slot.grade_id: slot.source for slot in slots if slot.answer and slot.code}
    if not own.keys() & by_grade_id.keys() and all(answers[name] == source for name, source in own.items()):
        raise Unreadable("another notebook", "It is a notebook, but none of its answer cells belongs to this lab.")
    for name in sorted(set(by_grade_id) - ours)[:5]:
        findings.append(
            Finding("extra cell", f"A cell calls itself {_quoted(name)}, which this lab does not have: not used.")
        )
    if tags := sorted({tag for cell in cells for tag in _tags(cell)} - {"raises-exception"}):  # the release's own
        findings.append(Finding("tags", f"Cells carry tags ({', '.join(map(_quoted, tags[:5]))}): no effect."))
    return Rebuilt(answers, _learner(cells), findings)


def _cells(raw: bytes) -> tuple[list[dict[str, Any]], list[Finding]]:
    if not raw.strip():
        raise Unreadable("empty", "The notebook is an empty file.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("unreadable", "The notebook is not text (UTF-8).") from None
    try:
        # A number in JSON may be as long as it likes, and Python reads it in quadratic time: none is needed here.
        whole = json.loads(text, parse_int=_small, parse_constant=lambda name: None)
    except RecursionError:
        raise Unreadable("unreadable", "The notebook is nested so deeply that it cannot be read.") from None
    except ValueError as problem:
        if "<<<<<<<" in text and ">>>>>>>" in text:
            raise Unreadable("unreadable", "The notebook holds an unfinished merge of git (<<<<<<<).") from None
        where = f" at line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else ""
        raise Unreadable("unreadable", f"The notebook is damaged: its JSON breaks off{where}.") from None
    findings: list[Finding] = []
    version = whole.get("nbformat") if isinstance(whole, dict) else None
    cells = whole.get("cells") if isinstance(whole, dict) else None
    if cells is None and version == 3:
        sheets = whole.get("worksheets")
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        cells = [cell for found in lists if isinstance(found, list) for cell in found] if lists else None
    if not isinstance(cells, list):
        raise Unreadable("unreadable", "The file is JSON, but no notebook: it has no list of cells.")
    if version not in (3, 4):
        findings.append(
            Finding("format", f"The notebook says that its format is {_short(version)}; it was read as format 4.")
        )
    if len(cells) > MOST_CELLS:
        raise Unreadable("too large", f"The notebook has {len(cells):,} cells, which is too much to look through.")
    kept = [cell for cell in cells if isinstance(cell, dict)]
    if len(kept) < len(cells):
        findings.append(Finding("damaged cell", f"{len(cells) - len(kept)} of its cells are no cells."))
    return kept, findings


def _small(text: str) -> int:
    return int(text) if len(text) < 20 else 0


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text[:30]


def _source(cell: Mapping[str, Any]) -> str | None:
    """A cell's source; None when it is damaged. Halves of characters, which no file can hold, are replaced."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or len(source) > MOST_ANSWER:
        return None
    return source if source.isascii() else source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _metadata(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = cell.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _grade_id(cell: Mapping[str, Any]) -> str:
    ours = _metadata(cell).get("nbgrader")
    name = ours.get("grade_id") if isinstance(ours, dict) else None
    return name if isinstance(name, str) else ""


def _tags(cell: Mapping[str, Any]) -> list[str]:
    tags = _metadata(cell).get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _answer(slot: Slot, cells: list[dict[str, Any]], findings: list[Finding]) -> str:
    """The learner's text for one answer cell; the release's own where there is none."""
    if not cells:
        findings.append(
            Finding("missing cell", f"The answer cell {slot.grade_id} is not there: it counts as not answered.")
        )
        return slot.source
    readable = [(cell, text) for cell in cells if (text := _source(cell)) is not None]
    if not readable:
        findings.append(
            Finding(
                "damaged cell",
                f"The answer cell {slot.grade_id} is damaged or far too long: it counts as not answered.",
            )
        )
        return slot.source
    written = [(cell, text) for cell, text in readable if text.strip() != slot.source.strip()] or readable
    cell, text = written[-1]
    if len(readable) > 1:
        which = (
            "the only one with an answer"
            if len(written) == 1 and text.strip() != slot.source.strip()
            else "the last one with an answer"
        )
        findings.append(
            Finding("duplicated cell", f"{len(readable)} cells are called {slot.grade_id}; {which} was graded.")
        )
    kind = cell.get("cell_type")
    if slot.code and kind not in ("code", None):
        findings.append(
            Finding("changed cell", f"The answer cell {slot.grade_id} had become {_short(kind)}; it was run as code.")
        )
    return text


class _Strays:
    """The cells without nbgrader's label, which other editors drop."""

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        before = ["", *(_source(cell) or "" for cell in cells)]
        self._cells = [
            (cell, source, previous.strip())
            for cell, source, previous in zip(cells, before[1:], before, strict=False)
            if not _grade_id(cell)
        ]

    def find(self, slot: Slot, before: str) -> dict[str, Any] | None:
        """The cell that was ``slot``: by its id, the functions that it defines, its text, or the cell ``before``."""
        wanted = defined(slot.source) if slot.code and slot.answer else frozenset()
        for fits in (
            lambda cell, source, previous: cell.get("id") == slot.cell_id,
            lambda cell, source, previous: wanted and wanted <= defined(source),
            lambda cell, source, previous: not slot.answer and source.strip() == slot.source.strip(),
            lambda cell, source, previous: not slot.code and before.strip() and previous == before.strip(),
        ):
            found = [cell for cell, *about in self._cells if _is_code(cell) == slot.code and fits(cell, *about)]
            if found:
                return found[-1]
        return None


def _is_code(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code"


_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def defined(source: str) -> frozenset[str]:
    """The functions and classes that a cell defines, as far as its lines tell."""
    return frozenset(_DEFINED.findall(source))


def _look_at(slot: Slot, cells: list[dict[str, Any]], findings: list[Finding]) -> None:
    """Say what was done to a cell that learners do not write. The release's own is used in any case."""
    if not cells:
        findings.append(
            Finding("missing cell", f"The check cell {slot.grade_id} had been deleted; the course's own was used.")
        )
        return
    if len(cells) > 1:
        findings.append(
            Finding(
                "duplicated cell", f"There are {len(cells)} cells called {slot.grade_id}; the course's own was used."
            )
        )
    for cell in cells:
        about = _metadata(cell)["nbgrader"]
        changed = (_source(cell) or "").strip() != slot.source.strip() or cell.get("cell_type") not in ("code", None)
        flags = (
            about.get("grade") is not True or about.get("solution") is not False or about.get("points") != slot.points
        )
        if changed or flags:
            what = "text" if changed else "points or kind"
            findings.append(
                Finding(
                    "changed cell",
                    f"The {what} of the check cell {slot.grade_id} had been changed; the course's own was used.",
                )
            )
            return


_NAME = re.compile(r"""^LEARNER[ \t]*=[ \t]*("[^"\n]{1,400}"|'[^'\n]{1,400}')[ \t]*(?:#.*)?$""", re.MULTILINE)


def _learner(cells: list[dict[str, Any]]) -> str:
    """The name in the line that says LEARNER = "…", if it is plain text."""
    for cell in cells:
        if cell.get("cell_type") != "code" or not (line := _NAME.search(_source(cell) or "")):
            continue
        try:
            name = ast.literal_eval(line[1])
        except (SyntaxError, ValueError):
            continue
        name = "".join(c if c.isprintable() else " " for c in name).strip()[:100]
        if name:
            return name
    return SELF_PACED
