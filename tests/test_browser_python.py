"""A browser's Python has no numpy, no matplotlib, no second thread and no second process; the course needs none."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import pythons
import swept

from dslib.sweeps import sweep

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "lessons").glob("0[1-7]-*.ipynb"))
QUICK = [path for path in LESSONS if path.name[:2] in ("02", "03", "06")]


@pytest.mark.parametrize("lesson", QUICK, ids=lambda path: path.stem)
def test_a_lesson_needs_nothing_that_a_browsers_python_lacks(lesson: Path, tmp_path: Path):
    """All seven are run in a browser, too: `make prove`."""
    command = [sys.executable, str(ROOT / "tests" / "without.py"), str(lesson)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    shown = dict(json.loads(line) for line in said.stdout.splitlines())
    cells = [cell["id"] for cell in json.loads(lesson.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert list(shown) == cells
    pictures = [id for id, kinds in shown.items() if "text/html" in kinds]
    assert len(pictures) >= 10
    for id in pictures:
        assert shown[id]["text/plain"] > 0, f"cell {id!r} shows a picture without a sentence"


LIMITED = """
import sys, time
sys.platform = "emscripten"
from dslib.exercises import TookTooLong, time_limit

def loop():
    while True:
        pass

def calls():
    while True:
        list(map(str, range(100)))

def stubborn():
    while True:
        try:
            loop()
        except BaseException:
            pass

def nested():
    with time_limit(60):
        loop()

try:
    with time_limit(0.1):
        while True: pass  # in one frame with what catches it
except TookTooLong as problem:
    assert str(problem) == "it did not return within 0.1 seconds.", problem

for wait in (loop, calls, stubborn, nested, lambda: sum(1 for _ in iter(int, 1))):
    begun = time.monotonic()
    try:
        with time_limit(0.1):
            wait()
    except TookTooLong as problem:
        assert str(problem) == "it did not return within 0.1 seconds.", problem
        assert time.monotonic() - begun < 5
    else:
        raise SystemExit(f"{wait} was not stopped")
with time_limit(5):
    try:
        with time_limit(0.1):
            loop()
    except TookTooLong:
        pass
    kept = sum(range(1000))
assert sys.monitoring.get_tool(sys.monitoring.PROFILER_ID) is None, "the watch goes on"
loops = 0
while loops < 100_000:
    loops += 1
"""


def test_where_there_are_no_signals_and_no_threads_a_time_limit_holds_all_the_same(tmp_path: Path):
    found = [command for version in ("3.14", "3.13", "3.12") if (command := pythons.find(version))]
    if not found:
        pytest.skip("no Python 3.12 or newer on this machine; test_site.py tries it in a browser")
    said = subprocess.run([*found[0], "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{LIMITED}"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=60)  # fmt: skip
    assert said.returncode == 0, said.stderr


def test_in_a_browser_a_pool_of_processes_is_one_processor_and_the_sweep_says_so(monkeypatch: pytest.MonkeyPatch):
    here = sweep(swept.product, 5, x=[3, 4])
    monkeypatch.setattr(sys, "platform", "emscripten")
    there = sweep(swept.product, 5, ProcessPoolExecutor, x=[3, 4])
    assert there.rows == here.rows
    assert "A browser's Python has one processor: one run was made after the other." in str(there)
