"""How the hidden checks ask a learner's functions, and how they put into words what they found.

A property is one function ``a_property(student, dice, learner)`` in the module of a lab. It calls the learner's
functions as ``student.name(arguments)`` and raises ``NotTrue`` with a sentence about a case that breaks it. The
sentence is shown to the learner, so it never holds the right answer. At the end of the module of a lab stands::

    LAB = Properties("lab1", globals())
    PROPERTIES, failures, broken, require = LAB.parts()

What crosses between a property and a learner's function is plain: None, bool, numbers, text, lists, tuples,
dictionaries, the NamedTuples that the task names, and ``Named("parse_short")`` for a function that the notebook has.
No question holds what follows from an answer: questions are handed out ahead, and would give it away.
Lists and dictionaries are copied on the way. So the two may as well live in two processes, with a pipe between them:
a NamedTuple then travels as the names and values of its fields, and ``Named`` as the name that it is. A list that is
asked about several times goes as ``Often(list)``.

Some labs have a function ``known(learner)``, too: what the judge and the learner's own cells both ask dslib for.
"""

import inspect
import math
import os
import re
import reprlib
import tomllib
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from numbers import Real
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from dslib.exercises import CheckFailed, TookTooLong, failed, quiet, time_limit

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
#: The variable with the seed of one lab's hidden checks, from the instructor's file.
SEED = "DS_CHECKS_SEED"
#: Seconds that the learner's functions have for one property: a hundred times what the reference needs.
LIMIT_S = 20
#: A longer answer than this is none.
MOST_ITEMS = 1_000_000


class NotTrue(Exception):
    """A case that breaks the property, as a sentence for the learner."""


class Named(NamedTuple):
    """As an argument: the function of this name that the notebook has."""

    name: str


class Often(Sequence[Any]):
    """As an argument: a list of these things. However often it is asked about, it is packed for the way once."""

    def __init__(self, things: Iterable[Any]) -> None:
        self._things = tuple(things)
        self.packed = b""  # by whoever sends it, for the next time

    def __len__(self) -> int:
        return len(self._things)

    def __getitem__(self, index: Any) -> Any:
        return self._things[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._things)


class Known(NamedTuple):
    """What one of dslib's functions always returns for these arguments, or for any of several ways to write them."""

    function: Callable[..., Any]
    ways: tuple[tuple[Any, ...], ...]
    value: Any


class Student:
    """The learner's functions: ``student.request_sli(judged, 0, 10)`` calls the one of that name."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._function(name)

        def ask(*arguments: Any, **settings: Any) -> Any:
            # Whatever they do to a list, it is a list of their own.
            return function(*map(self._carry, arguments), **{key: self._carry(item) for key, item in settings.items()})

        return ask

    def _function(self, name: str) -> Callable[..., Any]:
        function: Callable[..., Any] | None = self._namespace.get(name)
        if not callable(function):
            raise NotTrue(f"there is no function {name}.")
        return function

    def _carry(self, value: Any) -> Any:
        if isinstance(value, Named):
            return self._function(value.name)
        if isinstance(value, Often):
            return list(value)
        if type(value) in (list, tuple):
            return type(value)(map(self._carry, value))
        if type(value) is dict:
            return {key: self._carry(item) for key, item in value.items()}
        return value


# -- what came back ----------------------------------------------------------------------------------------------------


def number(value: Any) -> float:
    """A number that a learner's function returned, of whatever numeric type; NotTrue when it is none."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()  # numpy's scalars, and its arrays without a dimension
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise NotTrue(f"it returned {short(value)}, which is no number.")
    try:
        return float(value)
    except OverflowError:
        raise NotTrue(f"it returned {short(value)}, which is far too large.") from None


def numbers(value: Any) -> list[float]:
    """A list of numbers; a tuple, a generator or an array is as good. NotTrue when it is none."""
    return [number(item) for item in items(value)]


def items(value: Any) -> list[Any]:
    """What is in a list, a tuple or another row of things; NotTrue when it is none."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise NotTrue(f"it returned {short(value)}, which is no list.")
    found = list(islice(value, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise NotTrue(f"it returned {short(value)} with more than {MOST_ITEMS:,} things in it.")
    return found


def table(value: Any) -> Mapping[Any, Any]:
    """A dictionary; NotTrue when it is none."""
    if not isinstance(value, Mapping):
        raise NotTrue(f"it returned {short(value)}, which is no dictionary.")
    return value


def truth(value: Any) -> bool:
    """True or False, Python's or numpy's; NotTrue for anything else."""
    if isinstance(value, bool):
        return value
    if type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy":
        return bool(value)
    raise NotTrue(f"it returned {short(value)}, which is neither True nor False.")


def words(value: Any) -> str:
    """Text; NotTrue when it is none."""
    if not isinstance(value, str):
        raise NotTrue(f"it returned {short(value)}, which is no text.")
    return str(value)


def same(value: Any, expected: float | Fraction, rel: float = 1e-9) -> bool:
    """Equal up to a relative 1e-9; nan equals nan. NotTrue when the value is no number."""
    found, expected = number(value), float(expected)
    return math.isnan(found) == math.isnan(expected) and (
        math.isnan(found) or math.isclose(found, expected, rel_tol=rel, abs_tol=1e-12)
    )


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 24
        self.maxstring = self.maxother = self.maxlong = 160

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python does not write more than 4,300 digits
            return f"a whole number of {x.bit_length()} bits"


_SHORT = _Short()


def short(value: Any) -> str:
    """A value as Python writes it, cut where it is long, and without addresses: they differ from run to run."""
    try:
        written = _SHORT.repr(value)
    except Exception:
        written = f"something of the kind {type(value).__name__}"
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(written.split()))
    return text if len(text) <= 200 else f"{text[:160]} … ({type(value).__name__})"


# -- the properties of one lab -----------------------------------------------------------------------------------------

Property = Callable[[Student, Random, str], None]


class Properties:
    """All properties in the module of one lab: those of its functions that take student, dice and learner."""

    def __init__(self, lab: str, module: Mapping[str, Any], limit_s: float = LIMIT_S) -> None:
        self.lab, self.limit_s = lab, limit_s
        self.properties: dict[str, Property] = {
            name.replace("_", "-"): thing for name, thing in module.items() if _is_property(thing, module["__name__"])
        }
        self.known: Callable[[str], Sequence[Known]] = module.get("known", lambda learner: ())

    def parts(self) -> tuple[dict[str, Property], Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
        return self.properties, self.failures, self.broken, self.require

    def dice(self) -> str:
        """The text that the random cases of this lab come from: the instructor's, or one that everybody can read."""
        return os.environ.get(SEED) or f"the hidden checks of {self.lab}"

    def failures(self, namespace: Mapping[str, Any], learner: str, dice: str = "") -> dict[str, str]:
        """The properties that the functions in ``namespace`` break, each with a sentence about a case."""
        found = {name: self.broken(name, namespace, learner, dice) for name in self.properties}
        return {name: sentence for name, sentence in found.items() if sentence}

    def broken(self, name: str, namespace: Mapping[str, Any], learner: str, dice: str = "") -> str:
        """Why one property does not hold; empty when it does. Whatever the functions do, this returns."""
        try:
            with quiet(), time_limit(self.limit_s):
                return self.verdict(name, Student(namespace), learner, dice)
        except TookTooLong as problem:
            return _stopped(problem)

    def verdict(self, name: str, student: Any, learner: str, dice: str = "") -> str:
        """The same, of anything that can be asked like a Student, without a limit of time."""
        try:
            self.properties[name](student, Random(f"{dice or self.dice()}/{name}"), learner)
        except NotTrue as problem:
            return str(problem)
        except NotImplementedError:
            return "there is no code in the answer cell yet."
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            if isinstance(problem, TookTooLong) and not problem.args:
                raise  # by the alarm of `broken`, which knows the sentence
            return _stopped(problem)
        return ""

    def require(self, name: str, namespace: Mapping[str, Any]) -> None:
        """Raise CheckFailed when the property does not hold for the functions of this notebook."""
        learner = namespace.get("LEARNER")
        learner = learner.strip() if isinstance(learner, str) and learner.strip() else "self-paced"
        sentence = self.broken(name, namespace, learner)
        if sentence:
            texts = tomllib.loads((SOLUTIONS / self.lab / "hints.toml").read_text(encoding="utf-8"))[name]
            message = failed(texts["property"], f"A hidden check found a case: {sentence}")
            raise CheckFailed(f"{message}\nHint: {texts['hints'][0].strip()}")
        print(
            "hidden checks passed"
            if os.environ.get(SEED)
            else "hidden checks passed (on seeds that everybody can read)"
        )


def _is_property(thing: Any, module: str) -> bool:
    return (
        inspect.isfunction(thing)
        and thing.__module__ == module
        and list(inspect.signature(thing).parameters) == ["student", "dice", "learner"]
    )


def _stopped(problem: BaseException) -> str:
    if isinstance(problem, TookTooLong):
        said = str(problem) or "it did not return in time."
    else:
        said = f"it stopped with {type(problem).__name__}" + (f": {_cut(problem)}" if _cut(problem) else "")
    frames = getattr(problem, "learners_lines", None) or list(_learners_lines(problem))
    if len(frames) > 6:
        frames = [*frames[:3], f"… {len(frames) - 5} more calls …", *frames[-2:]]
    return "".join([said, *(f"\n      {frame}" for frame in frames)])


def _cut(problem: BaseException) -> str:
    try:
        text = str(problem)
    except Exception:
        return ""
    return text if len(text) <= 300 else f"{text[:300]} …"


def _learners_lines(problem: BaseException) -> Iterator[str]:
    """The learner's own lines on the way to where it stopped, not those of the checks."""
    ours = Path(__file__).resolve().parents[1]  # the checks, and the judge that asks for them
    for frame in traceback.extract_tb(problem.__traceback__):
        if ours not in Path(frame.filename).resolve().parents and not frame.filename.endswith("exercises.py"):
            yield f"{frame.name}, line {frame.lineno}:  {frame.line}"
