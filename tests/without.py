"""Run a notebook's cells as a browser's Python has to: `python tests/without.py lessons/01-….ipynb`.

There is no numpy, no matplotlib, no second thread and no second process. Prints one JSON line for each code cell: its
id, and what it would show, as `{mime type: length}`. Ends with 1 and names the cell when one fails.
"""

import ast
import importlib.abc
import json
import os
import sys
import threading
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MISSING = ("numpy", "matplotlib", "scipy", "pandas", "PIL")


class Missing(importlib.abc.MetaPathFinder):
    """Finds nothing where a browser's Python would find nothing."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in MISSING or name == "multiprocessing.synchronize":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def no_thread(*_: Any, **__: Any) -> None:
    raise RuntimeError("can't start new thread")


def as_in_a_browser() -> None:
    sys.meta_path.insert(0, Missing())
    threading.Thread.start = no_thread  # type: ignore[method-assign]
    sys.platform = "emscripten"
    os.environ.pop("DSLIB_STATIC", None)
    # Of IPython, which a kernel has always loaded, nothing is asked here but whether it is there.
    sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: None)  # type: ignore[assignment]


def shown(value: Any) -> dict[str, int]:
    """What a notebook would show of the value of a cell."""
    if value is None:
        return {}
    if hasattr(value, "_repr_mimebundle_"):
        made = value._repr_mimebundle_()
        data = made[0] if isinstance(made, tuple) else made
    else:
        data = {"text/plain": repr(value)}
    return {kind: len(str(content)) for kind, content in data.items()}


def run(cell: dict[str, Any], names: dict[str, Any]) -> dict[str, int]:
    """Run a cell, and say what its last line would show."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), names)
    if not isinstance(last, ast.Expr):
        return {}
    return shown(eval(compile(ast.Expression(last.value), cell["id"], "eval"), names))


def main(notebook: Path) -> None:
    main_module = types.ModuleType("__main__")
    sys.modules["__main__"] = main_module
    told = sys.stdout
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        with open(os.devnull, "w") as nowhere:
            sys.stdout = nowhere
            try:
                kinds = run(cell, vars(main_module))
            except BaseException as problem:
                sys.stdout = told
                raise SystemExit(
                    f"{notebook.name}, cell {cell['id']!r}: {type(problem).__name__}: {problem}"
                ) from problem
            finally:
                sys.stdout = told
        print(json.dumps([cell["id"], kinds]))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    as_in_a_browser()
    main(Path(sys.argv[1]).resolve())
