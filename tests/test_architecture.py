"""The import table of the house, and the habits that keep a run the same everywhere.

Data flows one way: scenario -> simulation -> trace, history -> metrics, checkers -> views -> lessons. A room may use
what lies to its left, never to its right. A new module of dslib is put into the table below, where it belongs.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ROOMS = {
    "the simulation": [
        "node",
        "buckets",
        "links",
        "places",
        "routes",
        "network",
        "simulation",
        "clocks",
        "trace",
        "history",
        "clients",
        "resilience",
        "services",
        "operations",
        "faults",
        "disk",
        "lies",
        "signatures",
        "nemesis",
        "leases",
    ],
    "verdicts": [
        "specs",
        "checkers",
        "sequential",
        "consensus_checks",
        "consistency",
        "metrics",
        "slo",
        "histogram",
        "requestlog",
    ],
    "situations": [
        "testing",
        "exercises",
        "chatday",
        "faultweeks",
        "chatmonth",
        "chatquarter",
        "chatweeks",
        "chatmap",
        "trials",
        "schedules",
        "protocols",
        "wire",
        "maelstrom",
        "failures",
        "scenarios",
        "fanout",
        "sweeps",
        "story",
        "detection",
        "hunt",
    ],
    "views": ["views"],
}
ROOM = {module: number for number, modules in enumerate(ROOMS.values()) for module in modules}

# What is not in Python itself, and who may use it. Elsewhere the standard library is all there is.
ANYWHERE_IN = {"views": {"anywidget", "IPython", "ipywidgets", "matplotlib", "networkx", "numpy", "traitlets"}}
INSIDE_FUNCTIONS_OF = {"slo": {"numpy"}, "metrics": {"numpy"}, "histogram": {"numpy"}}

FILES = sorted(path for path in (ROOT / "dslib").rglob("*.py"))


def name_of(path: Path) -> str:
    """The table's name for a file: `network` for dslib/network.py, `protocols` for dslib/protocols/raft.py."""
    first = path.relative_to(ROOT / "dslib").parts[0]
    return first.removesuffix(".py")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=FILES, ids=shown)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def parsed(path: Path) -> ast.Module:
    return with_parents(ast.parse(path.read_text(encoding="utf-8")))


def with_parents(tree: ast.Module) -> ast.Module:
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            child.parent = parent  # type: ignore[attr-defined]
    return tree


def parents(node: ast.AST) -> Iterator[ast.AST]:
    while (node := getattr(node, "parent", None)) is not None:  # type: ignore[assignment]
        yield node


def imports(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Each import statement with the full name of what it loads: ("from .node import Node" gives "dslib.node")."""
    package = ["dslib", *path.relative_to(ROOT / "dslib").parent.parts]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = ROOT / Path(*module.split("."), alias.name)
                is_module = inner.with_suffix(".py").is_file() or inner.is_dir()
                yield node, f"{module}.{alias.name}" if is_module else module


def only_for_types(node: ast.AST) -> bool:
    return any(isinstance(parent, ast.If) and "TYPE_CHECKING" in ast.dump(parent.test) for parent in parents(node))


def inside_a_function(node: ast.AST) -> bool:
    return any(isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for parent in parents(node))


def test_every_module_has_a_room(file: Path) -> None:
    name = name_of(file)
    assert name == "__init__" or name in ROOM, (
        f"{shown(file)} is in no room: add {name!r} to ROOMS in {shown(Path(__file__))}, left of whatever uses it"
    )
    assert file.stem not in ("utils", "util", "common", "helpers", "misc"), (
        f"{shown(file)}: a function without a home is a missing noun. Name the file after the thing it is about"
    )


def test_a_room_uses_only_what_lies_to_its_left(file: Path) -> None:
    name = name_of(file)
    for node, module in imports(file):
        parts = module.split(".")
        if parts[0] != "dslib":
            continue
        if len(parts) == 1:
            assert ROOM.get(name, 0) >= ROOM["testing"], (
                f"{shown(file)}:{node.lineno} imports the whole of dslib: name the module it needs"
            )
        elif name != "__init__":
            assert ROOM[parts[1]] <= ROOM[name], (
                f"{shown(file)}:{node.lineno} imports {module}, which lies to its right. Move what it needs to the left"
            )
        else:
            assert ROOM[parts[1]] < ROOM["views"], f"{shown(file)}:{node.lineno}: `import dslib` must not load views"


def test_only_views_use_more_than_the_standard_library(file: Path) -> None:
    name = name_of(file)
    for node, module in imports(file):
        top = module.split(".")[0]
        if top == "dslib" or top in sys.stdlib_module_names or top in ANYWHERE_IN.get(name, ()):
            continue
        where = f"{shown(file)}:{node.lineno} imports {module}"
        assert top in INSIDE_FUNCTIONS_OF.get(name, ()), f"{where}: the core runs on the standard library alone"
        assert inside_a_function(node) or only_for_types(node), f"{where} on loading: import it inside the function"


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    uses: dict[str, set[str]] = {}
    for path in FILES:
        me = ".".join(["dslib", *path.relative_to(ROOT / "dslib").with_suffix("").parts]).removesuffix(".__init__")
        loaded = [module for node, module in imports(path) if not only_for_types(node) and not inside_a_function(node)]
        uses[me] = {module for module in loaded if module.startswith("dslib") and module != me}

    def circle(module: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
        if module in path:
            return (*path[path.index(module) :], module)
        found = (circle(used, (*path, module)) for used in sorted(uses.get(module, ())))
        return next((one for one in found if one), None)

    for module in uses:
        found = circle(module, ())
        assert not found, f"imports in a circle: {' -> '.join(found or ())}"


def test_importing_dslib_loads_nothing_but_the_standard_library() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules); import dslib; "
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(dslib.__file__, *sorted(tops - sys.stdlib_module_names))"
    )
    said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert Path(said[0]).parent == ROOT / "dslib", "another dslib was imported: this test looked at the wrong one"
    assert said[1:] == ["dslib"]


# ---------------------------------------------------------------- the same run everywhere


def test_dice_come_from_a_seeded_random(file: Path) -> None:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            names = {alias.name for alias in node.names}
            assert names == {"Random"}, f"{shown(file)}:{node.lineno}: only random.Random(seed) is repeatable: {names}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random":
            # `self.random.…` is a stream; only the module's own functions share hidden state.
            assert node.attr == "Random" or not module_is_imported(file, "random"), (
                f"{shown(file)}:{node.lineno}: random.{node.attr} draws from a generator that no seed of ours sets"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            assert called != "Random" or node.args or node.keywords, (
                f"{shown(file)}:{node.lineno}: Random() without a seed is different each time"
            )
    forbidden = {"secrets", "uuid"} & {module.split(".")[0] for _, module in imports(file)}
    assert not forbidden, f"{shown(file)} imports {forbidden}: a run could not be repeated"


def module_is_imported(path: Path, name: str) -> bool:
    return any(isinstance(node, ast.Import) and module == name for node, module in imports(path))


def test_no_wall_clock(file: Path) -> None:
    """Simulated time is `sim.now`. A checker may limit how long it thinks, and a lab how long a check takes; a sweep
    measures how long a run takes, to share the work out and to say how far it is; views talk to people; outside the
    simulator a node has real time."""
    if name_of(file) == "views":
        return
    for node, module in imports(file):
        assert module.split(".")[0] != "datetime", f"{shown(file)}:{node.lineno}: simulated time is sim.now"
        if module == "time":
            real = name_of(file) in ("checkers", "exercises", "fanout", "schedules", "maelstrom")
            assert real, f"{shown(file)}:{node.lineno}: simulated time is sim.now"
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time":
            assert node.attr in ("monotonic", "perf_counter") or not module_is_imported(file, "time"), (
                f"{shown(file)}:{node.lineno}: time.{node.attr} makes a verdict depend on the hour"
            )


SET_METHODS = {"union", "intersection", "difference", "symmetric_difference"}
ORDER_DOES_NOT_MATTER = {"sorted", "set", "frozenset", "any", "all", "len", "min", "max"}
TAKES_IN_ORDER = {"list", "tuple", "enumerate", "iter", "next", "map", "filter", "zip", "join", "fromkeys", "extend"}


class Sets:
    """Which expressions of a file are surely sets: literals, calls, annotations, and names that were given one."""

    def __init__(self, tree: ast.Module) -> None:
        self.names: set[tuple[ast.AST | None, str]] = set()
        for _ in range(3):  # a name may be given a set by way of another name
            for node in ast.walk(tree):
                self.learn(node)

    def learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign) and self.is_set(node.value):
            for target in node.targets:
                self.add(target)
        elif isinstance(node, ast.AnnAssign) and names_a_set_type(node.annotation):
            self.add(node.target)
        elif isinstance(node, ast.arg) and node.annotation is not None and names_a_set_type(node.annotation):
            self.names.add((scope(node), node.arg))

    def add(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            owner = enclosing_class(target) if scope(target) is None else None  # a dataclass's field, say
            self.names.add((owner or scope(target), target.id))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            self.names.add((enclosing_class(target), target.attr))

    def is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(attr=attr, value=value)) if attr in SET_METHODS | {"copy"}:
                return attr in SET_METHODS or self.is_set(value)
            case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
                return any(self.is_set(side) or is_keys(side) for side in (left, right))
            case ast.Name(id=name):
                return (scope(node), name) in self.names or (None, name) in self.names
            case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                return (enclosing_class(node), attr) in self.names
        return False


def is_keys(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"


def names_a_set_type(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation).replace(" | None", "").strip("'\"")
    return text.partition("[")[0] in ("set", "frozenset", "Set", "AbstractSet", "MutableSet")


def scope(node: ast.AST) -> ast.AST | None:
    """The function a name belongs to; None for the module."""
    functions = (parent for parent in parents(node) if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef))
    return next(functions, None)


def enclosing_class(node: ast.AST) -> ast.AST | None:
    return next((parent for parent in parents(node) if isinstance(parent, ast.ClassDef)), None)


def consumed_without_order(node: ast.AST) -> bool:
    """Whether a comprehension or *star goes straight into sorted(), set() and the like, or into {...}."""
    parent = getattr(node, "parent", None)
    return isinstance(parent, ast.Set) or (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ORDER_DOES_NOT_MATTER
        and parent.args[:1] == [node]
        and not any(word.arg == "key" for word in parent.keywords)  # of two that tie, the first one wins
    )


def walks_over_sets(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression that is surely a set and is walked in its own order, which differs from process to process."""
    sets = Sets(tree)
    for node in ast.walk(tree):
        walked: list[ast.expr] = []
        match node:
            case ast.For(iter=over) | ast.YieldFrom(value=over) | ast.FormattedValue(value=over):
                walked = [over]
            case ast.Starred(value=over):
                walked = [] if consumed_without_order(node) else [over]
            case ast.ListComp(generators=generators) | ast.GeneratorExp(generators=generators):
                walked = [] if consumed_without_order(node) else [generator.iter for generator in generators]
            case ast.DictComp(generators=generators):
                walked = [generator.iter for generator in generators]
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=arguments):
                if called in TAKES_IN_ORDER:
                    walked = arguments
                elif called == "pop" and not arguments and isinstance(node.func, ast.Attribute):
                    walked = [node.func.value]
        yield from (expression for expression in walked if sets.is_set(expression))


def test_a_set_is_never_walked_in_its_own_order(file: Path) -> None:
    for walked in walks_over_sets(parsed(file)):
        pytest.fail(
            f"{shown(file)}:{walked.lineno}: the order of the set `{ast.unparse(walked)}` differs between processes. "
            "Write sorted(...) around it, or keep the names in a dict or tuple"
        )


WALKS = {
    "for name in {'a', 'b'}: use(name)": 1,
    "def f(names: set[str]):\n    return [n for n in names]": 1,
    "def f(names: frozenset[str] | None):\n    return list(names)": 1,
    "class A:\n    def a(self):\n        self.up = set()\n    def b(self):\n        return tuple(self.up)": 1,
    "a = {1} | {2}\nb = a\nfor x in b: pass": 1,
    "x = ', '.join(a.keys() - b.keys())": 1,
    "first = next(iter({1, 2}))": 1,
    "s = {1}\ns.pop()": 1,
    "s = {1}\nprint(f'{s}')": 1,
    "s = {1}\nprint(*s)": 1,
    "class A:\n    up: set[str]\n    def b(self):\n        return tuple(self.up)": 1,
    "class A:\n    up: set[str]\ndef f(up):\n    return tuple(up)": 0,
    "s = {1}\nx = sorted({*s, 2})": 0,
    "for name in sorted({'a', 'b'}): use(name)": 0,
    "s = {1}\nx = sorted(n + 1 for n in s)": 0,
    "s = {1}\nx = any(n > 1 for n in s)": 0,
    "s = {1}\nx = max(n + 1 for n in s)": 0,
    "s = {1}\nx = max((n for n in s), key=size)": 1,
    "s = {1}\nx = sorted((n for n in s), key=size)": 1,
    "s = {1}\nx = {n + 1 for n in s}": 0,
    "def f(names: dict[str, int]):\n    return list(names)": 0,
    "def f(s: set[int]): pass\ndef g(s: list[int]):\n    return list(s)": 0,
}


@pytest.mark.parametrize("source", WALKS)
def test_the_set_check_sees_what_it_should(source: str) -> None:
    assert len(list(walks_over_sets(with_parents(ast.parse(source))))) == WALKS[source]
