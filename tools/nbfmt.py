"""Hold the committed notebooks to one form: `python tools/nbfmt.py --check | --write [notebook or folder ...]`.

A notebook in git has no outputs, no execution counts and no widget state, so that a diff shows what a person changed.
Its cells have short readable ids that stay (links and nbgrader rely on them), its kernel is `python3`, and its JSON has
one-space indents, LF line ends and a final newline. nbgrader's metadata and cell tags are kept.

`--check` names each file, cell and fix, and leaves with 1 when there is one. `--write` makes the fixes.
Without a path: lessons/, solutions/ and labs/.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("lessons", "solutions", "labs")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
KEPT_IN_NOTEBOOK = ("kernelspec", "language_info", "title")
KEPT_IN_CELL = ("nbgrader", "tags", "deletable", "editable", "jupyter")
CELL_KEYS = {
    "code": ("cell_type", "execution_count", "id", "metadata", "outputs", "source"),
    "markdown": ("attachments", "cell_type", "id", "metadata", "source"),
    "raw": ("attachments", "cell_type", "id", "metadata", "source"),
}
GOOD_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_ID = 40
# What JupyterLab and nbgrader invent: a UUID, or eight or more hex digits. It tells a reviewer nothing.
INVENTED = re.compile(r"(^|-)(?=[a-f]*[0-9])[0-9a-f]{8,}(-|$)")


class Unreadable(Exception):
    """A file that is no notebook that this program can put right."""


def tidy(notebook: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The notebook in the house's form, and a sentence for each thing that was not. The argument is left alone."""
    fixes: list[str] = []
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise Unreadable("is not a notebook of format 4: open it in JupyterLab, save it, and try again")
    if notebook.get("nbformat_minor") != 5:
        fixes.append(f"format 4.{notebook.get('nbformat_minor')} becomes 4.5")
    metadata = notebook.get("metadata", {})
    kept = {key: metadata[key] for key in KEPT_IN_NOTEBOOK if key in metadata}
    for key in metadata:
        if key == "widgets":
            fixes.append("widget state goes")
        elif key not in kept:
            fixes.append(f"metadata {key!r} goes")
    for key, value in (("kernelspec", KERNEL), ("language_info", LANGUAGE)):
        if kept.get(key) != value:
            fixes.append(f"{key} becomes {value['name']}")
        kept[key] = value
    ids = settled_ids(notebook["cells"])
    cells = []
    for number, (cell, name) in enumerate(zip(notebook["cells"], ids, strict=True), start=1):
        tidied, wrong = tidy_cell(cell, name)
        cells.append(tidied)
        fixes += [f"cell {number} ({name}): {fix}" for fix in wrong]
    return {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}, fixes


def tidy_cell(cell: dict[str, Any], name: str) -> tuple[dict[str, Any], list[str]]:
    fixes = []
    kind = cell.get("cell_type")
    if kind not in CELL_KEYS:
        raise Unreadable(f"has a cell of type {kind!r}: it must be code, markdown or raw")
    metadata = cell.get("metadata", {})
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    if cell.get("id") != name:
        fixes.append(f"id {cell.get('id')!r} becomes {name!r}")
    if cell.get("outputs"):
        fixes.append("outputs go")
    if cell.get("execution_count") is not None:
        fixes.append(f"execution count {cell['execution_count']} goes")
    if dropped := [key for key in metadata if key not in KEPT_IN_CELL]:
        fixes.append(f"metadata {', '.join(map(repr, dropped))} goes")
    if dropped := [key for key in cell if key not in CELL_KEYS[kind]]:
        fixes.append(f"key {', '.join(map(repr, dropped))} goes")
    if "\r" in text:
        fixes.append("line ends become LF")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    filled = {
        **cell,
        "id": name,
        "metadata": {key: metadata[key] for key in sorted(metadata) if key in KEPT_IN_CELL},
        "source": text.splitlines(keepends=True),
        "execution_count": None,
        "outputs": [],
    }
    return {key: filled[key] for key in CELL_KEYS[kind] if key in filled}, fixes


def settled_ids(cells: list[dict[str, Any]]) -> list[str]:
    """An id for each cell: the one it has where that is good and not taken, else one made from its first words."""
    taken = {cell["id"] for cell in cells if is_good_id(cell.get("id"))}
    used: set[str] = set()
    ids = []
    for cell in cells:
        name = str(cell.get("id"))
        if name not in taken or name in used:
            name = wanted = readable_id(cell)
            count = 1
            while name in taken or name in used:
                count += 1
                name = f"{wanted}-{count}"
        used.add(name)
        ids.append(name)
    return ids


def is_good_id(name: object) -> bool:
    return (
        isinstance(name, str)
        and len(name) <= LONGEST_ID
        and bool(GOOD_ID.fullmatch(name))
        and not INVENTED.search(name)
    )


def readable_id(cell: dict[str, Any]) -> str:
    """nbgrader's grade_id where there is one, else up to four words of the first line: a class, a heading, a call."""
    grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    line = next((line for line in text.splitlines() if re.search(r"[A-Za-z]", line)), "")
    if cell.get("cell_type") == "code":
        line = re.sub(r"^(class|def|from|import|async)\b", "", line.strip())
    words = [word.lower() for word in re.findall(r"[A-Za-z0-9]+", grade_id or line)]
    while words and not words[0][0].isalpha():
        words.pop(0)
    name = "-".join(words[:4])[:30].rstrip("-")
    return name if is_good_id(name) else f"{cell.get('cell_type', 'cell')}-cell"


def written(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode()
        notebook = json.loads(text)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not JSON (line {error.lineno}: {error.msg}); is a merge conflict left in it?") from None
    if not isinstance(notebook, dict):
        raise Unreadable("is JSON, but not a notebook")
    return text, notebook


def notebooks(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in found.parts)
        else:
            yield path


def main(arguments: list[str]) -> int:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="name what is wrong; change nothing")
    mode.add_argument("--write", action="store_true", help="put it right")
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks or folders (else lessons, solutions, labs)")
    asked = parser.parse_args(arguments)
    count = wrong = 0
    for path in notebooks(asked.paths or [ROOT / name for name in FOLDERS if (ROOT / name).is_dir()]):
        count += 1
        shown = path.resolve().relative_to(ROOT) if path.resolve().is_relative_to(ROOT) else path
        try:
            text, notebook = read(path)
            tidied, fixes = tidy(notebook)
        except FileNotFoundError:
            print(f"{shown}: there is no such file")
            wrong += 1
            continue
        except Unreadable as error:
            print(f"{shown}: {error}")
            wrong += 1
            continue
        if written(tidied) == text:
            continue
        for fix in fixes or ["indents, key order, line ends or the final newline differ"]:
            print(f"{shown}: {fix}")
        if asked.write:
            path.write_bytes(written(tidied).encode())
        else:
            wrong += 1
    if wrong and asked.check:
        print(f"{wrong} of {count} notebooks need a change. Most are made by: python tools/nbfmt.py --write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
