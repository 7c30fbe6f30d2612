"""dslib from end to end: a page for each of its files, and an overview drawn from its imports.

A page has the file as it is, cut before each class and function; what their docstrings say stands above the code. The
rooms of the house, and what may use what, are those of ``tests/test_architecture.py``.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pygments import highlight
from pygments.lexers.python import PythonLexer

from dslib.views.spacetime import svg_text
from dslib.views.static import View, names, picture

from . import prose
from .execute import ROOT
from .looks import Lean
from .paper import filled, head, raw, table

CODE = ROOT / "dslib"
RULES = ROOT / "tests" / "test_architecture.py"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Module:
    """One file of dslib: ``name`` is ``network`` or ``protocols.raft``, ``room`` where it stands."""

    path: Path
    name: str
    room: str
    text: str
    uses: set[str] = field(default_factory=set)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @property
    def says(self) -> str:
        """The first sentence of its docstring."""
        return re.split(r"(?<=[.?])\s", " ".join(self.docstring.split("\n\n")[0].split()))[0]

    @property
    def page(self) -> str:
        return self.name.replace(".", "/")

    @property
    def file(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


def rooms() -> dict[str, list[str]]:
    """The rooms and what stands in each, in order."""
    for node in ast.parse(RULES.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "ROOMS":
            found: dict[str, list[str]] = ast.literal_eval(node.value)
            return found
    raise ValueError(f"{RULES.name} has no table ROOMS")


def modules() -> list[Module]:
    """Every file of dslib, in the order to read them in: first as dslib's docstring lists them, then room by room."""
    place = {name: room for room, inside in rooms().items() for name in inside}
    found = {}
    for path in sorted(CODE.rglob("*.py")):
        parts = path.relative_to(CODE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = Module(path, name, place[parts[0]], path.read_text(encoding="utf-8"))
    for module in found.values():
        module.uses = set(_imports(module, set(found)))
    told = ast.get_docstring(ast.parse((CODE / "__init__.py").read_text(encoding="utf-8"))) or ""
    listed = re.search(r"in this order: ([^.]*)\.", " ".join(told.split()))
    order = [*(listed[1].split(", ") if listed else []), *place]
    rank = {name: number for number, name in reversed(list(enumerate(order)))}
    return sorted(found.values(), key=lambda one: (rank[one.name.partition(".")[0]], one.name))


def _imports(module: Module, known: set[str]) -> Iterator[str]:
    package = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
    for_types = {
        inner
        for node in module.tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level and node not in for_types:
            base = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                name = ".".join([*base, alias.name])
                used = name if name in known else ".".join(base)
                if used and used != module.name:
                    yield used


# -- a page for each file ----------------------------------------------------------------------------------------------


def page(module: Module, everything: list[Module]) -> str:
    """The file, annotated by its docstrings, for Sphinx: Markdown. Search leaves it to the reference."""
    link = Links(module, everything)
    lines = module.text.splitlines()
    out = [f"---\norphan: true\nnosearch: true\n---\n# `dslib/{module.file.removeprefix('dslib/')}`\n"]
    used_by = [one.name for one in everything if module.name in one.uses]
    about = [f"In {module.room}."]
    about += [f"Uses {link.listed(sorted(module.uses))}."] if module.uses else ["Uses nothing else of dslib."]
    about += [f"Used by {link.listed(used_by)}."] if used_by else []
    out.append(raw(f'<p class="about">{" ".join(about)}</p>{prose.html(module.docstring, link)}'))
    doc = docstring_lines(module.tree)
    for piece in pieces(module.tree, len(lines)):
        if piece.heading:
            out.append(f"## {piece.heading}\n")
        skipped = set(doc) | set(piece.skipped)
        code = "\n".join(lines[n - 1] for n in range(piece.first, piece.last + 1) if n not in skipped).strip("\n")
        said = prose.html(piece.docstring, link) if piece.docstring else ""
        anchor = f'<div id="{piece.anchor}" class="annotated">' if piece.anchor else '<div class="annotated">'
        shown = coloured(code) if code.strip() else ""
        if said or shown:
            out.append(raw(f"{anchor}{said}{shown}</div>"))
    return "\n".join(out)


@dataclass
class Piece:
    """Lines of a file that are read at once: ``first`` to ``last``, without those of the docstring."""

    first: int
    last: int
    heading: str = ""
    anchor: str = ""
    docstring: str = ""
    skipped: range = range(0)


def pieces(tree: ast.Module, length: int) -> list[Piece]:
    """A file, cut before each class and function, and in a class before each method that says what it does."""
    starts = [Piece(1, length)]
    for node in tree.body:
        if isinstance(node, Definition):
            starts.append(_piece(node, node.name, f"`{node.name}`"))
            if isinstance(node, ast.ClassDef):
                starts += [
                    _piece(inner, f"{node.name}.{inner.name}", "")
                    for inner in node.body
                    if isinstance(inner, Definition) and ast.get_docstring(inner)
                ]
    starts.sort(key=lambda piece: piece.first)
    cut = []
    for piece, following in zip(starts, [*starts[1:], Piece(length + 1, 0)], strict=True):
        piece.last = following.first - 1
        cut.append(piece)
    # What follows a class or a function at the left edge is no part of it.
    ends = {_first(node): node.end_lineno or node.lineno for node in tree.body if isinstance(node, Definition)}
    split: list[Piece] = []
    end = 0
    for piece in cut:
        end = ends.get(piece.first, end)
        if split and piece.first <= end < piece.last and not _inside(tree, piece.last):
            rest = Piece(end + 1, piece.last)
            piece.last = end
            split += [piece, rest]
        else:
            split.append(piece)
    return split


def _inside(tree: ast.Module, line: int) -> bool:
    return any(isinstance(n, Definition) and _first(n) <= line <= (n.end_lineno or 0) for n in tree.body)


def _first(node: Definition) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def _piece(node: Definition, anchor: str, heading: str) -> Piece:
    return Piece(_first(node), 0, heading, anchor, ast.get_docstring(node) or "", docstring_lines(node))


def docstring_lines(node: Definition | ast.Module) -> range:
    """Where its docstring stands."""
    if not ast.get_docstring(node):
        return range(0)
    first = node.body[0]
    return range(first.lineno, (first.end_lineno or first.lineno) + 1)


def coloured(code: str) -> str:
    """Code as HTML."""
    shown = highlight(code, PythonLexer(), Lean(nowrap=True)).rstrip()
    return f'<div class="highlight"><pre>{shown}</pre></div>'


class Links:
    """From a name that is mentioned on the page of ``module`` to where it stands."""

    def __init__(self, module: Module, everything: list[Module], up: str = "") -> None:
        self.module, self.by_name = module, {one.name: one for one in everything}
        self.up = up or "../" * module.name.count(".")
        self.own = {piece.anchor for piece in pieces(module.tree, module.text.count("\n"))} - {""}

    def to(self, name: str) -> str:
        """The address of a module's page."""
        return f"{self.up}{self.by_name[name].page}.html"

    def listed(self, modules: list[str]) -> str:
        return names([f'<a href="{self.to(name)}">{name}</a>' for name in modules[:7]]) + (
            f" and {len(modules) - 7} more" if len(modules) > 7 else ""
        )

    def __call__(self, name: str) -> str | None:
        name = name.removesuffix("()").removesuffix("(…)").removesuffix(".py").removeprefix("dslib.").replace("/", ".")
        if name in self.own:
            return f"#{name}"
        if name in self.by_name and name != self.module.name:
            return self.to(name)
        return None


# -- the overview ------------------------------------------------------------------------------------------------------

BOX, GAP, TOP, ROW = 176, 44, 126, 17
#: The picture lists so many files of a room.
MOST_SHOWN = 40


def architecture(everything: list[Module]) -> View:
    """The rooms and their files, and how often the files of one room use those of another."""
    order = list(rooms())
    counted = uses(everything)
    backwards = [pair for pair in counted if order.index(pair[0]) < order.index(pair[1])]
    often = sorted(counted, key=lambda pair: -counted[pair])
    said = [f"{user} use {used} {counted[user, used]} times" for user, used in often]
    files = Counter(module.room for module in everything)
    listed = names(f"{room} ({files[room]} files)" for room in order)
    finding = f"{len(everything)} files in {len(order)} rooms: {listed}. {'; '.join(said).capitalize()}. "
    finding += f"From right to left: {backwards}." if backwards else "Nothing is used from right to left."
    left = {room: 10.0 + number * (BOX + GAP) for number, room in enumerate(order)}
    inside = {room: shown_in(room, everything) for room in order}
    height = TOP + 40 + ROW * max(map(len, inside.values()))
    parts = []
    for room, x in left.items():
        parts.append(
            f'<rect x="{x:g}" y="{TOP}" width="{BOX}" height="{height - TOP - 4}" rx="8" stroke="currentColor" '
            'stroke-opacity=".5"/>'
        )
        parts.append(svg_text(x + BOX / 2, TOP + 20, room, "middle", weight=700))
        for number, (page, words) in enumerate(inside[room]):
            text = svg_text(x + 14, TOP + 42 + ROW * number, words, "start")
            parts.append(f'<a href="{page}.html">{text}</a>')
    thickest, labels = max(counted.values()), []
    for (user, used), number in counted.items():
        far = order.index(user) - order.index(used)
        start, end = left[user] + BOX / 2 - 26 * far, left[used] + BOX / 2 + 26 * far
        arc, label = _arc(start, end, TOP - 12 - 30 * far, 1.2 + 5 * number / thickest, number)
        parts.append(arc)
        labels.append(label)
    halo = 'stroke="var(--color-background-primary)" stroke-width="5" style="paint-order:stroke"'
    parts.append(f"<g {halo}>{''.join(labels)}</g>")
    return picture("The rooms of dslib", "", finding, left[order[-1]] + BOX + 10, height, parts)


def uses(everything: list[Module]) -> Counter[tuple[str, str]]:
    """How often a file of one room imports from one of another."""
    rooms_of = {module.name: module.room for module in everything}
    pairs = ((module.room, rooms_of[used]) for module in everything for used in sorted(module.uses))
    return Counter(pair for pair in pairs if pair[0] != pair[1])


def shown_in(room: str, everything: list[Module]) -> list[tuple[str, str]]:
    """The pages and names that the picture lists: files, and packages with the number of theirs."""
    tops = [module for module in everything if module.room == room and "." not in module.name]
    if len(tops) == 1:  # a room of one package: its files
        return [(m.page, m.name.rpartition(".")[2]) for m in everything if m.room == room][:MOST_SHOWN]
    several = Counter(module.name.partition(".")[0] for module in everything if "." in module.name)
    return [(m.page, f"{m.name} ({several[m.name]} files)" if several[m.name] else m.name) for m in tops]


def _arc(start: float, end: float, peak: float, width: float, number: int) -> tuple[str, str]:
    """An arrow over the rooms, and its number, which stands above it."""
    way = f"M{start:g} {TOP - 4}C{start:g} {peak:g} {end:g} {peak:g} {end:g} {TOP - 10}"
    top = TOP - 4 - 0.75 * (TOP - 4 - peak)
    return (
        f'<path d="{way}" stroke="currentColor" stroke-opacity=".5" stroke-width="{width:.1f}"/>'
        f'<path d="M{end - 5:g} {TOP - 12}L{end:g} {TOP - 1}L{end + 5:g} {TOP - 12}Z" fill="currentColor"/>',
        svg_text(round((start + end) / 2), round(top - 4 - width / 2), str(number), "middle", weight=700),
    )


def overview(everything: list[Module]) -> str:
    """The page that leads to all others."""
    told = ast.get_docstring(ast.parse((CODE / "__init__.py").read_text(encoding="utf-8"))) or ""
    link = Links(everything[0], everything)
    link.own = set()
    out = []
    for room in rooms():
        rows = "".join(
            f'<tr><th scope="row"><a href="{one.page}.html">{one.name}</a></th><td>{prose.words(one.says)}</td></tr>'
            for one in everything
            if one.room == room
        )
        out += [f"## {room[0].upper()}{room[1:]}\n", table(head("file", "what it is"), rows, f"Files of {room}")]
    # It holds links, so it is no image.
    picture = raw(architecture(everything).to_html().replace('role="img"', 'role="group"'))
    return filled("dslib", TOLD=raw(_in_order(prose.html(told, link), link)), PICTURE=picture, ROOMS="\n".join(out))


def _in_order(html: str, link: Links) -> str:
    """The paragraph that says in which order to read, with each file that it names linked."""
    before, found, after = html.partition("Read the files in this order:")
    order, end, rest = after.partition("</p>")
    named = re.compile(rf"\b({'|'.join(sorted(link.by_name, key=len, reverse=True))})\b")
    return before + found + named.sub(lambda one: f'<a href="{link.to(one[0])}">{one[0]}</a>', order) + end + rest
