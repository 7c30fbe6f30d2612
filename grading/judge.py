"""The judge: runs one submission in a sandbox and asks it, from outside, what each property asks.

Verdicts are made here, in a process that runs no code of a learner, from plain data that came through a pipe. What was
not executed has not passed. When the submission's process dies or hangs, what it has proven stays, and the rest goes on
in a fresh one.
"""

from __future__ import annotations

import builtins
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from dslib.exercises import TookTooLong, time_limit

from .box import Box, Child, Ended, question
from .checks.asking import Known, NotTrue
from .course import Course
from .inside import MOST_PRINTED
from .plain import Forged, from_plain
from .rebuild import SELF_PACED, Finding, Unreadable, plain_text, rebuild

#: Seconds for a cell, and for all of a submission.
CELL_S, WHOLE_S = 30.0, 600.0
#: The share of its time that a cell or function has after it ran too long once; and after so many did, each of them.
AFTER_ONE, MANY = 0.2, 4
#: So many fresh processes, and a submission is not tried any more. Seconds that the judge has beyond a property's.
MOST_PROCESSES, JUDGE_S = 40, 10.0
#: All submissions are asked the same, but for what is the learner's own. So the questions that followed when others
#: were asked go along with a question: so many, none longer than this, and with so many seconds for all.
MOST_AHEAD, MOST_AHEAD_BYTES, AHEAD_S = 40, 50_000, 2.0
#: Characters of a sentence, and of what a submission says in it.
MOST_SENTENCE, MOST_WORDS = 2_000, 300


class Job(NamedTuple):
    """One submission to judge, as plain data: it may travel to another machine.

    ``only`` names the properties that are asked. ``course`` is ``worker.digest_of`` the course that judges; "" for any.
    """

    lab: str
    student: str
    notebook: bytes
    findings: tuple[Finding, ...] = ()
    only: tuple[str, ...] | None = None
    cell_s: float = CELL_S
    whole_s: float = WHOLE_S
    course: str = ""


class Verdict(NamedTuple):
    """Whether a property holds, and a sentence about a case where it does not. It never holds the right answer."""

    passed: bool
    sentence: str


class Ran(NamedTuple):
    """What a cell of the release did, as plain text."""

    printed: str = ""
    shown: tuple[str, ...] = ()
    error: str = ""


class Outcome(NamedTuple):
    """What became of a submission. ``status`` is one or two words for a table, ``sentence`` for a person."""

    student: str
    status: str
    sentence: str
    verdicts: dict[str, Verdict]
    answers: dict[str, str]
    ran: dict[int, Ran]
    findings: list[Finding]
    learner: str = SELF_PACED
    seconds: float = 0.0
    cpu_s: float = 0.0
    walls: str = ""


def judge(job: Job, course: Course, box: Box) -> Outcome:
    """Run and judge one submission. Raises BoxProblem when the sandbox fails, which is not the submission's fault."""
    began = time.monotonic()
    wanted = [slot.prop for slot in course.slots if slot.prop and (job.only is None or slot.prop in job.only)]
    try:
        rebuilt = rebuild(job.notebook, course.slots)
    except Unreadable as problem:
        return unread(job.student, problem, wanted, list(job.findings))
    course.set_environment()
    warnings.simplefilter("ignore")  # logs are a mess on purpose
    submission = Submission(course, box, rebuilt.answers, rebuilt.learner, job.cell_s, began + job.whole_s)
    try:
        verdicts = {name: submission.verdict(name) for name in wanted}
    finally:
        submission.end()
    findings = [*job.findings, *rebuilt.findings, *submission.findings]
    status, sentence = _summary(course, rebuilt.answers, submission, findings)
    return Outcome(
        job.student, status, sentence, verdicts, rebuilt.answers, submission.ran, findings, rebuilt.learner,
        time.monotonic() - began, submission.cpu_s, box.kind,
    )  # fmt: skip


def unread(student: str, problem: Unreadable, wanted: list[str], findings: list[Finding]) -> Outcome:
    """A submission without a notebook that can be read: no property holds."""
    verdicts = {name: Verdict(False, "there was no notebook to check.") for name in wanted}
    return Outcome(student, problem.kind, str(problem), verdicts, {}, {}, findings)


class Asked(NamedTuple):
    """A question that a property asked. ``common``: it asked it of several learners, so it is nobody's own."""

    question: bytes
    learner: str
    common: bool = False


class Student:
    """The learner's functions, as the properties ask for them. Stands in for ``asking.Student``."""

    def __init__(self, call: Callable[[str, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        self.__call = call

    def __getattr__(self, function: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **settings: Any) -> Any:
            return self.__call(function, arguments, settings)

        return ask


class Submission:
    """A submission on trial: its process, wherever that is by now, and what became of it."""

    def __init__(
        self, course: Course, box: Box, answers: Mapping[str, str], learner: str, cell_s: float, deadline: float
    ) -> None:
        self._course, self._box, self._answers, self._learner = course, box, answers, learner
        self._cell_s, self._end_of_all = cell_s, deadline
        self._limit_s = course.properties.limit_s
        self._known: Sequence[Known] = ()
        with suppress(ValueError):  # a name that is none: the cell that asks for the data says so
            self._known = course.properties.known(learner)
        self._child: Child | None = None
        self._skipped: set[int] = set()  # cells that ended the process
        self._slow: Counter[str | int] = Counter()  # functions and cells that did not end in time, and how often
        self._processes = 0
        self._until = 0.0
        self._asked: list[Asked | None] = []  # the questions of this property in their order; None where they differ
        self._ahead = True  # until it ends a process: from then on nothing is asked ahead
        self._number = 0
        self._heard: list[tuple[bytes, dict[str, Any]]] = []  # what came with an earlier answer; the next one is last
        self.ran: dict[int, Ran] = {}
        self.findings: list[Finding] = []
        self.ends: list[str] = []
        self.cpu_s = 0.0

    def verdict(self, name: str) -> Verdict:
        """Ask one property; where the process ended when it was asked ahead, once more, one question at a time."""
        self._asked = self._course.asked.setdefault(name, [])
        ahead = self._ahead
        verdict = self._verdict(name)
        return verdict if self._ahead == ahead else self._verdict(name)

    def _verdict(self, name: str) -> Verdict:
        self._number, self._heard = 0, []
        try:
            self._process()
            self._until = min(time.monotonic() + self._limit_s, self._end_of_all)
            with time_limit(self._limit_s + JUDGE_S):
                sentence = self._course.properties.verdict(name, Student(self._call), self._learner)
        except (Ended, NotTrue) as problem:
            return Verdict(False, f"it could not be checked: {problem}")
        except TookTooLong:  # in the judge's own code, whatever it was that the submission sent
            self._ended(Ended("time-out", ""))
            sentence = f"what it returned could not be checked within {self._limit_s + JUDGE_S:g} seconds."
        return Verdict(not sentence, harmless(sentence))

    def _call(self, function: str, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        until = min(self._until, time.monotonic() + self._limit_s * self._patience(function))
        try:
            child = self._process()
        except Ended as problem:
            raise NotTrue(f"it could not be checked: {problem}") from None
        asked = question(function, arguments, settings)
        try:
            answer = self._answer(child, asked, until)
        except Ended as problem:
            self._ended(problem)
            if problem.reason == "time-out":
                self._slow[function] += 1
                raise TookTooLong(f"{function} did not return within {self._limit_s:g} seconds.") from None
            raise NotTrue(f"{function} never returned: {problem}") from None
        if answer.get("missing"):
            raise NotTrue(f"there is no function {function}.")
        if "raised" in answer:
            raised = _as_exception(answer["raised"])
            if isinstance(raised, MemoryError):
                self._note("memory", f"{function} wanted more memory than there is for it.")
            raise raised
        try:
            return from_plain(answer.get("value"))
        except Forged:
            self._ended(Ended("forged", "its process sent something that is no answer."))
            raise NotTrue(f"{function} returned something that cannot be read.") from None

    def _answer(self, child: Child, asked: bytes, until: float) -> dict[str, Any]:
        """The answer to a question, which may have come with an earlier one."""
        number, known = self._number, self._asked
        self._number += 1
        if number == len(known):
            known.append(Asked(asked, self._learner) if len(asked) <= MOST_AHEAD_BYTES else None)
        elif (before := known[number]) is not None:
            if before.question != asked:
                known[number] = None  # the learner's own, or it depends on an answer
            elif before.learner != self._learner:
                known[number] = before._replace(common=True)
        if self._heard and self._heard[-1][0] == asked:
            return self._heard.pop()[1]
        self._heard.clear()
        calls = [asked]
        if self._ahead:
            for following in known[number + 1 : number + MOST_AHEAD]:
                if following is None or not following.common:
                    break
                calls.append(following.question)
        if len(calls) == 1:
            return child.call(calls, until)[0]
        try:
            answers = child.call(calls, min(until, time.monotonic() + AHEAD_S))
        except Ended:  # of which question is not known
            self._ahead = False
            self._processes -= 1
            self.end()
            raise NotTrue("it is asked again.") from None
        self._heard = list(zip(calls, answers, strict=False))[:0:-1]
        return answers[0]

    # -- the process ---------------------------------------------------------------------------------------------------

    def _process(self) -> Child:
        """The process that has run the cells; a fresh one where the last one is gone. Ended when it is enough."""
        while self._child is None or not self._child.alive:
            if self._processes >= MOST_PROCESSES:
                raise Ended("ended", f"its process had ended {MOST_PROCESSES} times before.")
            self._in_time()
            self._processes += 1
            child = self._box.child()
            self._child = child
            try:
                for known in self._known:
                    child.know(known)
                self._run_cells(child)
            except Ended as problem:
                self._ended(problem)
        self._in_time()
        return self._child

    def _patience(self, what: str | int) -> float:
        """The share of its time that a function or cell has. A cell runs again in each fresh process."""
        times = max(self._slow[what], len(self._slow) >= MANY)
        return AFTER_ONE ** min(times, 2 if isinstance(what, int) else 1)

    def _in_time(self) -> None:
        if time.monotonic() > self._end_of_all:
            if "time-out" not in self.ends:
                self.ends.append("time-out")
            raise Ended("time-out", "the submission had used up all its time before.")

    def _run_cells(self, child: Child) -> None:
        for number, slot in enumerate(self._course.slots):
            if not slot.code or slot.prop or slot.manual or number in self._skipped:
                continue
            source = self._source(number)
            if not source.strip():
                continue
            self._in_time()
            name = slot.grade_id or slot.cell_id
            seconds = min(self._cell_s * self._patience(number), max(1.0, self._end_of_all - time.monotonic()))
            try:
                answer = child.run(source, seconds, name)
            except Ended as problem:
                self._skipped.add(number)
                if problem.reason == "time-out":
                    self._slow[number] += 1
                self.ran[number] = Ran(error=f"This cell was stopped: {problem}")
                self._note(problem.reason, f"Running the cell {name} ended its process: {problem}")
                raise
            self.ran[number] = _ran(answer)
            error = _text(answer.get("error"), "name")
            if error == "TookTooLong":
                if number not in self._slow:
                    self._note("time-out", f"The cell {name} ran longer than {seconds:g} seconds and was stopped.")
                self._slow[number] += 1
            elif error == "MemoryError":
                self._note("memory", f"The cell {name} wanted more memory than there is for it.")
            elif error and slot.answer:
                said = " ".join(filter(None, (_words(error), _words(_text(answer["error"], "text"))[:100])))
                self._note("error", f"The cell {name} stopped with {said}")

    def _note(self, kind: str, sentence: str) -> None:
        if (finding := Finding(kind, harmless(sentence))) not in self.findings:
            self.findings.append(finding)

    def _source(self, number: int) -> str:
        slot = self._course.slots[number]
        if slot.answer:
            return self._answers[slot.grade_id]
        return f"LEARNER = {self._learner!r}" if slot.cell_id == "learner" else slot.source

    def _ended(self, problem: Ended) -> None:
        self.ends.append(problem.reason)
        self.end()

    def end(self) -> None:
        if self._child is not None:
            self._child.end()
            self.cpu_s += self._child.cpu_s
            self._child = None


def harmless(text: str) -> str:
    """Text that may hold words of a submission, as plain text of a bounded length."""
    text = plain_text(text)
    return text if len(text) <= MOST_SENTENCE else f"{text[: MOST_SENTENCE - 2]} …"


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _ran(answer: Mapping[str, Any]) -> Ran:
    """What a cell said; everything that is not the text it should be is dropped."""
    shown = answer.get("shown")
    texts: list[str] = []
    for item in shown[:100] if isinstance(shown, list) else []:
        if isinstance(item, str) and sum(map(len, texts)) < MOST_PRINTED:
            texts.append(_output(item))
    printed = _output(_text(answer, "printed")) + _output(_text(answer, "complained"))
    return Ran(printed, tuple(texts), _output(_text(answer.get("error"), "traceback")))


def _output(text: str) -> str:
    return plain_text(text[: MOST_PRINTED + 100])


#: The exceptions that a property may expect, by their names. Not StopIteration, which ends a loop of the property, nor
#: groups, which do not come alone.
_KINDS = MappingProxyType(
    {
        name: kind
        for name, kind in vars(builtins).items()
        if isinstance(kind, type)
        and issubclass(kind, Exception)
        and not issubclass(kind, StopIteration | StopAsyncIteration | BaseExceptionGroup | UnicodeError)
    }
)


def _as_exception(said: Any) -> Exception:
    """An exception as the learner's code raised it, but of Python's own kinds, with the learner's lines as text."""
    ancestors = said.get("ancestors") if isinstance(said, dict) else None
    names = [name for name in ancestors if isinstance(name, str)] if isinstance(ancestors, list) else []
    base = next((_KINDS[name] for name in names if name in _KINDS), Exception)
    name = "".join(c for c in _text(said, "name")[:80] if c.isidentifier() or c.isdigit()) or base.__name__
    kind = base if base.__name__ == name else type(name, (base,), {})
    problem: Exception = kind(_words(_text(said, "text")))
    lines = said.get("lines") if isinstance(said, dict) else None
    told = []
    for line in lines[:6] if isinstance(lines, list) else []:
        if isinstance(line, list) and [type(part) for part in line] == [str, int, str]:
            told.append(f"{_words(line[0])[:80]}, line {line[1] % 10**6}:  {_words(line[2])[:200]}")
    vars(problem)["learners_lines"] = told
    return problem


def _words(text: str) -> str:
    """Somebody else's words on one line, and not too many."""
    text = harmless(" ".join(text.split()))
    return text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS]} …"


# -- a status and a sentence -------------------------------------------------------------------------------------------


def _summary(
    course: Course, answers: Mapping[str, str], submission: Submission, findings: list[Finding]
) -> tuple[str, str]:
    """One or two words, and a sentence: the gravest thing first."""
    unanswered = [slot.grade_id for slot in course.slots if slot.answer and answers[slot.grade_id] == slot.source]
    kinds = [finding.kind for finding in findings]
    all_answers = sum(slot.answer for slot in course.slots)
    if "forged" in submission.ends:
        return "forged", "Its process sent something that is no answer: look at the notebook."
    if "ended" in submission.ends:
        times = submission.ends.count("ended")
        return "killed", f"Its process ended before its time, {_times(times)}; the checks went on in a fresh one."
    if "memory" in submission.ends or "memory" in kinds:
        return "memory", "It wanted more memory than there is for it; everything else was checked."
    if "time-out" in submission.ends or "time-out" in kinds:
        return "time-out", "Something ran too long and was stopped; everything else was checked."
    if len(unanswered) == all_answers:
        return "blank", "No answer cell was filled in."
    for kind in (
        "missing cell",
        "damaged cell",
        "duplicated cell",
        "recovered cell",
        "changed cell",
        "renamed",
        "link",
    ):
        if kind in kinds:
            return kind, next(finding.sentence for finding in findings if finding.kind == kind)
    told = f"{all_answers - len(unanswered)} of {all_answers} answer cells were filled in."
    if "error" in kinds:
        return "ok", f"{told} {next(finding.sentence for finding in findings if finding.kind == 'error')}"
    if unanswered:
        return "ok", told
    return "ok", "Every answer cell was run."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
