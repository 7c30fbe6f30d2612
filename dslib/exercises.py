"""What a lab notebook needs: data of the learner's own, and checks that name the property that does not hold yet.

A check never prints the expected answer. It says which property failed, where, what the learner's function gave there,
and one hint: a nudge first, the rule's name on the second try, a worked sibling of the problem on the third. The texts
stand in ``hints.toml`` beside the notebook::

    [a-name]
    property = "What must hold, as a sentence."
    hints = ["a nudge", "the name of the rule", "a sibling, worked"]

A table ``[lab]`` of the same file says what holds for the whole lab: ``seconds``, the time that one check may take, and
``withheld``, the functions of ``dslib.slo`` that the lab asks for, so that a call from its notebook gets no answer.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import functools
import hashlib
import io
import linecache
import os
import re
import reprlib
import signal
import sys
import threading
import time
import tomllib
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, TextIO

from . import slo

COURSE = "what-could-go-wrong"  # the salt of the self-paced course
#: By the names that their code bears: modules of a packed library bear others than they are found under.
_MACHINERY = {__file__, contextlib.__file__, contextlib.contextmanager.__code__.co_filename}
PASSED = "visible checks passed; hidden checks run at grading"
SECONDS = 10  # that a check may take, where hints.toml says nothing else
SLOWER = 5  # times, at most, is a browser's Python slower than the same computer's own


class TookTooLong(BaseException):
    """Raised in code that ran longer than its time limit. It is no Exception, which a learner's code might catch."""


class Withheld(Exception):
    """A lab's notebook called a function of dslib that the lab asks for. Jupyter shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class CheckFailed(AssertionError):
    """A property of an exercise does not hold. Jupyter shows the message alone, without the check's own code."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Lab:
    """One learner's copy of a lab.

    ``learner`` is any name you like; keep it, because ``seed`` and with it your data come from it. ``seed`` is the same
    on every machine: the first 8 bytes of SHA-256 of the course's salt, lab and learner.

    A course has a salt of its own, so that its data are not last year's: in ``course.toml`` beside the notebook, or in
    the variables DS_COURSE and DS_COURSE_SALT where it is graded. Else it is self-paced, and ``print(lab)`` says so.

    Raises ValueError when ``learner`` is not a name, FileNotFoundError when the notebook does not run in its folder.
    """

    def __init__(
        self, name: str, learner: str = "self-paced", *, course: str | None = None, folder: str | Path = "."
    ) -> None:
        if not isinstance(learner, str) or not learner.strip():
            raise ValueError(f'learner {learner!r} is not a name: write some text, such as "ada"')
        self.name, self.learner = name, learner.strip()
        self.course, salt = _course(Path(folder)) if course is None else ("", course)
        digest = hashlib.sha256(f"{salt}/{name}/{self.learner}".encode()).digest()
        self.seed = int.from_bytes(digest[:8], "big")
        hints = Path(folder) / "hints.toml"
        if not hints.is_file():
            raise FileNotFoundError(
                f"{hints} is missing: open {name}.ipynb in its own folder, with the files it came with"
            )
        self._texts = tomllib.loads(hints.read_text(encoding="utf-8"))
        about = self._texts.pop("lab", {})
        self._seconds = about.get("seconds", SECONDS)
        notebook = sys._getframe(1).f_globals
        if notebook.get("__name__") == "__main__":
            _withhold(about.get("withheld", []), notebook)
        self._failures: dict[str, tuple[int, object]] = {}  # the hint given last, and to what

    def __str__(self) -> str:
        who = f"Learner {self.learner!r}, seed {self.seed}."
        if self.course:
            return f"{who} Course: {self.course}."
        return f"{who} Self-paced: no course.toml beside this notebook, so your data come from this name alone."

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """``with lab.check("a-name"):`` - the property holds if every assert of the block does.

        Raises CheckFailed that names the property and gives a hint. The next failure of the same check in one session
        gives the next hint, if the learner's function or what happened has changed since. Raises KeyError when
        ``hints.toml`` does not know the property.
        """
        if name not in self._texts:
            raise KeyError(f"{name!r} is no property of {self.name}; those are {', '.join(self._texts)}")
        try:
            with quiet(_Cut(sys.stdout)), time_limit(self._seconds * (SLOWER if sys.platform == "emscripten" else 1)):
                yield
        except (Exception, SystemExit, TookTooLong) as problem:
            raise CheckFailed(self._explain(name, problem)) from None
        self._failures.pop(name, None)
        print(PASSED)

    def _explain(self, name: str, problem: BaseException) -> str:
        prop, hints = self._texts[name]["property"], self._texts[name]["hints"]
        happened = what_happened(problem)
        message = failed(prop, happened)
        if _unwritten(problem):
            return message  # nothing to hint at yet
        level, before = self._failures.get(name, (0, None))
        now = happened, _functions_of(problem)
        if now != before:
            level = min(level + 1, len(hints))
        self._failures[name] = level, now
        message += f"\nHint {level} of {len(hints)}: {hints[level - 1].strip()}"
        if level < len(hints):
            message += "\nChange your function, run its cell, then this one. If it fails again, you get the next hint."
        return message


def _course(folder: Path) -> tuple[str, str]:
    """The name and the salt of the course that a lab belongs to."""
    file = folder / "course.toml"
    found = {}
    if file.is_file():
        with contextlib.suppress(UnicodeDecodeError, tomllib.TOMLDecodeError):
            found = tomllib.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(found.get(name), str) and found[name] for name in ("course", "salt")):
            raise ValueError(f"{file} is not as it came: fetch the lab again, and keep that file beside the notebook")
    if salt := os.environ.get("DS_COURSE_SALT"):
        return os.environ.get("DS_COURSE", ""), salt
    return found.get("course", ""), found.get("salt", COURSE)


def failed(prop: str, happened: str) -> str:
    """The beginning of every message about a property that does not hold."""
    return f"✗ {prop}\n  {happened}"


def what_happened(problem: BaseException) -> str:
    """An exception of a check, for the learner: which line of the check, or which line of their own function.

    An assert is told with the values that the learner's code gave, never with those that the check expects.
    """
    steps = _steps(problem)
    frames = traceback.StackSummary.extract(iter(steps))
    if _unwritten(problem) and isinstance(problem, NameError):
        return (
            f"`{problem.name}` is not defined: run the answer cell first, and read its message."
            " If it is no function of yours, run the cells above that one, too."
        )
    if _unwritten(problem):
        return f"There is no code in the answer cell yet{f' ({frames[-1].name})' if frames else ''}."
    if type(problem) is AssertionError and len(frames) == 1:
        lines = ["Not true yet. This line of the check failed:", f"      {frames[0].line}"]
        return "\n".join([*lines, *_loop_variables(*steps[0]), *_what_it_gave(*steps[0])])
    said = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    late = isinstance(problem, TookTooLong)
    lines = [f"I{str(problem)[1:]} Does a loop never end? It was here:" if late else f"It stopped with {said}"]
    written = []
    for frame in frames:
        name = "this cell" if frame.name == "<module>" else frame.name
        written.append(f"      {name}, line {frame.lineno}:  {frame.line}")
    lines += written if len(written) <= 6 else [*written[:3], f"      … {len(written) - 5} more calls", *written[-2:]]
    for step in steps[:1]:
        lines += _loop_variables(*step) + (_what_it_gave(*step) if len(steps) == 1 else [])
    return "\n".join(lines)


def _steps(problem: BaseException) -> list[tuple[FrameType, int]]:
    """The frames from the check to where it stopped, each with its line."""
    walk = traceback.walk_tb(problem.__traceback__)
    return [(frame, line) for frame, line in walk if frame.f_code.co_filename not in _MACHINERY]


def _unwritten(problem: BaseException) -> bool:
    """Whether the check found no answer to look at: an empty answer cell, or one that never ran to its end."""
    missing = isinstance(problem, NameError) and not isinstance(problem, UnboundLocalError)
    return isinstance(problem, NotImplementedError) or (missing and len(_steps(problem)) == 1)


def _functions_of(problem: BaseException) -> list[object]:
    """The code of the functions that a check names. It compares equal when a cell ran again without a change."""
    named = [frame.f_globals.get(name) for frame, _ in _steps(problem)[:1] for name in frame.f_code.co_names]
    return [value.__code__ for value in named if isinstance(value, FunctionType)]


# -- what a lab's notebook may not call -------------------------------------------------------------------------------

_NOT_HERE = "__withheld__"  # in the names of such a notebook: the functions that give it no answer
_guards: dict[Any, Any] = {}  # by the function that they stand before, and by themselves


def _withhold(functions: list[str], notebook: dict[str, Any]) -> None:
    """Have these functions of dslib.slo refuse calls that come from this notebook, under whatever name it has them."""
    notebook[_NOT_HERE] = frozenset(functions)
    for name in functions:
        function = getattr(slo, name)
        if function not in _guards:
            _guards[function] = _guarded(function)
            _guards[_guards[function]] = _guards[function]
        ours = [vars(module) for key, module in list(sys.modules.items()) if key.partition(".")[0] == "dslib"]
        for names in [notebook, *ours]:
            for key in [key for key, value in names.items() if value is function]:
                names[key] = _guards[function]


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    name = function.__name__

    @functools.wraps(function)
    def guard(*arguments: Any, **settings: Any) -> Any:
        frame: FrameType | None = sys._getframe(1)
        # Who asks? Up to the first that is ours, or a lab's notebook; through map, numpy or a file beside the notebook.
        while frame and str(frame.f_globals.get("__name__")).partition(".")[0] not in ("dslib", "grading"):
            if name in frame.f_globals.get(_NOT_HERE, ()):
                raise Withheld(
                    f"this lab asks for what slo.{name} does, so it gives no answer here: write it yourself."
                )
            frame = frame.f_back
        return function(*arguments, **settings)

    return guard


# -- the failing line of a check ---------------------------------------------------------------------------------------

_SHORT = reprlib.Repr()
_SHORT.maxtuple = _SHORT.maxlist = _SHORT.maxset = _SHORT.maxfrozenset = _SHORT.maxdict = 8
_SHORT.maxstring, _SHORT.maxother = 80, 120


def _short(value: object) -> str:
    """``value`` as Python writes it, cut where it is long, and without addresses: they differ from run to run."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(_SHORT.repr(value).split()))


def _statements(frame: FrameType, line: int) -> tuple[str, list[ast.stmt]]:
    """The source around a frame, and its statements that ``line`` is part of, from the outermost to the innermost."""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        nodes = list(ast.walk(ast.parse(source)))  # breadth first
    except SyntaxError:
        return source, []
    return source, [
        node for node in nodes if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]


def _left(statement: ast.stmt) -> ast.AST:
    """What an assert is about: the left side of its comparison. The right side may hold what nobody should see."""
    if not isinstance(statement, ast.Assert):
        return statement
    test = statement.test
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.Compare):
        return test.left
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.args:
        return test.args[0]  # math.isclose(left, right)
    return test


def _loop_variables(frame: FrameType, line: int) -> list[str]:
    """The variables of the loops around a line of a check that its left side uses, when they are plain values."""
    _, statements = _statements(frame, line)
    if not statements:
        return []
    used = {node.id for node in ast.walk(_left(statements[-1])) if isinstance(node, ast.Name)}
    loops = [statement.target for statement in statements[:-1] if isinstance(statement, ast.For)]
    names = [node.id for loop in loops for node in ast.walk(loop) if isinstance(node, ast.Name) and node.id in used]
    values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
    plain = [
        f"{name} = {_short(value)}"
        for name, value in values.items()
        if type(value) in (str, int, float, bool, type(None))
    ]
    return [f"  with {', '.join(plain)}"] if plain else []


class _Put(ast.NodeTransformer):
    """Put a name in the place of one expression."""

    def __init__(self, expression: ast.AST, name: str) -> None:
        self._expression, self._name = expression, name

    def visit(self, node: ast.AST) -> Any:
        if node is self._expression:
            return ast.copy_location(ast.Name(self._name, ast.Load()), node)
        return super().visit(node)


def _what_it_gave(frame: FrameType, line: int) -> list[str]:
    """What the left side of a failed assert gave, or, when it cannot be computed, what its innermost part gave.

    To know it, it is computed once more. Nothing is said when the assert would hold this time: the function then gives
    something else each time, and the value that failed is gone.
    """
    source, statements = _statements(frame, line)
    if not statements or not isinstance(statements[-1], ast.Assert):
        return []
    names = {**frame.f_globals, **frame.f_locals}

    def compute(expression: ast.expr) -> Any:
        return eval(compile(ast.Expression(expression), frame.f_code.co_filename, "eval"), names)

    part: ast.AST | None = _left(statements[-1])
    while isinstance(part, ast.expr) and not isinstance(part, ast.Constant | ast.BoolOp):
        try:
            with quiet():
                value = compute(part)
                gave = _short(value)
            break
        except (Exception, SystemExit):
            part = _inside(part)
    else:
        return []
    written = ast.get_source_segment(source, part) or ""
    if not written or "\n" in written:
        written = ast.unparse(part)
    names["<left>"] = value
    with contextlib.suppress(Exception, SystemExit), quiet():
        if compute(_Put(part, "<left>").visit(statements[-1].test)):
            return []
    return [f"  `{written}` {'is' if isinstance(part, ast.Name) else 'gave'} {gave}"]


def _inside(part: ast.expr) -> ast.expr | None:
    """What an expression takes something out of: ``f(x)`` in ``f(x)["a"]``, in ``f(x).a`` and in ``len(f(x))``."""
    if isinstance(part, ast.Attribute | ast.Subscript):
        return part.value
    return part.args[0] if isinstance(part, ast.Call) and part.args else None


class _Cut(io.TextIOBase):
    """Writes on to ``out`` until it has been enough."""

    def __init__(self, out: TextIO, most: int = 10_000) -> None:
        self._out, self._left = out, most

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._left > 0:
            self._out.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._out.write("\n… what your code printed goes on; the rest is left out here\n")
        return len(text)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop the block with TookTooLong when it runs longer.

    A signal does it where there is one and this is the main thread; elsewhere another thread asks Python to raise; in
    a browser, which has neither, Python looks at the clock as it goes. The last two work between two steps of Python
    code and not inside of one, such as ``time.sleep(1_000)``.
    """
    by_signal = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with _by_steps(seconds) if sys.platform == "emscripten" else (_by_signal if by_signal else _by_thread)(seconds):
        try:
            yield
        except TookTooLong as problem:
            problem.args = (f"it did not return within {seconds:g} seconds.",)
            raise


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    running, times = True, 0

    def ring(_: int, frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if times == 2:  # a loop around a bare `except:` went on; now it hardly comes to its next step
            signal.setitimer(signal.ITIMER_REAL, 3e-5, 3e-5)
        if running and not (frame and frame.f_code.co_filename in _MACHINERY):
            raise TookTooLong

    began, handler = time.monotonic(), signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, min(seconds, 0.1))
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's alarm, such as a test's
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 1e-3), interval)


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    raise_in, here = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(threading.get_ident())
    done, one_at_a_time = threading.Event(), threading.Lock()

    def watch() -> None:
        late = done.wait(seconds)
        while not late:
            with one_at_a_time:
                if not done.is_set():
                    raise_in(here, ctypes.py_object(TookTooLong))
            late = done.wait(0.1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with one_at_a_time:
            done.set()
            raise_in(here, None)


_deadlines: list[float] = []  # of the limits that hold now, where Python looks at the clock itself
_STEPS = 500  # calls and turns of loops between two looks at the clock


@contextlib.contextmanager
def _by_steps(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    with contextlib.nullcontext() if _deadlines else _watching():  # one watch looks at all deadlines
        _deadlines.append(deadline)
        try:
            yield
        finally:
            _deadlines.remove(deadline)


@contextlib.contextmanager
def _watching() -> Iterator[None]:
    """Have Python look at the clock now and then while the block runs, and raise when a deadline is past."""
    monitoring: Any = vars(sys)["monitoring"]  # since Python 3.12, and a browser's is newer
    me, events = monitoring.PROFILER_ID, monitoring.events
    seldom, always = events.PY_START | events.JUMP, events.INSTRUCTION
    left, raised, wait = _STEPS, 0, 0

    def late() -> bool:
        return bool(_deadlines) and time.monotonic() >= min(_deadlines)

    def look(*_: Any) -> None:
        nonlocal left, raised
        left -= 1
        if left <= 0:
            left = _STEPS
            if late():
                monitoring.set_events(me, always)  # not raised here: what is raised in a jump passes by its handlers
            else:
                raised = 0

    def stop(code: Any, _: int) -> None:
        nonlocal raised, wait
        wait -= 1
        if wait > 0 or code.co_filename in _MACHINERY:
            return
        raised += 1
        # Once, and then there is time to leave. What goes on, around a bare `except:`, hardly comes to its next step.
        wait = 60 if raised % 2 else raised % 3
        if raised == 1 or not late():
            monitoring.set_events(me, seldom)
        raise TookTooLong

    calls = {events.PY_START: look, events.JUMP: look, events.INSTRUCTION: stop}
    monitoring.use_tool_id(me, "time_limit")
    try:
        for event, call in calls.items():
            monitoring.register_callback(me, event, call)
        monitoring.set_events(me, seldom)
        yield
    finally:
        monitoring.set_events(me, events.NO_EVENTS)
        for event in calls:
            monitoring.register_callback(me, event, None)
        monitoring.free_tool_id(me)


@contextlib.contextmanager
def quiet(stdout: io.TextIOBase | None = None) -> Iterator[None]:
    """Nothing on standard error, where a grader would take it for a failure; prints go to ``stdout`` or nowhere."""
    with (
        contextlib.redirect_stdout(io.StringIO() if stdout is None else stdout),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
