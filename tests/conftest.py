"""What every test may ask for: a guarded browser page, a running JupyterLab, a loud way to say "not run here"."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_RUN = "not run here"
LAB_STARTS_WITHIN_S = 90

INSTALL_CHROMIUM = (
    "Debian: sudo apt-get install chromium.  macOS: brew install --cask chromium.  "
    "Any system, into your home folder: .venv/bin/playwright install chromium.  "
    "Installed elsewhere: set CHROMIUM to the program's path."
)
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page of ours may talk to this machine only: every other name leads nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


# ---------------------------------------------------------------- what could not run is named at the end


@pytest.fixture(autouse=True)
def self_paced() -> None:
    """Nobody's salt and nobody's seeds: a judge that ran in this process before leaves those of its course behind."""
    for name in ("DS_CHECKS_SEED", "DS_COURSE_SALT", "DS_COURSE"):
        os.environ.pop(name, None)


@pytest.fixture
def not_run(record_property: Callable[[str, object], None]) -> Callable[[str], NoReturn]:
    """Call it with what is missing and how to get it: the test is skipped, and the closing summary says so."""

    def skip(what: str) -> NoReturn:
        record_property(NOT_RUN, what)
        pytest.skip(what)

    return skip


def browser_is_required() -> bool:
    return os.environ.get("REQUIRE_BROWSER", "") not in ("", "0") or os.environ.get("CI", "").lower() in ("1", "true")


class Missing:
    """Collects what did not run, in the process that prints the summary (pytest-xdist runs the tests in others)."""

    def __init__(self) -> None:
        self.browser_tests: list[str] = []
        self.others: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        if "browser" in report.keywords:
            self.browser_tests.append(report.nodeid)
        self.others += [str(what) for name, what in report.user_properties if name == NOT_RUN]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.browser_tests and browser_is_required() and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.browser_tests and not self.others:
            return
        terminalreporter.section("NOT RUN HERE", sep="!", red=True, bold=True)
        for what in dict.fromkeys(self.others):
            terminalreporter.line(f"NOT RUN: {what}", yellow=True)
        if self.browser_tests:
            terminalreporter.line(f"NOT RUN: {len(self.browser_tests)} browser tests.", red=True, bold=True)
            for nodeid in self.browser_tests:
                terminalreporter.line(f"    {nodeid}")
            terminalreporter.line(f"To run them, install Chromium. {INSTALL_CHROMIUM}", yellow=True)
            if browser_is_required():
                terminalreporter.line("CI or REQUIRE_BROWSER is set: this run counts as failed.", red=True, bold=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of the time a test waits for a browser, a server or a time-out."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Missing(), "missing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for more time comes first, so that no worker waits for it alone in the end; browser tests come last."""

    def place(item: pytest.Item) -> int:
        return 2 if item.get_closest_marker("browser") else 0 if item.get_closest_marker("timeout") else 1

    items.sort(key=place)


# ---------------------------------------------------------------- Chromium


def find_chromium() -> str | None:
    """The path of a Chromium-like browser, or None. The variable CHROMIUM wins, and must be right."""
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise pytest.UsageError(f"CHROMIUM={named} is not a program: unset it, or set it to the browser's path.")
        return found
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        if found := shutil.which(name):
            return found
    programs = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    usual = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        *(f"{folder}/Google/Chrome/Application/chrome.exe" for folder in programs if folder),
    ]
    return next((path for path in usual if Path(path).is_file()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium (playwright's sync API). Skips, and is reported as NOT RUN, where there is none.

    For a module and not for the session: Playwright keeps an event loop running in this thread, in which nbclient,
    which other modules use, refuses to start its own.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find_chromium()
        if path is None and Path(playwright.chromium.executable_path).is_file():
            path = playwright.chromium.executable_path
        if path is None:
            pytest.skip(f"no Chromium found. {INSTALL_CHROMIUM}")
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


def stays_here(url: str) -> bool:
    """Whether a request for `url` stays on this machine."""
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob", "file", "about"):
        return True
    return parts.hostname in ("127.0.0.1", "localhost", "::1")


@pytest.fixture
def new_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A function that opens a guarded page; its keywords go to Playwright's new_context, such as color_scheme="dark".

    The test fails when a page asks for anything outside this machine, logs an error, or dies of an exception.
    `@pytest.mark.console_error("pattern")` allows an error that the test provokes on purpose.
    """
    allowed = [mark.args[0] for mark in request.node.iter_markers("console_error")]
    complaints: list[str] = []
    contexts: list[Any] = []

    def complain(text: str) -> None:
        if not any(re.search(pattern, text) for pattern in allowed):
            complaints.append(text)

    def watch_console(message: Any) -> None:
        if message.type == "error":
            complain(f"console error: {message.text} ({message.location.get('url', '')})")

    def watch_request(asked: Any) -> None:
        if not stays_here(asked.url):
            complaints.append(f"request that leaves this machine: {asked.url}")

    def open_page(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.on("request", watch_request)
        context.on("console", watch_console)
        context.on("weberror", lambda error: complain(f"uncaught in the page: {error.error}"))
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    if complaints:
        pytest.fail("The page misbehaved:\n  " + "\n  ".join(dict.fromkeys(complaints)), pytrace=False)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """One guarded page, 1280 x 800."""
    return new_page()


# ---------------------------------------------------------------- JupyterLab


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: where it listens, its token, and the folder it serves (a copy; tests may write there)."""

    url: str
    token: str
    root: Path

    def address(self, path: str = "") -> str:
        """The address that opens `path` (relative to `root`) in JupyterLab."""
        return f"{self.url}/lab/tree/{quote(path)}?token={self.token}&reset"

    def open(self, page: Any, path: str) -> None:
        """Open a notebook in `page` and wait until its kernel is idle."""
        page.goto(self.address(path))
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=60_000)
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=60_000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `make lab` starts it, on a copy of lessons/ and labs/, with a home folder that is thrown away."""
    scratch = tmp_path_factory.mktemp("jupyterlab")
    root = scratch / "course"
    left_out = shutil.ignore_patterns(".ipynb_checkpoints", ".predictions.json")
    for name in ("lessons", "labs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=left_out)
    (scratch / "home").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))},
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "HOME": str(scratch / "home"),
        "USERPROFILE": str(scratch / "home"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    port, token = free_port(), secrets.token_hex(16)
    command = [sys.executable, str(ROOT / "tools" / "lab.py"), "--no-browser", f"--ServerApp.root_dir={root}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    lab = Lab(f"http://127.0.0.1:{port}", token, root)
    with open(scratch / "log", "w+") as log:
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until_it_answers(lab, server, scratch / "log")
            yield lab
        finally:
            stop(server)


def wait_until_it_answers(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LAB_STARTS_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start within {LAB_STARTS_WITHIN_S} s. It said:\n{log.read_text()[-4000:]}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels: they share the session that it was started in."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(server.pid, signal.SIGKILL)
        else:
            server.kill()
        server.wait()
