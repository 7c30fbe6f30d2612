"""Goal 10: how soon a picture follows the hand, in headless Chromium.

A scrub is one call of ``go(t)``, timed in the page with the layout that it causes; the moments are drawn at random. An
act goes from the key that a reader presses to the new picture, laid out: through a real JupyterLab and its kernel, and
through a page that asks this process. The screen shows either with its next frame, 16 ms later at most.

These goals are milliseconds, so they depend on the machine. What else it does must not: the same moments and acts are
gone through several times, and of each the quickest counts, because noise only ever adds. The percentiles are over the
moments and acts. The lines "as they came" count each time, and so say what the machine was like.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import math
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dslib import Message, Node, Simulation
from dslib.protocols.chat import users_saw
from dslib.scenarios import chat_room, dangerous_second, room_places, two_truths
from dslib.views import PlayerView, play, save_page, script

from . import pictures
from .table import Row

ROOT = Path(__file__).resolve().parent.parent
NO_PLAYWRIGHT = "playwright is not installed. `make bench` brings it; without make: pip install playwright"
NO_CHROMIUM = (
    "no Chromium found. Debian: sudo apt-get install chromium. Any system: .venv/bin/playwright install chromium. "
    "Installed elsewhere: set CHROMIUM to the program's path"
)

MOMENTS = {"tiny": 20, "default": 160, "large": 1_000}
ACTS = {"tiny": 3, "default": 12, "large": 40}
ROUNDS = {"tiny": 1, "default": 4, "large": 5}
REPETITIONS = {"tiny": 1, "default": 3, "large": 5}

SCRUB_MS, ACT_MS, FRAME_MS = 4.0, 50.0, 16.7
EVENTS = 10_000  # four a millisecond: eight nodes, each with a timer, a send, a delivery, a state
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
]

#: What lesson 5 plays, and the node that a reader would crash.
LESSONS: dict[str, tuple[str, str]] = {
    "chat_room": ("play(chat_room, until=2_000, at=500, judge=users_saw, layout=room_places(3))", "r1"),
    "two_truths": ("play(two_truths, until=2_000, at=900, judge=users_saw, layout=room_places(3))", "r1"),
    "dangerous_second": (
        "play(dangerous_second, until=9_000, heal=7_000, rate=2.0, latency=(20, 60), judge=users_saw, "
        "layout=room_places(3))",
        "r1",
    ),
}


class Word(Message):
    number: int


class Talker(Node):
    """Tells the next one in the ring something every 10 ms."""

    def on_start(self) -> None:
        self.said = 0
        self.set_timer("talk", 10)

    def on_talk_timeout(self) -> None:
        self.said += 1
        self.broadcast(Word(self.said))
        self.set_timer("talk", 10)

    def on_word(self, src: str, msg: Any) -> None:
        self.heard = msg.number


def ring(seed: int = 0, nodes: int = 8) -> Simulation:
    names = [f"n{i}" for i in range(nodes)]
    return Simulation(*(Talker(name, peers=(names[i - 1],)) for i, name in enumerate(names)), seed=seed)


def rows(size: str, progress: Any) -> list[Row]:
    missing = NO_PLAYWRIGHT if importlib.util.find_spec("playwright") is None else ""
    path = None if missing else chromium()
    if path is None:
        return [
            Row(10, "a picture follows the hand", not_run=missing or NO_CHROMIUM),
            *_sizes(),
            *_drawn_in_python(size, progress),
        ]
    from playwright.sync_api import sync_playwright

    views = {name: _lesson(cell) for name, (cell, _) in LESSONS.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        found = _scrubbing(browser, views, size, progress)
        found += _acting(browser, views, size, progress)
        found += _in_notebooks(browser, size, progress)
        browser.close()
    return [*found, *_sizes(views["chat_room"]), *_drawn_in_python(size, progress)]


def chromium() -> str | None:
    """The browser's path: what CHROMIUM names, else the first of the usual names, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def percentile(times: Sequence[float], q: float) -> float:
    """By nearest rank."""
    return sorted(times)[max(0, math.ceil(q * len(times)) - 1)]


def _measure(size: str, once: Callable[..., list[float]], *given: Any) -> list[list[list[float]]]:
    """For each repetition some rounds of the same moments or acts."""
    return [[once(*given) for _ in range(ROUNDS[size])] for _ in range(REPETITIONS[size])]


def _rows(what: str, times: list[list[list[float]]], target: float | None) -> list[Row]:
    """The 95th percentile of the quickest, which has the goal; their median; and all of them as they came."""
    goal = None if target is None else ("<=", target)
    quickest = [list(map(min, *rounds)) if len(rounds) > 1 else rounds[0] for rounds in times]
    came = [[time for one in rounds for time in one] for rounds in times]
    return [
        Row(10, f"{what}, p95", goal, [percentile(some, 0.95) for some in quickest], unit=" ms"),
        Row(10, "  median", None, [percentile(some, 0.5) for some in quickest], unit=" ms"),
        Row(10, "  as they came, p95", None, [percentile(some, 0.95) for some in came], unit=" ms"),
    ]


def _lesson(cell: str) -> PlayerView:
    known = {"play": play, "chat_room": chat_room, "two_truths": two_truths, "dangerous_second": dangerous_second}
    return eval(
        cell, {**known, "room_places": room_places, "users_saw": users_saw}
    )  # the same text goes into a notebook


# -- in a page that asks this process ----------------------------------------------------------------------------------

MOUNT = """
(bundle) => {
    const update = (answer) => window.player.update(JSON.parse(answer));    // a text: Playwright is slow with objects
    const onActs = (acts, request) => window.askPython(acts, request).then(update);
    window.player = mountPlayer(document.getElementById("here"), bundle, { onActs });
}
"""

SCRUB = """
async (count) => {
    const { root } = player, end = Number(root.querySelector("input[type=range]").max), times = [];
    let dice = 1;
    for (let i = 0; i < count; i++) {
        dice = (dice * 48271) % 2147483647;                       // the same moments every time
        const at = end * dice / 2147483647, begun = performance.now();
        player.seek(at);
        root.querySelector(".caption").getBoundingClientRect();   // and what it moves on the page
        times.push(performance.now() - begun);
        if (i % 8 === 7) await new Promise(requestAnimationFrame);
    }
    return times;
}
"""

#: How long each frame lasts while the playhead moves with every one of them.
PLAYED = """
async (count) => {
    const end = Number(player.root.querySelector("input[type=range]").max), times = [];
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < count; i++) {
        player.seek(end * i / count);
        const now = await new Promise(requestAnimationFrame);
        times.push(now - last);
        last = now;
    }
    return times;
}
"""

#: Press a key on a node as a reader does, or Ctrl+Z, and wait for the picture of Python's answer.
ACT = """
async ([node, at, undo]) => {
    const { host } = FIND.querySelector(".card").getRootNode(), { shadowRoot } = host;
    const slider = shadowRoot.querySelector(".drive input[type=range]");
    const target = shadowRoot.querySelector(`[data-node="${node}"]`);
    if (at !== null) {
        slider.value = at;
        slider.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
    }
    const drawn = new Promise((done) => {
        const watch = new MutationObserver(() => {
            if (host.hasAttribute("data-busy")) return;
            watch.disconnect();
            shadowRoot.querySelector(".caption").getBoundingClientRect();
            done(performance.now());
        });
        watch.observe(host, { attributes: true, attributeFilter: ["data-busy"] });
    });
    const begun = performance.now();
    const key = undo ? { key: "z", ctrlKey: true } : { key: "Enter" };
    target.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, composed: true, cancelable: true }));
    const took = (await drawn) - begun;
    await new Promise(requestAnimationFrame);
    return took;
}
"""


@contextmanager
def _page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def _mount(page: Any, view: PlayerView) -> None:
    def answer(acts: list[dict[str, Any]], request: int) -> str:
        view.rerun(acts, request)
        return json.dumps(view.bundle)

    page.expose_function("askPython", answer)
    page.set_content('<!doctype html><html lang="en"><body><div id="here"></div></body></html>')
    page.add_script_tag(type="module", content=script.module_source() + "\nwindow.mountPlayer = mount;\n")
    page.wait_for_function("() => Boolean(window.mountPlayer)")
    page.evaluate(MOUNT, view.bundle)


def _scrubbing(browser: Any, views: dict[str, PlayerView], size: str, progress: Any) -> list[Row]:
    found: list[Row] = []
    for name, view in views.items():
        progress(f"scrubbing {name}")
        with _page(browser) as page:
            _mount(page, view)
            page.evaluate(SCRUB, MOMENTS[size] // 4)  # until the browser has compiled it
            times = _measure(size, page.evaluate, SCRUB, MOMENTS[size])
        events = len(view.bundle["trace"]["events"])
        found += _rows(f"scrub {name} ({events:,} events)", times, SCRUB_MS)
    progress(f"scrubbing {EVENTS:,} events")
    many = play(ring, until=EVENTS / 4)
    with _page(browser) as page:
        _mount(page, many)
        page.evaluate(SCRUB, MOMENTS[size] // 4)
        times = _measure(size, page.evaluate, SCRUB, MOMENTS[size])
        frames = _measure(size, page.evaluate, PLAYED, MOMENTS[size] // 2)
    events = len(many.bundle["trace"]["events"])
    found += _rows(f"scrub {events:,} events", times, FRAME_MS)
    found += _rows("  a frame, while each moves the playhead", frames, None)
    return found


def _acts(page: Any, act: str, view: PlayerView, node: str, count: int) -> list[float]:
    """Crash a node at some time and take that back, so often. How long each took, in ms."""
    end, times = view.bundle["trace"]["end"], []
    for i in range(count):
        at = round(end * (0.2 + 0.6 * ((i * 0.618) % 1)), 1)
        times.append(page.evaluate(act, [node, at, False]))
        times.append(page.evaluate(act, [node, None, True]))
    return times


def _acting(browser: Any, views: dict[str, PlayerView], size: str, progress: Any) -> list[Row]:
    found: list[Row] = []
    act = ACT.replace("FIND", "player.root")
    for name, view in views.items():
        progress(f"acts on {name}, without a kernel")
        with _page(browser) as page:
            _mount(page, view)
            page.locator(".tools .crash").click()
            _acts(page, act, view, LESSONS[name][1], 2)
            times = _measure(size, _acts, page, act, view, LESSONS[name][1], ACTS[size])
        found += _rows(f"act to picture, {name}, without a kernel", times, ACT_MS)
        found.append(Row(10, "  of which Python runs it again, median", None, _reruns(view, ACTS[size]), unit=" ms"))
    return found


def _reruns(view: PlayerView, count: int) -> list[float]:
    faults, times = view.faults, []
    for _ in range(count):
        begun = time.perf_counter()
        view.rerun(faults)
        times.append(1_000 * (time.perf_counter() - begun))
    return [percentile(times, 0.5)]


# -- in JupyterLab -----------------------------------------------------------------------------------------------------

SETUP = "from dslib.protocols.chat import *\nfrom dslib.scenarios import *\nfrom dslib.views import *"
EXPLORED = "explore(lambda seed=0: two_truths(seed).run(until=2_000), lambda sim: space_time(sim.trace), seed=(0, 99))"

#: Let go of the slider at another value, and wait for the picture.
RELEASE = """
async (value) => {
    const form = document.querySelector("form.dslib-explore"), slider = form.querySelector("input[type=range]");
    const frame = form.querySelector(".dslib-frame");
    const drawn = new Promise((done) => {
        const watch = new MutationObserver(() => {
            if (form.getAttribute("aria-busy") === "true") return;
            watch.disconnect();
            form.getBoundingClientRect();
            done(performance.now());
        });
        watch.observe(frame, { childList: true });
    });
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const begun = performance.now();
    slider.dispatchEvent(new Event("change", { bubbles: true }));
    const took = (await drawn) - begun;
    await new Promise(requestAnimationFrame);
    return took;
}
"""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """A JupyterLab that tools/lab.py starts on this folder: the address of a file in it, with NAME for the file."""
    (folder / "home").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    environment |= {"JUPYTER_CONFIG_DIR": str(folder / "config"), "HOME": str(folder / "home")}
    environment |= {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tools" / "lab.py"), "--no-browser", f"--ServerApp.root_dir={folder}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, folder / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/NAME?token={token}&reset"
        finally:
            server.terminate()
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text()[-400:].strip() or 'it said nothing'}")


@contextmanager
def _notebook(browser: Any, folder: Path, address: str, name: str, cell: str) -> Iterator[Any]:
    """A page with this cell of a notebook, run by a kernel."""
    code = {"cell_type": "code", "id": "cell", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [{**code, "source": f"{SETUP}\n{cell}"}]
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    with _page(browser) as page:
        page.goto(address.replace("NAME", f"{name}.ipynb"))
        page.locator(".jp-CodeCell .jp-InputArea-editor").click(timeout=90_000)
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=90_000)
        page.keyboard.press("Control+Enter")
        yield page


def _in_notebooks(browser: Any, size: str, progress: Any) -> list[Row]:
    lessons = {name: lesson for name, lesson in LESSONS.items() if size != "tiny" or name == "two_truths"}
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch, jupyterlab(Path(scratch)) as address:
            found: list[Row] = []
            for name, (cell, node) in lessons.items():
                progress(f"acts on {name}, in JupyterLab")
                with _notebook(browser, Path(scratch), address, name, cell) as page:
                    found += _acts_in(page, name, _lesson(cell), node, size)
            progress("explore, in JupyterLab")
            with _notebook(browser, Path(scratch), address, "explore", EXPLORED) as page:
                return found + _exploring(page, size)
    except RuntimeError as error:
        return [Row(10, "act to picture, in JupyterLab", ("<=", ACT_MS), not_run=str(error))]


def _acts_in(page: Any, name: str, view: PlayerView, node: str, size: str) -> list[Row]:
    act = ACT.replace("FIND", 'document.querySelector(".jp-OutputArea .dslib-player").shadowRoot')
    page.locator(".jp-OutputArea .dslib-player .tools .crash").click(timeout=60_000)
    _acts(page, act, view, node, 2)
    times = _measure(size, _acts, page, act, view, node, ACTS[size])
    return _rows(f"act to picture, {name}, in JupyterLab", times, ACT_MS)


def _exploring(page: Any, size: str) -> list[Row]:
    page.locator(".jp-OutputArea .dslib-frame svg").wait_for(timeout=60_000)
    page.evaluate(RELEASE, 1)
    values = iter(range(2, 100))  # each is new to the kernel: what it has drawn, it keeps
    count = min(ACTS[size], 97 // REPETITIONS[size])
    times = [[[page.evaluate(RELEASE, next(values)) for _ in range(count)]] for _ in range(REPETITIONS[size])]
    return _rows("explore two_truths: release to picture, in JupyterLab", times, None)[:2]


# -- sizes, and what is drawn without a browser ------------------------------------------------------------------------


def _sizes(view: PlayerView | None = None) -> list[Row]:
    module = script.module_source().encode()
    found = [
        Row(10, "the player's module", None, [len(module) / 1e3], unit=" kB"),
        Row(10, "  gzipped", None, [len(gzip.compress(module, 9, mtime=0)) / 1e3], unit=" kB"),
    ]
    shown = view or _lesson(LESSONS["chat_room"][0])
    with tempfile.TemporaryDirectory() as scratch:
        save_page(Path(scratch, "page.html"), shown)
        page = Path(scratch, "page.html").read_bytes()
    return [
        *found,
        Row(10, "a page that plays chat_room", None, [len(page) / 1e3], unit=" kB"),
        Row(10, "  gzipped", None, [len(gzip.compress(page, 9, mtime=0)) / 1e3], unit=" kB"),
    ]


def _drawn_in_python(size: str, progress: Any) -> list[Row]:
    """What is drawn without a browser, beside networkx and matplotlib."""
    return [row._replace(goal=10) for row in pictures.rows(size, progress)]
