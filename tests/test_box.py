"""The sandbox: processes on a leash, how each one's end is told, and walls that are tried before they are relied on."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dslib.slo.indicators import sli
from grading import box as module
from grading.box import Box, BoxProblem, Child, Ended, Limits, best, question
from grading.checks.asking import Known
from grading.inside import remove
from labs import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes as Linux has them")
FOLDER = ROOT / "labs" / "lab0"


@pytest.fixture(scope="module")
def boxes():
    """A box of the best kind, and one without walls."""
    kind, _ = best(FOLDER)
    with Box(FOLDER, kind, Limits(cpu_s=1)) as walled, Box(FOLDER, "limits", Limits(cpu_s=1)) as limited:
        yield {"walls": walled, "limits": limited}


@pytest.fixture(params=["walls", "limits"])
def box(boxes, request):
    return boxes[request.param]


def test_a_process_runs_cells_and_answers_calls(box):
    child = box.child()
    said = child.run("def double(x):\n    return 2 * x\nprint('defined')\ndouble(4)", 10)
    assert (said["printed"], said["shown"]) == ("defined\n", ["8"])
    calls = [question("double", [21], {}), question("triple", [1], {}), question("double", [], {"x": 4})]
    answers = child.call(calls, time.monotonic() + 10)
    assert [answers[0]["value"], answers[1]["missing"], answers[2]["value"]] == [42, True, 8]
    child.end()
    assert child.cpu_s > 0
    with pytest.raises(Ended):
        child.run("1", 1)


def test_what_the_judge_knows_is_not_computed_again_and_everything_else_is(box):
    known, ask = Known(sli, ((1, 4), (1, 4.0)), ["known"]), "from dslib.slo.indicators import sli\n"
    child = box.child()
    child.know(known)
    said = child.run(f"{ask}sli(1, 4).append(1)\nprint(sli(1, 4), sli(1, 4.0), sli(1.0, 4), sli(2, 4))", 10)
    assert said["printed"] == "['known'] ['known'] 0.25 0.5\n"
    other = box.child()
    assert other.run(f"{ask}print(sli(1, 4))", 10)["printed"] == "0.25\n"
    child.end()
    other.end()


def test_one_process_knows_nothing_of_another(box):
    first, second = box.child(), box.child()
    first.run("import math, os\nmath.pi = 3\nleft = 1\nopen('left', 'w').close()", 10)
    said = second.run("import math, os\nprint(math.pi, 'left' in globals(), os.path.exists('left'))", 10)
    assert said["printed"] == "3.141592653589793 False False\n"
    first.end()
    second.end()


@pytest.mark.parametrize(
    ("source", "reason", "sentence"),
    [
        ("import os\nos._exit(3)", "ended", "ended itself"),
        ("import os\nos.abort()", "ended", "crashed (SIG"),
        ("import os, time\nos.close(3)\ntime.sleep(0.5)", "ended", "closed its line"),
        ("import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True:\n    pass", "time-out", "processor time"),
    ],
    ids=["leaves", "crashes", "hangs up", "uses its time"],
)
def test_how_a_process_ended_is_told(box, source, reason, sentence):
    with pytest.raises(Ended) as caught:
        box.child().run(source, 90)
    assert caught.value.reason == reason
    assert sentence in str(caught.value)


def test_a_template_that_is_killed_takes_its_processes_along():
    """Nothing outlives the grader, however that ends: also without walls, where no namespace ends with the template."""
    with Box(FOLDER, "limits") as box:
        child = box.child()
        child.run("1", 10)
        pid = child._pid
        assert Path("/proc", str(pid)).exists()
        os.kill(box._process.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while Path("/proc", str(pid)).exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert not Path("/proc", str(pid)).exists()
        with pytest.raises(Ended):
            child.run("1", 5)
        with pytest.raises(BoxProblem, match="gone"):
            box.child()


_GRADER = """
import sys
from pathlib import Path
from grading.box import Box
box = Box(Path(sys.argv[1]), sys.argv[2])
child = box.child()
print(box._scratch, flush=True)
child.run("import signal\\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\\nwhile True:\\n    pass", 60)
"""


@pytest.mark.parametrize("kind", ["walls", "limits"])
def test_a_grader_that_is_killed_leaves_no_process(kind):
    kind = kind if kind == "limits" else best(FOLDER)[0]
    command = [sys.executable, "-c", _GRADER, str(FOLDER), kind]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as grader:
        scratch = grader.stdout.readline().strip()

        def running():
            lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
            return sum(scratch.encode() in line for line in lines)

        assert running() >= 2
        grader.kill()
    until = time.monotonic() + 20
    while running() and time.monotonic() < until:
        time.sleep(0.05)
    assert running() == 0
    remove(scratch)


def test_an_answer_that_did_not_come_is_never_taken_for_the_next(monkeypatch):
    with Box(FOLDER, "limits") as box:

        def nothing(source):
            raise TimeoutError

        with monkeypatch.context() as patch:
            patch.setattr(module.inside, "receive", nothing)
            with pytest.raises(BoxProblem):
                box.child()
        with pytest.raises(BoxProblem, match="gone"):
            box.child()


def test_a_box_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    with pytest.raises(BoxProblem, match=r"the sandbox \(limits\) did not start"):
        Box(FOLDER, "limits")
    with pytest.raises(ValueError, match="write one of bwrap, namespaces, limits"):
        Box(FOLDER, "chains")


_REACH = """
import os
found = []
def dare(name, act):
    try:
        act()
        found.append(name)
    except OSError:
        pass
dare("reads", lambda: open("SECRET/file").read())
dare("lists", lambda: os.listdir("SECRET"))
dare("writes", lambda: open("SECRET/file", "a").write("mine"))
dare("makes", lambda: open("SECRET/other", "w"))
dare("makes a folder", lambda: os.mkdir("SECRET/folder"))
dare("empties", lambda: os.truncate("SECRET/file", 0))
dare("deletes", lambda: os.unlink("SECRET/file"))
dare("renames", lambda: os.rename("SECRET/file", "mine"))
dare("links", lambda: os.link("SECRET/file", "mine"))
dare("reads the grader", lambda: open(f"/proc/{os.getppid()}/environ").read())
dare("reads its own", lambda: open("hints.toml").read())
dare("writes its own", lambda: open("own", "w").write("x"))
print(found)
"""


def test_without_walls_files_are_closed_where_the_kernel_can(boxes, tmp_path):
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "file").write_text("secret")
    child = boxes["limits"].child()
    said = child.run(_REACH.replace("SECRET", str(tmp_path)), 10)
    child.end()
    assert said["printed"] == "['reads its own', 'writes its own']\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "secret"


@pytest.mark.parametrize("kind", ["bwrap", "namespaces"])
def test_a_course_below_tmp_has_the_same_walls(kind, monkeypatch, tmp_path):
    """Python, its packages and the released files may lie where submissions have their own disk."""
    if not tmp_path.is_relative_to("/tmp"):
        pytest.skip(f"{tmp_path} is not below /tmp")
    for name in ("packages", "grading"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    shown = str(tmp_path / "packages")
    monkeypatch.setattr(module, "_system", lambda system=module._system: [*system(), (shown, shown)])
    try:
        box = Box(FOLDER, kind)
    except BoxProblem as problem:
        pytest.skip(f"no such walls here: {problem}")
    with box:
        assert module.leaks(box, [str(tmp_path / "grading")]) == []
        child = box.child()
        said = child.run(_BELOW.replace("PLACE", str(tmp_path)), 10)
        assert said["printed"] == "['packages'] packages\nread-only\nread-only\nread-only\n"
        child.end()
    assert (tmp_path / "packages" / "file").read_text() == "packages"


_BELOW = """
import os
print(os.listdir("PLACE"), open("PLACE/packages/file").read())
for act in (lambda: open("PLACE/packages/file", "w"), lambda: os.remove("PLACE/packages/file"),
            lambda: os.chmod("PLACE/packages/file", 0o777)):
    try:
        act()
    except OSError as problem:
        print("read-only" if problem.errno == 30 else problem)
with open("/tmp/own", "w") as file:
    file.write("own")
"""


def test_read_only_without_the_newer_system_call(monkeypatch, tmp_path):
    """Before Linux 5.12 there is no mount_setattr: each mount is made read-only by itself."""
    if best(FOLDER)[0] == "limits":
        pytest.skip("no walls here")
    older = tmp_path / "inside.py"
    text = Path(module.inside.__file__).read_text()
    assert "syscall(442, -100" in text
    older.write_text(text.replace("syscall(442, -100", "syscall(1_000, -100"))
    monkeypatch.setattr(module.inside, "__file__", str(older))
    assert module.probe(best(FOLDER)[0], FOLDER) == []


def test_children_are_made_and_ended_fast(box):
    """Twenty times in one template: nothing is left over, no descriptor, no process, no folder."""
    descriptors = len(os.listdir("/proc/self/fd"))
    child = box.child()
    child.run("import os\nos.makedirs('a/b')\nos.mkdir('a/b/c', 0)", 10)  # who is not root cannot look into it
    child.end()
    for _ in range(19):
        child: Child = box.child()
        child.end()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert [name for name in os.listdir(box._scratch) if name.startswith("submission-")] == []
