"""The reference: each public name of dslib, how it is called, and what its docstring says.

A page for each file, or package, at the top of dslib.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from html import escape

from pygments import highlight
from pygments.lexers.python import PythonLexer

from . import prose
from .looks import Lean
from .paper import filled, raw
from .source import Definition, Links, Module, rooms


def pages(everything: list[Module]) -> dict[str, str]:
    """By name of the page: the index, and a page for each file or package at the top of dslib."""
    tops = list(dict.fromkeys(module.name.partition(".")[0] for module in everything))
    made = {}
    says = {}
    for top in tops:
        inside = [one for one in everything if one.name == top or one.name.startswith(f"{top}.")]
        says[top] = inside[0].says
        made[f"reference/{top}.md"] = _page(top, inside, everything)
    out = []
    for room, names in rooms().items():
        out.append(f"## {room[0].upper()}{room[1:]}\n")
        out += [f"- [`dslib.{name}`]({name}.md): {_plain(says[name])}" for name in names]
        out.append("")
    made["reference/index.md"] = filled("reference", NAMES="\n".join(out))
    return made


def _plain(text: str) -> str:
    """A docstring's sentence in Markdown."""
    return text.replace("``", "`").replace("<", "&lt;")


def _page(top: str, inside: list[Module], everything: list[Module]) -> str:
    out = [f"---\norphan: true\n---\n# dslib.{top}\n", raw(prose.html(inside[0].docstring))]
    for module in inside:
        entries = list(_entries(module, everything, "###" if len(inside) > 1 else "##"))
        if not entries:
            continue
        if len(inside) > 1:
            out.append(f"## {module.name}\n")
            if module is not inside[0]:
                out.append(raw(f"<p>{prose.words(module.says)}</p>"))
        out += entries
    return "\n".join(out)


def _entries(module: Module, everything: list[Module], level: str) -> Iterator[str]:
    link = Links(module, everything, up="../dslib/")
    link.own = set()
    for node in module.tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            code = f"../dslib/{module.page}.html#{node.name}"
            yield f"{level} {node.name}\n"
            parts = [_signature(node), prose.html(ast.get_docstring(node) or "", link)]
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    public = isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                    if public and isinstance(inner, ast.FunctionDef) and ast.get_docstring(inner):
                        said = prose.html(ast.get_docstring(inner) or "", link)
                        parts.append(f'<div class="method">{_signature(inner)}{said}</div>')
            parts.append(f'<p class="recorded"><a href="{escape(code)}">Its code</a></p>')
            yield raw(f'<div class="entry">{"".join(parts)}</div>')


def _signature(node: Definition) -> str:
    """How it is called, as in the code; of a class its fields, or what it is made with."""
    if isinstance(node, ast.ClassDef):
        fields = [
            ast.unparse(one)
            for one in node.body
            if isinstance(one, ast.AnnAssign) and not ast.unparse(one.target).startswith("_")
        ]
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
        lines = [f"class {node.name}{bases}:"]
        lines += [f"    def __init__({ast.unparse(made[0].args)})"] if made else [f"    {one}" for one in fields]
        text = "\n".join(lines) if len(lines) > 1 else lines[0].rstrip(":")
    else:
        kinds = [
            ast.unparse(one)
            for one in node.decorator_list
            if ast.unparse(one) in ("property", "classmethod", "staticmethod")
        ]
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        text = "".join(f"@{kind}\n" for kind in kinds) + f"def {node.name}({ast.unparse(node.args)}){result}"
    shown = highlight(text, PythonLexer(), Lean(nowrap=True)).rstrip()
    return f'<div class="highlight signature"><pre>{shown}</pre></div>'
