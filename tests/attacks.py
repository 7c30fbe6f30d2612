"""Submissions that cheat, break or do harm: what is handed in, and what it gets. tests/test_hostile.py tries them.

A case begins with a line: its name | what nbgrader 0.9.6 as shipped made of it, of 20 points of another lab or, where
it says so, of 3 of lab 0 | the properties of lab 0 that hold under this grader, by their letters | the status | a
part of the sentence. Nothing in this file runs outside of a sandbox.
"""

import json
import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from labs import ROOT, answers

SHARE, LONGEST = (answers("lab0")[f"answer-{name}"] for name in ("share", "longest"))
RELEASED = ROOT / "labs" / "lab0" / "lab0.ipynb"
#: The properties by a letter: the share, nobody asked, the longest wait.
PROPERTIES = {"S": "a-share", "N": "nobody-asked", "L": "longest-wait"}

RUN, BLANK = "Every answer cell was run.", "No answer cell was filled in."
ODD = "something that is no answer"
WRONG = "def share(good, valid):\n    return 0.5\n"
NONE = 'def share(good, valid):\n    raise NotImplementedError("no answer yet")\n'
#: Speaks the language of the pipe.
FRAMES = """
import json, os, struct, sys
def say(number, times=1, answers=1, **fields):
    frame = json.dumps({"number": number, "answers": [fields] * answers}).encode()
    os.write(3, (struct.pack("!Q", len(frame)) + frame) * times)
def asked():
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["request"]["number"]
"""


class Case(NamedTuple):
    """What is handed in, and what comes of it."""

    name: str
    nbgrader: str
    holds: str
    status: str
    sentence: str
    make: Callable[[Path], Any]  # the notebook, as data or bytes; or it fills the folder of the submission itself
    printed: str | None = None  # what the cell with the share prints, as a pattern
    finding: str = ""  # a part of one of the remarks
    verdict: str = ""  # what is said of a-share, as a pattern
    kinds: tuple[str, ...] = ()  # the other kinds of walls behind which it is tried as well


CASES: list[Case] = []
WALLS, ALL = ("namespaces",), ("namespaces", "limits")


def case(line: str, **more: Any) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register what makes a submission."""
    name, nbgrader, holds, status, sentence = (part.strip() for part in line.split(" | "))

    def register(make: Callable[[Path], Any]) -> Callable[[Path], Any]:
        CASES.append(Case(name, nbgrader, holds, status, sentence, make, **more))
        return make

    return register


def notebook(share: str = SHARE, longest: str = LONGEST) -> dict[str, Any]:
    """The release with these answers."""
    whole: dict[str, Any] = json.loads(RELEASED.read_text(encoding="utf-8"))
    texts = {"answer-share": share, "answer-longest": longest, "explain": "It is asked about other inputs."}
    for cell in whole["cells"]:
        cell["source"] = texts.get(cell["id"], cell["source"])
    return whole


def blank(*_: Any) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(RELEASED.read_text(encoding="utf-8"))
    return whole


def writes(line: str, *share: str, longest: str = LONGEST, after: str = "", **more: Any) -> None:
    """A submission that only has other texts in its answer cells; ``after`` comes below the right share."""
    whole = "\n".join(map(textwrap.dedent, share or (SHARE, after)))
    case(line, **more)(lambda folder: notebook(whole, textwrap.dedent(longest)))


def changes(line: str, share: str = SHARE, **more: Any) -> Callable[[Callable[..., Any]], None]:
    """Register what is done to the cells of a notebook, by their ids."""

    def register(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> None:
        def make(folder: Path) -> Any:
            whole = notebook(share)
            return change(whole, {cell["id"]: cell for cell in whole["cells"]}) or whole

        case(line, **more)(make)

    return register


def bytes_of(whole: dict[str, Any]) -> bytes:
    return json.dumps(whole).encode()


# -- what is known of nbgrader -----------------------------------------------------------------------------------------

writes("honest | 20 | SNL | ok | " + RUN, kinds=ALL)


@case("one of two answered | 10 | SN | ok | 2 of 3 answer cells were filled in.")
def _(folder):
    return notebook(longest=next("".join(c["source"]) for c in blank()["cells"] if c["id"] == "answer-longest"))


writes(
    "infinite loop in an answer cell | 20 | SNL | time-out | ran too long",
    after="while True:\n    pass",
    finding="answer-share ran longer than 1 seconds",
    kinds=ALL,
)
writes(
    "infinite loop that lets nothing stop it | none, all by hand | L | time-out | ran too long",
    after="""
    import signal
    signal.setitimer(signal.ITIMER_REAL, 0)
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
    """,
    finding="Running the cell answer-share ended its process",
    kinds=ALL,
)
writes(
    "100 MB printed, in lines | 20 | SNL | ok | " + RUN,
    after="""
    for _ in range(100):
        print(("x" * 80 + "\\n") * 12_500)
    """,
    printed=r"[x\n]{20000}\n… [\d,]+ more characters",
)
writes(
    "100 MB printed, in one line | 20, and a notebook of 100 MB | SNL | ok | " + RUN,
    after='print("x" * 100_000_000)',
    printed=r"x{20000}\n… [\d,]+ more characters",
)
writes(
    "a thousand values of 20,000 characters shown | 3 of 3, and a notebook of 14 MB | SNL | ok | " + RUN,
    after='get_ipython().ast_node_interactivity = "all"',
    longest=LONGEST + '"x" * 20_000\n' * 1_000,
)
writes(
    "memory without end, in a function | none, all lost | L | memory | wanted more memory than there is for it",
    """
    def share(good, valid):
        kept = []
        while True:
            kept.append(bytes(100_000_000))
    """,
    verdict="it stopped with MemoryError",
    kinds=ALL,
)
writes(
    "memory without end, in a cell | 20, without a limit | SNL | memory | wanted more memory than there is for it",
    after="""
    kept = []
    while True:
        kept.append(bytes(100_000_000))
    """,
)
writes(
    "a crash in a cell | none, all lost | L | killed | ended before its time, once",
    after="import ctypes\nctypes.string_at(0)",
    finding="its process crashed (SIGSEGV)",
    kinds=ALL,
)
writes(
    "SIGKILL to itself | none, all lost | SNL | ok | " + RUN,
    after="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
)


@changes("a check cell deleted | 18, to be marked for ever | SNL | missing cell | check-a-share had been deleted")
def _(whole, cells):
    whole["cells"].remove(cells["check-a-share"])


@changes("label taken off a check cell | 18, to be marked for ever | SNL | recovered cell | had lost nbgrader's label")
def _(whole, cells):
    del cells["check-a-share"]["metadata"]["nbgrader"]


@changes(
    "a check cell edited, a wrong answer | 18 (right) | L | changed cell | The text of the check cell", share=WRONG
)
def _(whole, cells):
    cells["check-a-share"]["source"] = "assert True"


@case("check cells made text, no answers | 0 (right) |  | blank | " + BLANK, finding="The text of the check cell")
def _(folder):
    whole = blank()
    for cell in whole["cells"]:
        if cell["id"].startswith("check-"):
            cell["cell_type"] = "markdown"
    return whole


@changes("1,000 points, grade: false, solution: true | none, all lost | SNL | changed cell | The points or kind of the")
def _(whole, cells):
    cells["check-a-share"]["metadata"]["nbgrader"] |= {"points": 1000, "grade": False, "solution": True}


@changes("an own cell 'bonus', 100 points | none, all lost | SNL | ok | " + RUN, finding="A cell calls itself 'bonus'")
def _(whole, cells):
    bonus = {"grade_id": "bonus", "points": 100, "grade": True, "solution": False, "locked": True, "schema_version": 3}
    whole["cells"].append({"cell_type": "code", "id": "b", "metadata": {"nbgrader": bonus}, "source": "1"})


@changes("cells copied | none, and **the whole run stops** | SNL | duplicated cell | 2 cells are called answer-share")
def _(whole, cells):
    whole["cells"] += [json.loads(json.dumps(cells[name])) for name in ("answer-share", "check-a-share")]


@case("the notebook renamed | none, all lost | SNL | renamed | 'mine.ipynb'; it was graded as lab0.ipynb")
def _(folder):
    (folder / "mine.ipynb").write_bytes(bytes_of(notebook()))


@case("a second notebook beside it | 20 | SNL | ok | " + RUN, finding="Not used: 'copy.ipynb'")
def _(folder):
    (folder / "copy.ipynb").write_text("{}")
    return notebook()


@case("no notebook | no record |  | no notebook | There is no lab0.ipynb in the submission.")
def _(folder):
    (folder / "notes.txt").write_text("later")


writes(
    "a syntax error in an answer | 18 (right) | L | ok | The cell answer-share stopped with SyntaxError",
    "def share(good, valid) return good / valid",
)
case("truncated JSON | none, all lost |  | unreadable | its JSON breaks off at line")(
    lambda folder: json.dumps(notebook(), indent=1).encode()[:3000]
)
case("an empty file | none, all lost |  | empty | The notebook is an empty file.")(lambda folder: b"")


@changes("nbformat 5 | none, all lost | SNL | ok | " + RUN, finding="its format is 5; it was read as format 4")
def _(whole, cells):
    whole["nbformat"] = 5


@changes("nbformat 3 | 20 | SNL | ok | " + RUN)
def _(whole, cells):
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": whole["cells"]}]}


writes(
    "os._exit(0) in a cell | none, all lost | L | killed | ended before its time, once",
    after="import os\nos._exit(0)",
    finding="its process ended itself",
    kinds=ALL,
)
writes(
    "os._exit(0) in a function | none, all lost | L | killed | ended before its time, 2 times",
    "import os\ndef share(good, valid):\n    os._exit(0)",
    verdict="share never returned: its process ended itself",
)
writes("sys.exit(0) in a cell | 20 | SNL | ok | answer-share stopped with SystemExit", after="import sys\nsys.exit(0)")


@changes("an unknown kernel | 20 | SNL | ok | " + RUN)
def _(whole, cells):
    whole["metadata"]["kernelspec"] = {"name": "julia-0.3", "display_name": "Julia", "language": "julia"}


@case("tag skip-execution on the check cells, no answers | **20** |  | blank | " + BLANK, finding="'skip-execution'")
def _(folder):
    whole = blank()
    for cell in whole["cells"]:
        if cell["id"].startswith("check-"):
            cell["metadata"]["tags"] = ["skip-execution"]
    return whole


writes(
    "an AST transformer that drops assert, no answers | **20** | L | ok | " + RUN,
    """
    import ast
    class Drop(ast.NodeTransformer):
        def visit_Assert(self, node):
            return ast.Pass()
    get_ipython().ast_transformers.append(Drop())
    """,
    NONE,
)
writes(
    "abs and round replaced | **20** | L | ok | " + RUN,
    WRONG,
    """
    import builtins
    builtins.abs = builtins.round = lambda *_: 0.0
    """,
)
writes(
    "an answer that equals everything | **20** | L | ok | " + RUN,
    """
    class Any:
        __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: True
        __sub__ = __rsub__ = __abs__ = __float__ = lambda self, *_: 0.0
        __hash__ = object.__hash__
    def share(good, valid):
        return Any()
    """,
    verdict="it returned .*, which is no number",
)
writes(
    "dslib overridden to agree | **20** | L | ok | " + RUN,
    WRONG,
    """
    import contextlib, dslib.exercises, dslib.slo
    dslib.slo.sli = lambda *_: 0.5
    dslib.exercises.Lab.check = lambda *_: contextlib.nullcontext()
    dslib.exercises.time_limit = dslib.exercises.quiet = lambda *_: contextlib.nullcontext()
    """,
)


@case("own dslib.py, numpy.py, json.py beside the notebook | 0 or 20 | SNL | ok | " + RUN, finding="'dslib.py'")
def _(folder):
    for name in ("dslib.py", "numpy.py", "json.py", "sitecustomize.py"):
        (folder / name).write_text("raise SystemExit('mine')")
    return notebook()


writes(
    "get_ipython().run_cell replaced, no answers | 0 (right) | L | ok | " + RUN,
    "get_ipython().run_cell = lambda *_, **__: None",
    NONE,
)
writes(
    "a right answer that warns | 18 | SNL | ok | " + RUN,
    """
    import sys, warnings
    def share(good, valid):
        warnings.warn("careful")
        print("careful", file=sys.stderr)
        return good / valid if valid else math.nan
    """,
)
writes(
    "reads solutions, checks, gradebook, seeds, others' work | 20, **all read** | SNL | ok | " + RUN,
    after=f"""
    import os
    places = ["ROOT/solutions", "ROOT/gradebook/gradebook.db", "ROOT/gradebook/submitted/ada/lab0/lab0.ipynb",
              "ROOT/instructor.toml", "{ROOT}/solutions", "{ROOT}/grading", "{ROOT}/gradebook", "{ROOT}/tests",
              "/etc/passwd", "/home", "/var", "/run", "/sys", "/proc/1/environ", "/proc/self/mem"]
    places += ["../" * n + name for n in range(1, 9) for name in ("solutions", "gradebook", "instructor.toml")]
    seen = [place for place in places if os.path.exists(place)]
    for top, folders, files in os.walk("/"):
        seen += [name for name in files if name in ("instructor.toml", "asking.py")]
    print(seen)
    """,
    printed=r"\[\]",
    kinds=WALLS,
)
writes(
    "UPDATE grade in the gradebook | **24 for itself, others' changed** | SNL | ok | stopped with OperationalError",
    after="""
    import sqlite3
    with sqlite3.connect("file:ROOT/gradebook/gradebook.db?mode=rw", uri=True) as book:
        book.execute("UPDATE grade SET manual_score = 24")
    """,
    kinds=WALLS,
)
writes(
    "deletes the gradebook and all it finds | **all students' grades gone** | SNL | ok | " + RUN,
    after="""
    import os, shutil
    for place in ("ROOT/gradebook/gradebook.db", "ROOT/solutions", "/lab", "/course", "/usr/lib", "/dev", "/tmp"):
        shutil.rmtree(place, ignore_errors=True)
        try:
            os.unlink(place)
        except OSError:
            pass
    """,
    kinds=WALLS,
)
writes(
    "sends data to a listener on this machine | 20, **data arrived** | SNL | ok | stopped with PermissionError",
    after="""
    import socket
    socket.create_connection(("127.0.0.1", PORT), 1).sendall(b"the hidden cases")
    """,
    kinds=ALL,
)
writes(
    "leaves a daemon behind | 20, **it goes on** | SNL | ok | stopped with PermissionError",
    after="""
    import subprocess
    subprocess.Popen(["sleep", "1000PORT"], start_new_session=True)
    """,
    kinds=ALL,
)
writes(
    "leaves a start-up file | 20 | SNL | ok | " + RUN,
    after="""
    import os, sys
    places = os.environ["HOME"], os.environ["IPYTHONDIR"], "/dev/shm", "/dev", "/var/tmp", "/lab", "/proc", *sys.path
    for place in places:
        for name in ("usercustomize.py", "profile_default/startup/00.py", "from-ben"):
            try:
                os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
                open(os.path.join(place, name), "w").write("max = lambda *_: 1")
            except OSError:
                pass
    """,
    kinds=WALLS,
)
case("... and the next one, without answers | **20** |  | blank | " + BLANK, kinds=WALLS)(blank)
writes(
    "... and one that looks for what was left | 3 of 3 | SNL | ok | " + RUN,
    after="""
    import os
    files = [os.path.join(top, name) for top, _, names in os.walk("/") for name in names]
    print([path for path in files if path.endswith(("from-ben", "usercustomize.py", "startup/00.py"))])
    """,
    printed=r"\[\]",
    kinds=WALLS,
)

# -- what had not been tried -------------------------------------------------------------------------------------------

writes(
    "a fork bomb | not tried: takes the machine | SNL | ok | answer-share stopped with PermissionError",
    after="import os\nwhile True:\n    os.fork()",
    kinds=ALL,
)
writes(
    "a fork bomb that takes no for no answer | not tried: takes the machine | SNL | time-out | ran too long",
    after="""
    import ctypes, os
    libc = ctypes.CDLL(None)
    calls = [57, 58, 56, 435] if os.uname().machine == "x86_64" else [220, 435]
    while True:
        for call in calls:
            libc.syscall(call, 17, 0, 0, 0, 0)
        for start in (os.fork, lambda: os.posix_spawn("/bin/true", ["true"], {}), lambda: os.system("true &")):
            try:
                start()
            except OSError:
                pass
    """,
    kinds=ALL,
)
writes(
    "ten thousand threads | 3 of 3 | SNL | ok | " + RUN,
    after="""
    import threading
    held, count = threading.Event(), 0
    try:
        for count in range(10_000):
            threading.Thread(target=held.wait, daemon=True).start()
    except RuntimeError:
        print(count)
    """,
    printed=r"\d{1,3}",
)


@case("the notebook is a link to another student's | **3 of 3** |  | link | lab0.ipynb is a link to somewhere else")
def _(folder):
    (folder / "lab0.ipynb").symlink_to(folder.parents[1] / "ada/lab0/lab0.ipynb")


@case("the folder is a link to another student's | **3 of 3** |  | link | The folder of the submission is a link")
def _(folder):
    folder.rmdir()
    folder.symlink_to(folder.parents[1] / "ada/lab0")


@case("links out of the folder, and in circles | 3 of 3 | SNL | link | is a link: it was not opened")
def _(folder):
    (folder / "secrets").symlink_to(folder.parents[3] / "solutions")
    (folder / "round").symlink_to(folder)
    return notebook()


@case("the notebook is a pipe that nobody fills | **the run hangs** |  | unreadable | lab0.ipynb is a device or pipe")
def _(folder):
    os.mkfifo(folder / "lab0.ipynb")


@case("3,000 files, in folders of folders | 3 of 3 | SNL | ok | " + RUN, finding="There are more than 2,000 files")
def _(folder):
    for number in range(3_000):
        inner = folder / f"a{number % 30}" / "b"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / str(number)).touch()
    return notebook()


case("JSON 100,000 lists deep | none, all lost |  | unreadable | nested so deeply")(
    lambda folder: b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
)
case("a notebook of 21 MB | 3 of 3 |  | too large | Clear its outputs and grade it again.")(
    lambda folder: bytes_of({**notebook(), "junk": "x" * 21_000_000})
)


@case("2,020 empty folders, in folders | 3 of 3 | SNL | ok | " + RUN, finding="more than 2,000 files and folders")
def _(folder):
    for number in range(2_020):
        (folder / f"a{number % 20}" / f"b{number}").mkdir(parents=True)
    return notebook()


@case(
    "a hundred links | 3 of 3 | SNL | link | is a link: it was not opened", finding="95 more links, devices and pipes"
)
def _(folder):
    for number in range(100):
        (folder / f"link{number:03}").symlink_to("/etc/passwd")
    return notebook()


@case("a folder in the notebook's place | none, all lost |  | unreadable | lab0.ipynb is a folder: it was not opened.")
def _(folder):
    (folder / "lab0.ipynb").mkdir()


case("a notebook of 100,001 cells | none, all lost |  | too large | The notebook has 100,001 cells")(
    lambda folder: b'{"nbformat": 4, "cells": [' + b"{}," * 100_000 + b"{}]}"
)
case(
    "a number of a million digits | none, all lost | SNL | ok | " + RUN,
    finding="its format is 0; it was read as format 4",
)(lambda folder: bytes_of(notebook()).replace(b'"nbformat": 4', b'"nbformat": ' + b"9" * 1_000_000))


@changes("cells of every wrong shape | none, all lost | N | missing cell | The answer cell answer-longest is not there")
def _(whole, cells):
    cells["answer-share"]["source"] = ["def share(good, valid):\n", "    return math.nan\n"]
    cells["answer-share"]["metadata"]["tags"] = {"a": 1}
    cells["answer-longest"]["metadata"]["nbgrader"]["grade_id"] = ["answer-longest"]
    cells["answer-longest"] |= {"id": 5, "source": {"a": "b"}}
    whole["cells"] = [None, 7, "cell", [], {}, {"metadata": None}, {"metadata": {"nbgrader": []}}, *whole["cells"]]
    whole["metadata"] = "none"


@changes("an answer of 300,000 characters | 3 of 3 | L | damaged cell | answer-share is damaged or far too long")
def _(whole, cells):
    cells["answer-share"]["source"] += "\n#" + "x" * 300_000


@changes(
    "all labels lost, as other editors do | none, by hand for ever | SNL | recovered cell | had lost nbgrader's label"
)
def _(whole, cells):
    for number, cell in enumerate(whole["cells"]):
        cell["metadata"].pop("nbgrader", None)
        cell["id"] = str(number)


case("another notebook | none, all lost |  | another notebook | none of its answer cells belongs to this lab")(
    lambda folder: b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}'
)


@changes("a name that is code | 0 of 3 | SNL | ok | " + RUN)
def _(whole, cells):
    cells["learner"]["source"] = 'LEARNER = "x\\"); import os; os._exit(1); (\\"\\ud800\\n\\x1b[2J"'


writes(
    "halves of characters | none, all lost | SNL | ok | " + RUN,
    after='print("\ud800", "\\ud800")',
    printed="\ufffd+ \ufffd",
)
writes(
    "a thread that outlives its cell | 3 of 3 | SNL | ok | " + RUN,
    after="""
    import threading, time
    def nag():
        while True:
            print("still here")
            time.sleep(0.001)
    threading.Thread(target=nag, daemon=False).start()
    """,
    kinds=ALL,
)
writes(
    "a function that answers differently the second time | 1 of 3 (right) | L | ok | " + RUN,
    """
    asked = []
    def share(good, valid):
        asked.append(1)
        return (good / valid if valid else math.nan) if len(asked) == 1 else 0.5
    """,
    verdict="it returned 0.5",
)
writes(
    "math, numpy, json, random patched | none, all lost | L | ok | " + RUN,
    WRONG,
    """
    import json, math, random, numpy
    math.isclose = numpy.isclose = numpy.allclose = math.isnan = lambda *_, **__: True
    json.dumps = lambda *_, **__: '{"number": 1, "value": 0.5}'
    random.Random.choice = random.Random.randrange = lambda *_: 0
    """,
)
writes(
    "frames and gc searched for the checks | 1 of 3 (right) | L | ok | " + RUN,
    """
    import gc, sys
    gc.unfreeze()
    found = [name for name in sys.modules if name.startswith(("grading", "nbgrader"))]
    for thing in gc.get_objects():
        if type(thing) is dict and {"check_seeds", "a_share", "DS_CHECKS_SEED"} & {k for k in thing if type(k) is str}:
            found.append("a dictionary")
        if type(thing).__name__ in ("Properties", "Course", "Instructor", "NotTrue"):
            found.append(type(thing).__name__)
    print(found)
    def share(good, valid):
        frame = sys._getframe()
        while frame := frame.f_back:
            for name, value in frame.f_locals.items():
                if name in ("expected", "dice", "learner"):
                    return value
        return 0.5
    """,
    printed=r"\[\]",
    verdict="it returned 0.5",
    kinds=WALLS,
)
writes(
    "its memory searched for the seeds | 3 of 3 | SNL | ok | " + RUN,
    after="""
    try:
        open("/proc/self/maps").read()
    except OSError:
        print("no map of it")
    """,
    printed="no map of it",
    kinds=WALLS,
)
writes(
    "signal handlers that refuse to die | none, all lost | L | time-out | ran too long",
    """
    import signal
    for number in range(1, 65):
        try:
            signal.signal(number, lambda *_: None)
        except (OSError, ValueError):
            pass
    def share(good, valid):
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True:
            try:
                signal.pause()
            except BaseException:
                pass
    """,
    verdict="share did not return within 1 seconds",
    kinds=ALL,
)
writes(
    "words for the feedback | 1 of 3 (right) | L | ok | " + RUN,
    r"""
    def share(good, valid):
        raise ValueError("\r\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\n\n100 points\u202e\ud800\0" * 99)
    """,
    verdict=r"it stopped with ValueError: 0;owned\ufffd<script>alert\(1\)</script> 100 points",
)
writes(
    "a disk filler | 3 of 3, **the disk full** | SNL | ok | " + RUN,
    after="""
    written = 0
    try:
        for number in range(10_000):
            with open(f"/tmp/{number}", "wb", buffering=0) as file:
                for _ in range(30):
                    written += file.write(bytes(1_000_000))
    except OSError:
        print(written // 10**6, "MB")
    """,
    printed=r"(5\d|6\d) MB",
    kinds=WALLS,
)
writes(
    "one file without end, and too many | 3 of 3, **the disk full** for a while | SNL | ok | " + RUN,
    after="""
    import os
    written = 0
    try:
        with open("large", "wb", buffering=0) as file:
            while True:
                written += file.write(bytes(1_000_000))
    except OSError:
        print(written < 40e6)
        os.unlink("large")
    try:
        for number in range(5_000):
            open(f"{number}", "w").close()
    except OSError:
        pass
    """,
    printed="True",
    kinds=ALL,
)
writes(
    "a folder 1,500 levels deep | 3 of 3, then a traceback | SNL | ok | " + RUN,
    after="""
    import os
    for _ in range(1_500):
        os.mkdir("d")
        os.chdir("d")
    """,
    kinds=ALL,
)
writes(
    "an answer ahead of the question | no such line | L | forged | " + ODD,
    FRAMES,
    WRONG,
    "say(1, value=0.5)",
    kinds=ALL,
)
writes(
    "answers to all questions to come | no such line | L | forged | " + ODD,
    FRAMES,
    WRONG,
    """
    say(asked(), times=100, printed="", value=0.9, passed=True, verdict=[True, ""])
    """,
)
writes(
    "a second answer beside the first | no such line | NL | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        if valid:
            say(asked(), value=good / valid)
        return good / valid if valid else math.nan
    """,
)
writes(
    "a hundred answers to one question | no such line | L | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        say(asked(), answers=100, value=good / valid)
    """,
)
writes(
    "no answer, and answers that are none | no such line | L | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        frame = json.dumps({"number": asked(), "answers": [] if valid else [[]]}).encode()
        os.write(3, struct.pack("!Q", len(frame)) + frame)
    """,
)
writes(
    "what is asked later, read ahead | no such line | L | ok | " + RUN,
    FRAMES,
    """
    def share(good, valid):
        frame = sys._getframe()
        while frame := frame.f_back:
            calls = frame.f_locals.get("calls")
            if calls and "unpacked" in frame.f_globals:
                known = [frame.f_globals["unpacked"](call) for call in calls]
                numbers = [number for _, given, _ in known[1:] for number in given if 0 < number < 1]
                return numbers[0] if numbers else 0.5
        return 0.5
    """,
    verdict="it returned 0.5",
)
writes(
    "a frame that claims 2**63 bytes | no such line | L | forged | " + ODD,
    WRONG,
    "import os\nos.write(3, bytes([128] + [0] * 7))",
)
writes(
    "an answer 100,000 lists deep | no such line | L | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        frame = b'{"number": 9, "value": ' + b'["l", [' * 100_000
        os.write(3, struct.pack("!Q", len(frame)) + frame)
    """,
)
writes(
    "100,000 numbers with one and the same hash | no such line | L | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        say(asked(), value=["s", [["i", hex(n * (2**61 - 1))] for n in range(100_000)]])
    """,
    verdict="share (returned something that cannot be read|never returned)",
)
writes(
    "60,000 large numbers with one and the same hash, in a list | 1 of 3 (right) | L | forged | " + ODD,
    """
    def share(good, valid):
        return [n * (2**61 - 1) for n in range(1, 60_000)]
    """,
    verdict="share returned something that cannot be read",
)
writes(
    "... and smuggled in as JSON's own numbers | no such line | L | forged | " + ODD,
    FRAMES,
    """
    def share(good, valid):
        say(asked(), value=["l", [n * (2**61 - 1) for n in range(1, 60_000)]])
    """,
    verdict="share (returned something that cannot be read|never returned)",
)
writes(
    "an answer that drips, byte by byte | no such line | L | time-out | ran too long",
    FRAMES,
    """
    import time
    def share(good, valid):
        os.write(3, struct.pack("!Q", 1_000_000))
        while True:
            os.write(3, b" ")
            time.sleep(0.05)
    """,
)
writes(
    "the pipe filled and never read | no such line | L | forged | " + ODD,
    """
    import os, threading, time
    def fill():
        while True:
            os.write(3, b"[" * 65536)
    threading.Thread(target=fill, daemon=True).start()
    time.sleep(0.2)
    """,
    WRONG,
)
writes(
    "the line to the judge closed | no such line | L | killed | ended before its time",
    after="import os, time\nos.close(3)\ntime.sleep(0.7)",
    finding="its process",
)
writes(
    "a dozen ways out: unshare, mount, ptrace, bpf, vsock ... | 3 of 3, none refused | SNL | ok | " + RUN,
    after="""
    import ctypes, os, socket
    libc, found = ctypes.CDLL(None, use_errno=True), []
    calls = {
        "x86_64": dict(unshare=272, mount=165, umount=166, chroot=161, pivot_root=155, ptrace=101, setns=308, bpf=321,
                       keyctl=250, perf=298, userfaultfd=323, shmget=29, memfd=319, readv=310, handle=304, kexec=246),
        "aarch64": dict(unshare=97, mount=40, umount=39, chroot=51, pivot_root=41, ptrace=117, setns=268, bpf=280,
                        keyctl=219, perf=241, userfaultfd=282, shmget=194, memfd=279, readv=270, handle=265, kexec=104),
    }.get(os.uname().machine, {})
    for name, number in {**calls, "io_uring": 425, "mount_setattr": 442, "fsopen": 430, "pidfd_open": 434}.items():
        ctypes.set_errno(0)
        if libc.syscall(number, 1, b"/tmp", b"/tmp", 0, 0) >= 0 or ctypes.get_errno() != 1:
            found.append((name, ctypes.get_errno()))
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, 38, 40):
        try:
            socket.socket(family, socket.SOCK_DGRAM)
            found.append(family)
        except OSError:
            pass
    for pid in (-1, 2, 3, os.getppid() or 4):
        try:
            os.kill(pid, 0)
            found.append(f"kill {pid}")
        except OSError:
            pass
    print(found)
    """,
    printed=r"\[\]",
    kinds=ALL,
)
writes(
    "signals by way of a pipe, priorities, datagrams, devices, rights of files | **all grades gone** | SNL | ok | "
    + RUN,
    after="""
    import ctypes, fcntl, os, socket, struct
    other, (pipe, _), (pair, _), book = os.getppid(), os.pipe(), socket.socketpair(), "ROOT/gradebook/gradebook.db"
    acts = dict(
        owner=lambda: fcntl.fcntl(pipe, fcntl.F_SETOWN, other),
        signal=lambda: fcntl.fcntl(pipe, 10, 9),
        thread=lambda: fcntl.fcntl(pipe, 15, struct.pack("ii", 1, other)),
        owner_of_a_socket=lambda: fcntl.ioctl(pair, 0x8901, struct.pack("i", other)),
        lease=lambda: fcntl.fcntl(os.open("hints.toml", os.O_RDONLY), 1024, 0),
        priority=lambda: os.setpriority(os.PRIO_PROCESS, other, 19),
        processors=lambda: os.sched_setaffinity(other, {0}),
        batch=lambda: os.sched_setscheduler(other, os.SCHED_BATCH, os.sched_param(0)),
        datagrams=lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
        address=lambda: pair.bind("\\0mine"),
        descriptors=lambda: socket.send_fds(pair, [b"x"], [0]),
        device=lambda: os.mknod("null", 0o20666, os.makedev(1, 3)),
        rights=lambda: os.chmod(book, 0),
        times=lambda: os.utime(book, (0, 0)),
        attribute=lambda: os.setxattr(book, "user.mine", b"x"),
        emptied=lambda: os.truncate(book, 0),
    )
    found = []
    for name, act in acts.items():
        try:
            act()
            found.append(name)
        except OSError:
            pass
    libc = ctypes.CDLL(None, use_errno=True)
    for newer in (449, 457, 470, 600):
        if libc.syscall(newer, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != 38:
            found.append(newer)
    print(found)
    """,
    printed=r"\[\]",
    kinds=ALL,
)
writes(
    "its own limits raised, its rights taken back | 3 of 3, most of it done | SNL | ok | " + RUN,
    after="""
    import os, resource
    found = []
    for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        try:
            resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            found.append(name)
        except (OSError, ValueError):
            pass
    acts = [
        lambda: os.setuid(0),
        lambda: os.setgid(0),
        lambda: os.chown("/tmp", 0, 0),
        lambda: os.chmod("/dev/null", 0o666),
        lambda: os.chmod("/usr", 0o755),
        lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)),
        lambda: os.nice(-5),
        lambda: os.utime("/usr"),
        lambda: os.rename("/lab", "/tmp/x"),
    ]
    for number, act in enumerate(acts):
        try:
            act()
            found.append(number)
        except OSError:
            pass
    print(found)
    """,
    printed=r"\[\]",
    kinds=WALLS,
)
writes(
    "another program in its place, with LD_PRELOAD | none, all lost | L | killed | ended before its time, once",
    after="""
    import os
    os.execve("/bin/sleep", ["sleep", "1000PORT"], {"LD_PRELOAD": "/tmp/mine.so", "PYTHONSTARTUP": "/tmp/mine.py"})
    """,
    kinds=ALL,
)
writes(
    "another program that keeps the line | none, all lost | L | time-out | ran too long",
    after="""
    import os
    os.set_inheritable(3, True)
    os.execv("/bin/sleep", ["sleep", "1000PORT"])
    """,
)
writes(
    "an answer that is a pickle bomb | 1 of 3 (right) | L | ok | " + RUN,
    """
    class Bomb:
        def __reduce__(self):
            return eval, ("open('ROOT/gradebook/gradebook.db', 'w')",)
    def share(good, valid):
        return Bomb()
    """,
    verdict="which is no number",
)
writes(
    "a number that lies about itself | 1 of 3 (right) | L | ok | " + RUN,
    """
    class Sly(float):
        __eq__ = lambda *_: True
        __sub__ = __rsub__ = lambda *_: 0.0
        __class__ = bool
    def share(good, valid):
        return Sly(0.123)
    """,
    verdict="it returned 0",
)
writes(
    "a row with odd fields | 1 of 3 (right) | L | ok | " + RUN,
    """
    class Row(tuple):
        _fields = ("ndim", "__class__", "item")
    def share(good, valid):
        return Row((0, 1, 2))
    """,
    verdict=r"it returned \(0, 1, 2\), which is no number",
)
writes(
    "a whole number of 30 million bits | 1 of 3 (right) | L | ok | " + RUN,
    """
    def share(good, valid):
        return 1 << 30_000_000
    """,
    verdict="a whole number of 30,000,001 bits",
)
writes(
    "Decimal('1e999999') | 1 of 3 (right) | L | ok | " + RUN,
    """
    from decimal import Decimal
    def share(good, valid):
        return Decimal("1e999999")
    """,
    verdict="a number without end",
)
writes(
    "a generator that never ends | 1 of 3 (right) | L | time-out | ran too long",
    """
    import time
    def share(good, valid):
        while True:
            yield good / valid
            time.sleep(1e-3)
    """,
)
writes(
    "a list that holds itself | 1 of 3 (right) | L | ok | " + RUN,
    """
    def share(good, valid):
        found = []
        found.append(found)
        return found
    """,
    verdict="which is no number",
)
writes(
    "StopIteration, to end the loop of a check | 1 of 3 (right) | L | ok | " + RUN,
    """
    def share(good, valid):
        raise StopIteration
    """,
    verdict="it stopped with StopIteration",
)
writes(
    "exceptions that claim to be the checks' own | 1 of 3 (right) | L | ok | " + RUN,
    """
    class NotTrue(BaseException):
        __module__ = "grading.checks.asking"
        def __str__(self):
            raise SystemExit
    class TookTooLong(NotTrue):
        pass
    def share(good, valid):
        raise NotTrue if valid else TookTooLong
    """,
    verdict="it stopped with NotTrue",
)
writes(
    "right only when it is not the judge who asks | 3 of 3 | SN | ok | " + RUN,
    longest="""
    import sys
    def longest(waits):
        return 0 if sys._getframe(1).f_code.co_name == "_ask" else max(waits)
    """,
)
writes(
    "shell commands | **everything gone**, solutions too | SNL | ok | answer-share stopped with PermissionError",
    after="""
    %cd ROOT
    !rm -rf ROOT
    """,
)
writes(
    "a question to the terminal | 3 of 3 | SNL | ok | answer-share stopped with",
    after='input("points? ")',
)
writes(
    "files and sockets left open | 0 of 3 | SNL | ok | " + RUN,
    after="""
    import os, socket
    kept = []
    try:
        while True:
            kept += [open("/dev/zero"), *socket.socketpair()]
    except OSError:
        pass
    """,
)
writes(
    "isinstance replaced and all modules forgotten | none, all lost | L | killed | ended before its time",
    after="""
    import builtins, sys
    builtins.isinstance = lambda *_: True
    sys.modules.clear()
    """,
)


# -- the table in grading/README.md ------------------------------------------------------------------------------------

BEGIN, END = "<!-- from tests/attacks.py -->", "<!-- to here -->"


def table() -> str:
    """The cases in markdown."""
    rows = [
        "| handed in | nbgrader, of 20 or as said | here, of 3 | status | what the instructor reads |",
        "|---|---|---|---|---|",
    ]
    for one in CASES:
        told = dict.fromkeys(filter(None, (one.sentence, one.finding)))
        if one.finding and one.sentence == RUN:
            del told[RUN]
        cells = one.name, one.nbgrader, str(len(one.holds)), one.status, "; ".join(told)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    readme = ROOT / "grading" / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
