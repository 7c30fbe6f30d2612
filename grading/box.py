"""The sandbox: how the template is walled in, and what the judge says to a child in it.

Three kinds of walls, the best that a real probe finds to work:

- ``bwrap``: bubblewrap, Debian's package of that name;
- ``namespaces``: the same means of the Linux kernel, without a program;
- ``limits``: no walls. Memory, processor time and the sizes of files are limited. What else holds depends on the
  system: on Linux no new processes, sockets or signals to others, and with Landlock no file outside of its own folder.
  Elsewhere a submission can read and write what you can. Whoever uses it is told so, in the report and in the log.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from . import inside
from .checks.asking import Known
from .inside import Limits
from .instructor import place
from .plain import Opaque, from_plain, packed, to_carry, write_request

ROOT = Path(__file__).resolve().parent.parent
KINDS = "bwrap", "namespaces", "limits"
#: Loaded before any submission, so that no submission has to.
LOAD = (
    "numpy", "dslib", "dslib.exercises", "dslib.requestlog", "dslib.slo", "dslib.chatday", "dslib.failures",
    "dslib.scenarios", "dslib.sweeps", "decimal", "fractions", "statistics", "datetime", "csv", "gzip", "random",
)  # fmt: skip
#: Seconds for the template to start; and for a cell to end, once it was asked to.
START_S, GRACE_S = 60.0, 3.0


class BoxProblem(Exception):
    """The sandbox could not be set up or is gone; not the submission's fault."""


class Ended(Exception):
    """The submission's process ended, or was ended: what it was asked has no answer. ``reason`` is its status."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Death(NamedTuple):
    """How a child ended: ``inside.RUNNING`` (it had not), ``inside.LEFT``, or a signal; and its processor time."""

    how: int
    cpu_s: float


class Box:
    """One template, from which a child is forked for each submission. ``folder`` holds the released files of a lab."""

    def __init__(self, folder: Path, kind: str, limits: Limits | None = None) -> None:
        if kind not in KINDS:
            raise ValueError(f"sandbox {kind!r} is none: write one of {', '.join(KINDS)}")
        self.folder, self.kind, self.limits = Path(folder).resolve(), kind, limits or Limits()
        self._scratch = tempfile.mkdtemp(prefix="grading-")
        self._broken = False
        ours, theirs = socket.socketpair()
        self._control = ours
        try:
            self._process = self._start(theirs)
            theirs.close()
            ours.settimeout(START_S)
            if inside.receive(ours) != b"ready":
                raise BoxProblem("the sandbox did not start")
        except (EOFError, OSError) as problem:
            said = self._said()
            self.close()
            raise BoxProblem(f"the sandbox ({kind}) did not start: {said or problem}") from None

    def _start(self, control: socket.socket) -> subprocess.Popen[bytes]:
        walls = self.kind != "limits"
        settings: dict[str, Any] = {
            "control": control.fileno(), "namespaces": walls, "folder": "/lab" if walls else str(self.folder),
            "scratch": self._scratch, "limits": self.limits._asdict(), "load": LOAD,
            "path": ["/course", *_packages()] if walls else [str(ROOT), *_packages()],
            "root": os.path.join(self._scratch, "root") if self.kind == "namespaces" else "", "shown": [],
        }  # fmt: skip
        shown = [
            *_system(),
            (str(self.folder), "/lab"),
            (str(ROOT / "dslib"), "/course/dslib"),
            (inside.__file__, "/inside.py"),
        ]
        settings["readable"] = [outside for outside, _ in shown]
        settings["below_tmp"] = [there for _, there in shown if there.startswith("/tmp/")]
        python, script = sys.executable, inside.__file__
        command: list[str] = []
        if self.kind == "namespaces":
            os.mkdir(settings["root"])
            settings["shown"] = shown
        elif self.kind == "bwrap":
            script = "/inside.py"
            command = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"]
            command += ["--uid", str(inside.NOBODY), "--gid", str(inside.NOBODY), "--die-with-parent", "--new-session"]
            command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # first: what is shown may lie below
            for outside, there in shown:
                command += ["--ro-bind", outside, there]
            command += ["--remount-ro", "/", "--chdir", "/"]
        command += [python, "-I", "-X", "utf8", script, json.dumps(settings)]
        environment = {
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/tmp", "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "IPYTHONDIR": "/tmp",
            "PYTHONWARNINGS": "ignore",
            "NBGRADER_EXECUTION": "autograde",  # as nbgrader says it: a cell that plays many weeks may play fewer
        }  # fmt: skip
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._errors, env=environment,
            pass_fds=[control.fileno()], start_new_session=True, cwd="/",
        )  # fmt: skip

    def _said(self) -> str:
        with suppress(Exception):
            self._errors.seek(0)
            return self._errors.read()[-500:].decode(errors="replace").strip()
        return ""

    def child(self) -> Child:
        """A fresh process for a submission. Raises BoxProblem when the template does not make one."""
        ours, theirs = socket.socketpair()
        try:
            answer = self._order({"do": "fork"}, theirs.fileno())
            if "pid" not in answer:
                raise BoxProblem(f"the sandbox made no process: {answer['problem']}")
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return Child(self, answer["pid"], ours)

    def kill(self, pid: int, hung_up: bool) -> Death:
        """End a child and all it started. ``hung_up``: it is said to have ended; then how is worth a moment's wait."""
        try:
            answer = self._order({"do": "kill", "pid": pid, "hung_up": hung_up})
        except BoxProblem:  # the next child() says so
            return Death(inside.RUNNING, 0.0)
        return Death(int(answer["how"]), float(answer["cpu_s"]))

    def _order(self, order: dict[str, Any], *descriptors: int) -> dict[str, Any]:
        """Tell the template something, and hear its answer; after one answer that did not come, never again."""
        if self._broken:
            raise BoxProblem("the sandbox is gone")
        self._broken = True  # until the answer is there: whatever stops this half-way, the next answer is not ours
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
            answer: dict[str, Any] = json.loads(inside.receive(self._control))
        except (EOFError, OSError) as problem:
            raise BoxProblem(f"the sandbox is gone: {self._said() or problem}") from None
        self._broken = False
        return answer

    def close(self) -> None:
        """End the template; with it go the leashes of all children, and so all children."""
        self._broken = True
        self._control.close()
        process = getattr(self, "_process", None)
        if process is not None:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._errors.close()
        inside.remove(self._scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def question(function: str, arguments: Sequence[Any], settings: Mapping[str, Any]) -> bytes:
    """A call of a function of a submission, as ``Child.call`` takes it."""
    carried = {name: to_carry(item) for name, item in settings.items()}
    return packed((function, [to_carry(item) for item in arguments], carried))


class Child:
    """A submission's process, seen from outside: it is told what to run, and nothing that it says is believed."""

    def __init__(self, box: Box, pid: int, connection: socket.socket) -> None:
        self._box, self._pid, self._connection = box, pid, connection
        connection.setblocking(False)
        self._poll = select.poll()
        self._poll.register(connection)
        self.alive = True
        self.cpu_s = 0.0
        try:
            hello = json.loads(self._frame(time.monotonic() + 10))
        except Ended:
            self.end()
            raise BoxProblem("a process in the sandbox did not begin") from None
        if "problem" in hello:
            self.end()
            raise BoxProblem(f"a process in the sandbox could not be walled in: {hello['problem']}")

    def know(self, known: Known) -> None:
        """Spare the process a value that the judge has. Only before any cell was run: until then it is believed."""
        what = known.function.__module__, known.function.__name__, known.ways, packed(known.value)
        self._ask({"do": "know", "what": what}, START_S, "", 1)

    def run(self, source: str, seconds: float, name: str = "") -> dict[str, Any]:
        """Run one cell. Returns what it printed, showed and raised. Raises Ended when the process does not survive."""
        request = {"do": "run", "source": source, "seconds": seconds, "name": name}
        (answer,) = self._ask(
            request,
            seconds + min(seconds, GRACE_S),
            f"the cell did not end within {seconds:g} seconds and could not be stopped.",
            1,
        )
        return answer

    def call(self, calls: Sequence[bytes], deadline: float) -> list[dict[str, Any]]:
        """Call functions of the submission, one after the other; see ``question``. Raises Ended.

        Returns the answers to the first of them: to one at least, to all where they are quick. ``deadline`` is a time
        of ``time.monotonic``.
        """
        return self._ask({"do": "call", "calls": list(calls)}, deadline - time.monotonic(), "", len(calls))

    def _ask(self, request: dict[str, Any], seconds: float, late: str, most: int) -> list[dict[str, Any]]:
        if not self.alive:
            raise Ended("ended", "its process is gone.")
        # Not to be guessed, so that nothing can be answered before it was asked.
        number = secrets.token_hex(8)
        deadline = time.monotonic() + max(seconds, 0.01)
        try:
            self._send(write_request({**request, "number": number}), deadline, late)
            frame = self._frame(deadline, late)
            try:
                answer = json.loads(frame)
            except (ValueError, RecursionError):
                raise Ended("forged", "its process sent something that is no answer.") from None
            if not isinstance(answer, dict) or answer.get("number") != number:
                raise Ended("forged", "its process answered what it was not asked.")
            answers: Any = answer.get("answers")
            fits = isinstance(answers, list) and 1 <= len(answers) <= most
            if not fits or not all(isinstance(one, dict) for one in answers):
                raise Ended("forged", "its process sent something that is no answer.")
        except Ended as problem:
            death = self.end(problem.reason == "ended")
            raise self._obituary(death) if problem.reason == "ended" else problem from None
        found: list[dict[str, Any]] = answers
        return found

    def _obituary(self, death: Death) -> Ended:
        """Why a process that hung up is gone."""
        if death.how == inside.RUNNING:
            return Ended("ended", "its process closed its line to the checks.")
        if death.how == inside.LEFT:
            return Ended("ended", "its process ended itself (os._exit, or another program in its place).")
        if death.how == signal.SIGKILL and death.cpu_s < 0.9 * self._box.limits.cpu_s:
            return Ended("memory", "its process was ended, because this machine had no memory left.")
        if death.how in (signal.SIGKILL, signal.SIGXCPU):
            return Ended("time-out", f"its process had used {self._box.limits.cpu_s} seconds of processor time.")
        return Ended("ended", f"its process crashed ({signal.Signals(death.how).name}).")

    def _send(self, request: bytes, deadline: float, late: str) -> None:
        left = memoryview(len(request).to_bytes(8, "big") + request)
        while left:
            try:
                left = left[self._connection.send(left) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline, late)
            except OSError:
                raise Ended("ended", "") from None

    def _frame(self, deadline: float, late: str = "") -> bytes:
        """One frame, of a bounded length, by the deadline, and nothing behind it."""
        parts, wanted = bytearray(), 8
        while len(parts) < wanted:
            self._wait(select.POLLIN, deadline, late)
            try:
                part = self._connection.recv(1 << 16 if wanted == 8 else 1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise Ended("ended", "")
            parts += part
            if wanted == 8 <= len(parts):
                wanted += int.from_bytes(parts[:8], "big")
                if wanted > inside.MOST_BYTES + 1_000:
                    raise Ended("forged", "its process sent more than an answer may hold.")
        if len(parts) > wanted:
            raise Ended("forged", "its process answered what it was not asked.")
        return bytes(parts[8:])

    def _wait(self, event: int, deadline: float, late: str) -> None:
        left = deadline - time.monotonic()
        self._poll.modify(self._connection, event)
        if left <= 0 or not self._poll.poll(1_000 * left + 1):
            raise Ended("time-out", late)

    def end(self, hung_up: bool = False) -> Death:
        """Nothing of it goes on after this. ``hung_up``: it is said to have ended already."""
        death = Death(inside.RUNNING, self.cpu_s)
        if self.alive:
            self.alive = False
            death = self._box.kill(self._pid, hung_up)
            self._connection.close()
            self.cpu_s = death.cpu_s
        return death


# -- what the walls show -----------------------------------------------------------------------------------------------


def _packages() -> list[str]:
    return list(dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))


def _system() -> list[tuple[str, str]]:
    """The folders that Python needs: the system's libraries, Python itself, the packages of its environment."""
    folders = [
        "/usr",
        "/bin",
        "/lib",
        "/lib64",
        "/lib32",
        "/etc/ld.so.cache",
        "/etc/alternatives",
        sys.prefix,
        sys.base_prefix,
    ]
    folders += [os.path.dirname(os.path.realpath(sys.executable)), *_packages()]
    kept: list[str] = []
    for folder in dict.fromkeys(folders):
        within = any(Path(folder).is_relative_to(other) for other in kept)
        if os.path.exists(folder) and not within:
            kept.append(folder)
    return [(folder, folder) for folder in kept]


# -- which walls stand -------------------------------------------------------------------------------------------------

_PROBE = """
import os, socket, stat
found = []
for path in SECRETS:
    if os.path.exists(path):
        found.append(f"sees {path}")
try:
    import grading
    found.append("sees the hidden checks")
except ImportError:
    pass
for folder in ("/", "/usr", "/dev", "/dev/shm", "/proc", "/course/dslib", "/lab"):
    try:
        open(f"{folder}/probe", "w").close()
        found.append(f"writes to {folder}")
    except OSError:
        pass
try:
    os.chmod("/dev/null", stat.S_IMODE(os.stat("/dev/null").st_mode))
    found.append("changes the rights of /dev/null")
except OSError:
    pass
for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (getattr(socket, "AF_VSOCK", 40), (2, 1))):
    try:
        with socket.socket(family) as line:
            line.settimeout(1)
            line.connect(address)
        found.append("reaches the network")
    except OSError:
        pass
try:
    if os.fork() == 0:
        os._exit(0)
    found.append("makes processes")
except OSError:
    pass
if any(name.isdigit() for name in os.listdir("/proc")):
    found.append("sees processes")
print("; ".join(found))
"""


def probe(kind: str, folder: Path, hidden: Iterable[str] = ()) -> list[str]:
    """Try the walls from inside. Returns what they let through: nothing when they stand. BoxProblem without walls.

    ``hidden`` are files and folders that no submission may see, besides the course's own.
    """
    with Box(folder, kind) as box:
        return leaks(box, hidden)


def leaks(box: Box, hidden: Iterable[str] = ()) -> list[str]:
    """The same of a box that is there."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryDirectory() as secret:
        ours = [ROOT / name for name in ("solutions", "grading", "gradebook", "tests")]
        names = [secret, *map(str, ours), str(place()), *hidden]
        source = f"SECRETS = {names!r}\nPORT = {server.getsockname()[1]}\n{_PROBE}"
        child = box.child()
        said = child.run(source, 10)
        child.end()
    if "error" in said:
        return [f"the probe itself failed: {said['error']['name']}: {said['error']['text']}"]
    return [leak for leak in said["printed"].strip().split("; ") if leak]


@cache
def best(folder: Path, kinds: Sequence[str] = KINDS, hidden: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The best walls that stand here, and why better ones do not. ``hidden``: see ``probe``."""
    return first_standing(kinds, lambda kind: probe(kind, folder, hidden))


def first_standing(kinds: Sequence[str], leaks_of: Callable[[str], list[str]]) -> tuple[str, tuple[str, ...]]:
    """The first of these kinds that lets nothing through, and why the ones before it are not used."""
    problems: list[str] = []
    for kind in kinds:
        if kind == "limits":
            return kind, tuple(problems)
        if kind == "bwrap" and shutil.which("bwrap") is None:
            problems.append("bwrap: the program is not installed (Debian: apt-get install bubblewrap)")
            continue
        try:
            leaks = leaks_of(kind)
        except (BoxProblem, OSError) as problem:
            problems.append(f"{kind}: {problem}")
            continue
        if not leaks:
            return kind, tuple(problems)
        problems.append(f"{kind}: a process inside {', '.join(leaks)}")
    raise BoxProblem("; ".join(problems))


__all__ = ["Box", "BoxProblem", "Child", "Ended", "Limits", "Opaque", "best", "from_plain", "leaks", "probe"]
