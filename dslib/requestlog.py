"""A request log: one row for each request that users made, read from a file that is never quite in order.

Real logs arrive unsorted, with lines repeated, cut off or empty. Reading one must not stop at the first bad line, and
must not drop lines in silence either. ``read_log`` keeps every request that can be understood, sets the other lines
aside in ``problems`` with their number and the reason, and warns once with the counts.

The columns, in CSV with a header line:

==============  =======================================================================================
``time_s``      when the request was made, in seconds since the start of the log's window
``request_id``  names one request; a line with the same id is the same request written again
``action_id``   names what the user wanted; the attempts of one action (retries) share it
``host``        the machine that was asked
``tenant``      the customer the user belongs to
``endpoint``    what was asked for, such as ``/messages``
``status``      the answer, as an HTTP status code (RFC 9110, section 15): 200 is fine, 4xx the client's mistake,
                5xx the service's. 499 is no standard code: nginx logs it when the client left before the answer
``latency_ms``  how long the client waited, in milliseconds; ``inf`` if it was never answered
==============  =======================================================================================
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from .history import Operation

VERDICTS = ("good", "bad", "invalid")


class Row(NamedTuple):
    """One request, as one row of the log. The columns are described above."""

    time_s: float
    request_id: str
    action_id: str
    host: str
    tenant: str
    endpoint: str
    status: int
    latency_ms: float


_NAMES = Row._fields[1:6]  # the columns that hold a name


class Spec(NamedTuple):
    """What counts, in writing: which requests are valid, and which of the valid ones are bad.

    ``excluded_endpoints`` are asked for by machines, not users; ``excluded_statuses`` say nothing about the service
    (499: the user left). ``bad_client_errors`` are the 4xx that this SLI counts as bad all the same (429: we refused
    a request that was in order).
    """

    excluded_endpoints: frozenset[str] = frozenset({"/healthz"})
    excluded_statuses: frozenset[int] = frozenset()
    bad_client_errors: frozenset[int] = frozenset()


class Judged(NamedTuple):
    """A request after it was judged: ``verdict`` is "good", "bad" or "invalid" (not part of the SLI at all)."""

    time_s: float
    verdict: str
    action_id: str
    host: str
    tenant: str
    endpoint: str


class Problem(NamedTuple):
    """A line of a log that is not a request of its own: its number, its text, the kind of problem, what to do."""

    line: int
    kind: str
    text: str
    advice: str


class LogWarning(UserWarning):
    """A log was read, but not every line of it was a request; the message counts them."""


class RequestLog(Sequence[Row]):
    """The requests of a log in order of time, and in ``problems`` the lines that are not among them.

    ``late`` counts the requests that stood after a later one in the file; they were sorted in.
    """

    def __init__(self, requests: Iterable[Row], problems: Iterable[Problem] = (), late: int = 0) -> None:
        self._requests = sorted(requests, key=lambda request: request.time_s)
        self.problems = list(problems)
        self.late = late

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._requests[index]

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._requests)

    def report(self) -> str:
        """What was read and what was not, in words, with the first line of each kind and how to mend it."""
        lines = [f"{_count(len(self), 'request')} read."]
        kinds = Counter(problem.kind for problem in self.problems)
        if kinds:
            lines[0] += f" {_count(len(self.problems), 'line')} set aside, kept in .problems:"
        for kind, count in kinds.items():
            first = next(problem for problem in self.problems if problem.kind == kind)
            which = f"first is line {first.line}" if count > 1 else f"line {first.line}"
            lines.append(f"  {count:,} {kind} ({which}): {first.advice}")
        if self.late:
            lines.append(f"  {_count(self.late, 'request')} out of order: sorted by time_s; nothing to mend.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<RequestLog: {self.report()}>"


def read_log(text: str) -> RequestLog:
    """The requests in ``text``, the contents of a CSV file with a header line.

    Columns may stand in any order, and columns of other names are ignored. Empty and malformed lines are set aside,
    and so are lines that repeat a ``request_id``: the first one counts. One ``LogWarning`` gives the counts, the first
    line number of each kind and what to write instead; ``.problems`` keeps every line that was set aside.

    Raises ValueError when the header is missing or lacks a column: then no line can be understood.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "":
        lines.pop()  # the end of the last line, not an empty line
    order = _columns(lines[0].rstrip("\r") if lines else "")
    requests: list[Row] = []
    problems: list[Problem] = []
    seen: dict[str, tuple[int, Row]] = {}
    late, newest = 0, -math.inf
    for number, line in enumerate(lines[1:], start=2):
        line = line.rstrip("\r")
        if not line.strip():
            problems.append(Problem(number, "empty", line, "delete the line."))
            continue
        try:
            request = _request(line, order)
        except ValueError as problem:
            problems.append(Problem(number, "malformed", line, f"{problem}."))
            continue
        if request.request_id in seen:
            before, first = seen[request.request_id]
            name = f"request {request.request_id!r} is on line {before} already"
            if request == first:
                problems.append(Problem(number, "repeated", line, f"{name}; write each request once."))
            else:
                field = next(f for f in Row._fields if getattr(request, f) != getattr(first, f))
                advice = f"{name}, with another {field}, and that one counts; give each request an id of its own."
                problems.append(Problem(number, "contradictory", line, advice))
            continue
        seen[request.request_id] = number, request
        requests.append(request)
        late += request.time_s < newest
        newest = max(newest, request.time_s)
    log = RequestLog(requests, problems, late)
    if problems or late:
        warnings.warn(log.report(), LogWarning, stacklevel=2)
    return log


def write_log(requests: Iterable[Row]) -> str:
    """The requests as CSV with a header line, in the order given; ``read_log`` reads it back unchanged.

    Raises ValueError for a name that a line cannot carry: empty, with a line break, or with a space at an end.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Row._fields)
    for request in requests:
        for field in _NAMES:
            name = getattr(request, field)
            if not name or name != name.strip() or len(name.splitlines()) > 1:
                raise ValueError(
                    f"{field} {name!r} of request {request.request_id!r} would not be read back; rename it"
                )
        writer.writerow(request)
    return out.getvalue()


def judge(requests: Iterable[Row], classify: Callable[[Row, Spec], str], spec: Spec) -> list[Judged]:
    """Each request with the verdict that ``classify(request, spec)`` gives it.

    Raises ValueError that names the request when the verdict is not "good", "bad" or "invalid".
    """
    judged = []
    for request in requests:
        verdict = classify(request, spec)
        if verdict not in VERDICTS:
            raise ValueError(
                f"request {request.request_id!r} was judged {verdict!r}: "
                'classify must return "good", "bad" or "invalid"'
            )
        judged.append(
            Judged(request.time_s, verdict, request.action_id, request.host, request.tenant, request.endpoint)
        )
    return judged


#: How an operation ended, as the status code that a client library would log for it: an operation that nobody answered
#: is one that the client gave up on.
STATUS_CODES = {"ok": 200, "fail": 503, "info": 504}


def from_operation(op: Operation) -> Row:
    """One operation of a history as a row: its client is the tenant, what it asked for the endpoint.

    A client that gave up goes on under a new process name ("alice#2"); here it stays the same tenant.
    """
    return Row(
        time_s=op.invoked / 1_000,
        request_id=f"r{op.id}",
        action_id=f"r{op.id}",
        host="service",
        tenant=str(op.process).partition("#")[0],
        endpoint=f"/{op.f}",
        status=STATUS_CODES[op.status],
        latency_ms=math.inf if op.completed is None else op.completed - op.invoked,
    )


def from_history(history: Iterable[Operation], row: Callable[[Operation], Row] = from_operation) -> RequestLog:
    """What clients asked and were told (times in ms) as a request log (times in seconds).

    ``row`` turns one operation into a request; give your own when the operations carry more, such as a host or a
    status. This is the *client's* log: a server that is down logs nothing, but its clients do.
    """
    return RequestLog(map(row, history))


def _columns(header: str) -> list[int]:
    """Where each column of a Row stands."""
    names = [name.strip() for name in _split(header)]
    missing = [name for name in Row._fields if name not in names]
    if missing:
        shown = f"{header[:60]!r}" if header.strip() else "empty"
        file = " If that is a file's name, pass its contents: Path(name).read_text()." if "." in header else ""
        raise ValueError(
            f"the log has no column {missing[0]!r}: its first line is {shown}, and must name the columns "
            f"{','.join(Row._fields)}.{file}"
        )
    twice = [name for name in Row._fields if names.count(name) > 1]
    if twice:
        raise ValueError(f"the log has the column {twice[0]!r} more than once: leave one of them")
    return [names.index(name) for name in Row._fields]


def _split(line: str) -> list[str]:
    # One line at a time: a stray quotation mark must not swallow the lines after it.
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as problem:
        raise ValueError(f"the line cannot be split at its commas ({problem}); close the quotation marks") from None


def _request(line: str, order: list[int]) -> Row:
    fields = _split(line)
    if len(fields) <= max(order):
        raise ValueError(f"it ends after {_count(len(fields), 'field')}; write all {len(order)} columns of the header")
    time, request, action, host, tenant, endpoint, status, latency = (fields[column].strip() for column in order)
    for field, name in zip(_NAMES, (request, action, host, tenant, endpoint), strict=True):
        if not name:
            raise ValueError(f"{field} is empty; write the {field}")
    time_s = _number(time)
    if not math.isfinite(time_s):
        raise ValueError(f"time_s is {time!r}; write seconds since the start of the window, such as 12.5")
    if not (status.isascii() and status.isdigit() and 100 <= int(status) <= 599):
        raise ValueError(f"status is {status!r}; write a status code from 100 to 599")
    latency_ms = _number(latency)
    if not latency_ms >= 0:
        raise ValueError(f"latency_ms is {latency!r}; write milliseconds, 0 or more, or inf if never answered")
    return Row(time_s, request, action, host, tenant, endpoint, int(status), latency_ms)


def _number(text: str) -> float:
    try:
        return math.nan if "_" in text else float(text)  # float("1_0") is Python's 10, no log's
    except ValueError:
        return math.nan


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
