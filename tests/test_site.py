"""The site in a browser: Python runs there, asks no other host, and comes to the results of the desk."""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import downloads
import make_site
import pytest
import site_live

from dslib.failures import GALLERY

ROOT = Path(__file__).resolve().parent.parent
LESSON = "lessons/01-what-is-a-distributed-system.ipynb"

#: Run cells of the open notebook, one after the other, and say what came of each.
RUN_CELLS = """async (ids) => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const told = [];
    for (const [place, cell] of panel.content.widgets.entries()) {
        const id = cell.model.id;
        if (cell.model.type !== "code" || (ids && !ids.includes(id))) continue;
        panel.content.activeCellIndex = place;
        await panel.content.scrollToItem(place);
        await window.jupyterapp.commands.execute("notebook:run-cell");
        told.push([id, cell.model.toJSON().outputs]);
    }
    return told;
}"""

#: Wait until the open notebook has a kernel.
READY = """async () => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    while (!sessionContext.session?.kernel) await new Promise((resolve) => setTimeout(resolve, 50));
}"""

#: Run code in the notebook's Python, and give back what it prints.
RUN_CODE = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    let printed = "";
    const asked = kernel.requestExecute({ code, store_history: false });
    asked.onIOPub = ({ content }) => { printed += content.text ?? (content.traceback ?? []).join("\\n"); };
    await asked.done;
    return printed;
}"""

SHOW_CELL = """async (id) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const place = notebook.widgets.findIndex((cell) => cell.model.id === id);
    notebook.activeCellIndex = place;
    await notebook.scrollToItem(place);
}"""

#: From now on the browser's storage takes nothing more.
FULL = """() => {
    for (const [kind, name] of [[IDBObjectStore, "put"], [IDBObjectStore, "add"], [Storage, "setItem"]])
        kind.prototype[name] = () => { throw new DOMException("exceeded its quota", "QuotaExceededError"); };
}"""

SET_SOURCE = """([id, source]) => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    cells.find((cell) => cell.model.id === id).model.sharedModel.setSource(source);
}"""


FINGERPRINT = """async (files) => {
    const { cells, metadata } = window.jupyterapp.shell.currentWidget.context.model.toJSON();
    return [(await import(files)).fingerprint(cells), metadata.course.as_it_came];
}"""

SOURCE_OF = """(id) => window.jupyterapp.shell.currentWidget.content.widgets
    .find((cell) => cell.model.id === id).model.sharedModel.getSource()"""


def bring_back(page: Any, file: Path, says: str) -> None:
    """Choose a file in the page, and wait until it has said so."""
    with page.expect_file_chooser() as asking:
        page.get_by_role("button", name="Bring my work back").click()
    asking.value.set_files(file)
    page.locator("#course-says-work", has_text=says).wait_for()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of plain files, as any host is one."""

    extensions_map = {  # noqa: RUF012
        **http.server.SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm", ".mjs": "text/javascript",
    }  # fmt: skip

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # a browser asks every host for one
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The live part of the site, in a sub-folder as on a public host."""
    folder = tmp_path_factory.mktemp("host") / "course"
    try:
        make_site.live(folder, folder.with_name("lite"))
    except downloads.CannotFetch as problem:
        if os.environ.get("REQUIRE_BROWSER"):
            raise
        pytest.skip(str(problem))
    return folder


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/course"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one test leaves the file that the next brings back."""
    return tmp_path_factory.mktemp("work") / "my-work.zip"


def opened(new_page: Callable[..., Any], host: str, path: str) -> tuple[Any, set[str]]:
    page, hosts = new_page(), set()
    page.set_default_timeout(240_000)
    page.context.on("request", lambda asked: hosts.add(urlsplit(asked.url).hostname or urlsplit(asked.url).scheme))
    page.goto(f"{host}/live/notebooks/index.html?path={path}")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    page.evaluate(READY)
    return page, hosts


def words(outputs: list[dict[str, Any]]) -> str:
    return " ".join(
        "".join(output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", ""))
        for output in outputs
    )


# ---------------------------------------------------------------- the files


def test_the_site_asks_for_nothing_of_another_host_and_fits_a_small_archive(site: Path, tmp_path: Path):
    settings = json.loads((site / "live" / "jupyter-lite.json").read_text("utf-8"))["jupyter-config-data"]
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["pyodideUrl"].startswith("./")
    assert kernel["disablePyPIFallback"]
    lock = json.loads((site / "live" / "static" / "pyodide" / "pyodide-lock.json").read_text("utf-8"))
    for package in lock["packages"].values():
        wheel = site / "live" / "static" / "pyodide" / package["file_name"]
        assert downloads.sha256(wheel) == package["sha256"]
        assert set(package["depends"]) <= set(lock["packages"])
    assert "dslib" in lock["packages"]["what-could-go-wrong"]["imports"]
    packed = tmp_path / "site.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=2) as archive:
        for path in site.rglob("*"):
            archive.write(path, path.relative_to(site))
    assert packed.stat().st_size < 40e6 - 8e6, "the book needs room, too"


def test_lessons_and_labs_are_there_as_they_are_on_the_desk_but_for_the_kernels_name(site: Path):
    files = site / "live" / "files"
    for path in [*(ROOT / "lessons").glob("*.ipynb"), *(ROOT / "labs").glob("lab*/*.*")]:
        copy = files / path.relative_to(ROOT)
        if path.suffix == ".ipynb":
            mine, theirs = json.loads(copy.read_text("utf-8")), json.loads(path.read_text("utf-8"))
            assert mine["cells"] == theirs["cells"]
            assert mine["metadata"]["kernelspec"]["name"] == "python"
        elif not path.name.startswith(".") and path.name != "course.toml":
            assert copy.read_bytes() == path.read_bytes()
    assert not list(files.rglob("*solution*"))


def test_each_card_of_the_gallery_has_a_notebook_whose_source_runs_by_itself(site: Path):
    notebooks = sorted((site / "live" / "files" / "gallery").glob("*.ipynb"))
    assert len(notebooks) == len(GALLERY)
    for card, path in zip(GALLERY, notebooks, strict=True):
        cells = {cell["id"]: cell["source"] for cell in json.loads(path.read_text("utf-8"))["cells"]}
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(cells["source"], path.name, "exec", dont_inherit=True), names)
        assert names["CARD"].title == card.title
        assert names["simulate"] is not card.simulate
        assert names["CARD"].params == names["Params"]()


def test_the_same_source_makes_the_same_package(site: Path, tmp_path: Path):
    again = site_live.course_wheel(tmp_path)
    assert again.read_bytes() == (site / "live" / "static" / "pyodide" / again.name).read_bytes()


# ---------------------------------------------------------------- in the browser


@pytest.mark.browser
@pytest.mark.timeout(400)
def test_a_lesson_runs_in_the_browser_cell_by_cell_and_its_work_goes_into_a_file(
    new_page: Callable[..., Any], host: str, site: Path, work: Path
):
    page, hosts = opened(new_page, host, LESSON)
    page.get_by_text("Python is being loaded").wait_for()
    own = next((site / "live" / "extensions" / "what-could-go-wrong" / "static").rglob("files.js"))
    found = page.evaluate(FINGERPRINT, f"{host}/{own.relative_to(site).as_posix()}")
    assert found[0] == found[1], "the page and its builder tell versions apart in the same way"
    ran = page.evaluate(RUN_CELLS)
    expected = [c["id"] for c in json.loads((ROOT / LESSON).read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert [id for id, _ in ran] == expected
    for id, outputs in ran:
        for output in outputs:
            assert output["output_type"] != "error", f"cell {id!r}: {output['ename']}: {output['evalue']}"
            assert output.get("name") != "stderr", f"cell {id!r} writes to standard error: {output['text']}"
    kinds = {kind for _, outputs in ran for output in outputs for kind in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" in kinds, "what can be touched on the desk can be touched here"
    assert hosts == {"127.0.0.1", "blob"} or hosts == {"127.0.0.1"}
    assert page.get_by_text("Python is being loaded").count() == 0

    same = (ROOT / "tests" / "same_everywhere.py").read_text("utf-8")
    code = f"names = {{'__name__': 'same', '__file__': '/tests/same.py'}}\nexec({same!r}, names)\n"
    code += "print(__import__('json').dumps(names['digests'](names['RECORDED'])))"
    there = json.loads(page.evaluate(RUN_CODE, code))
    assert there == json.loads((ROOT / "tests" / "digests.json").read_text("utf-8"))

    # History is edited by hand, and Python in the page answers with another run.
    page.evaluate(SHOW_CELL, "burn-the-laptop")  # not run again: what was drawn before would go under the hand
    player = page.locator(".dslib-player").first
    player.locator(".tools .crash").click()
    player.locator('.node[data-node="phone"] .body').click()
    player.get_by_text("crash phone at").first.wait_for()
    player.locator(".busy", has_text="The whole run").wait_for()

    # A cell that never ends is stopped, and Python goes on with what it had.
    page.evaluate(SET_SOURCE, ["your-turn-rule", "kept = 7\nwhile True: pass"])
    page.evaluate(SHOW_CELL, "your-turn-rule")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    page.get_by_role("button", name="Interrupt the kernel").click()
    page.get_by_text("KeyboardInterrupt").first.wait_for()
    assert page.evaluate(RUN_CODE, "print(kept)") == "7\n"

    page.evaluate(RUN_CELLS, ["predict-one"])
    page.get_by_label("no", exact=True).first.check()
    page.wait_for_function("() => document.body.innerText.includes('You said: no')", timeout=20_000)
    page.evaluate(SET_SOURCE, ["your-turn-rule", "print('mine, ×')"])
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save my work").click()
    saving.value.save_as(work)
    with zipfile.ZipFile(work) as archive:
        assert archive.testzip() is None
        kept = json.loads(archive.read("lessons/.predictions.json"))["notebooks"][Path(LESSON).stem]["one-copy"]
        notebook = json.loads(archive.read(LESSON))
        assert json.loads(archive.read("about-this-file.json"))["version"] == site_live.version()
    assert kept["said"] == "no"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3", "so that JupyterLab on a desk opens it, too"


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.console_error("exceeded its quota")
def test_work_is_brought_back_and_a_labs_checks_answer_and_a_new_version_hides_nothing(
    new_page: Callable[..., Any], host: str, site: Path, work: Path
):
    if not work.exists():
        pytest.skip("the test before this one saved no work")
    page, hosts = opened(new_page, host, "labs/lab0/lab0.ipynb")
    half = work.with_name("half.zip")
    half.write_bytes(work.read_bytes()[:-1_000])
    bring_back(page, half, "half.zip cannot be used: it is no zip file, or only a part of one. Nothing was changed.")
    big = work.with_name("big.zip")
    with open(big, "wb") as file:
        file.truncate(200_000_000)
    bring_back(page, big, "big.zip cannot be used: it has 200 MB")
    bring_back(page, work, "Brought back:")
    page.get_by_role("button", name="Undo").click()
    page.locator("#course-says-work", has_text="All is as it was before.").wait_for()
    code = "import os\nprint(os.path.exists('/drive/lessons/.predictions.json'))\n"
    assert page.evaluate(RUN_CODE, code) == "False\n"
    bring_back(page, work, "Brought back:")
    code = "import json\nprint(json.load(open('/drive/lessons/.predictions.json'))['notebooks'].keys())\n"
    code += "print('mine, ×' in open('/drive/lessons/01-what-is-a-distributed-system.ipynb').read())"
    assert page.evaluate(RUN_CODE, code) == f"dict_keys(['{Path(LESSON).stem}'])\nTrue\n"

    cells = json.loads((ROOT / "solutions" / "lab0" / "lab0.ipynb").read_text("utf-8"))["cells"]
    answers = {c["id"]: "".join(c["source"]) for c in cells if c["metadata"].get("nbgrader", {}).get("solution")}
    first = dict(page.evaluate(RUN_CELLS))
    checks = [id for id in first if id.startswith("check-")]
    assert checks
    assert all("✗" in words(first[id]) and "Hint" not in words(first[id]) for id in checks), "no answer is written yet"
    for id, source in answers.items():
        if id in first:
            page.evaluate(SET_SOURCE, [id, source])
    second = dict(page.evaluate(RUN_CELLS))
    for id in checks:
        assert "visible checks passed" in words(second[id]), words(second[id])
    code = "from dslib.exercises import time_limit\nwith time_limit(0.5):\n    while True: pass"
    assert "did not return within 0.5 seconds" in page.evaluate(RUN_CODE, code)

    # The course has a new version of the lesson that was brought back: the reader is asked, and loses nothing.
    lesson = site / "live" / "files" / LESSON
    content = json.loads(lesson.read_text("utf-8"))
    content["cells"][0]["source"] = "# The next edition"
    lesson.write_text(site_live.for_the_browser(json.dumps(content)), encoding="utf-8")
    page.goto(page.url.replace("labs/lab0/lab0.ipynb", LESSON))
    page.get_by_role("button", name="Take the new one, keep mine beside it").click()
    page.get_by_role("heading", name="The next edition").wait_for()
    page.locator("#course-says-version", has_text="Yours is kept as").wait_for()
    code = f"print('mine, ×' in open('/drive/{LESSON.replace('.ipynb', ' (mine).ipynb')}').read())"
    page.evaluate(READY)
    assert page.evaluate(RUN_CODE, code) == "True\n"

    # A storage that is full: the page says so, changes nothing, and what is on the screen still goes into a file.
    page.evaluate(FULL)
    with page.expect_file_chooser() as asking:
        page.get_by_role("button", name="Bring my work back").click()
    asking.value.set_files(work)
    page.get_by_role("button", name="Replace").click()
    full = "its storage is full. All is as it was before; your file still has everything."
    page.locator("#course-says-work", has_text=full).wait_for()
    page.get_by_role("heading", name="The next edition").wait_for()
    assert page.evaluate(RUN_CODE, code) == "True\n"
    page.evaluate(SET_SOURCE, ["burn-the-laptop", "print('on the screen')"])
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save').catch(() => {})")
    page.locator("#course-says-kept", has_text="its storage may be full. It is still on the page.").wait_for()
    page.locator(".jp-Dialog").get_by_role("button", name="Close").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save my work").click()
    with zipfile.ZipFile(saving.value.path()) as archive:
        assert "on the screen" in archive.read(LESSON).decode()
    assert hosts <= {"127.0.0.1", "blob"}


@pytest.mark.browser
@pytest.mark.console_error("file:|CORS|origin|Failed to load|WebAssembly|import")
def test_a_page_that_cannot_start_python_says_what_is_missing_and_leads_back(
    new_page: Callable[..., Any], host: str, site: Path
):
    page = new_page()
    page.goto((site / "live" / "notebooks" / "index.html").as_uri())
    page.get_by_role("heading", name="Python cannot start here").wait_for()
    assert "run: python -m http.server" in page.locator("main").inner_text()
    page = new_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(f"{host}/live/notebooks/index.html?path={LESSON}")
    page.get_by_role("heading", name="Python cannot start here").wait_for()
    assert "has no WebAssembly" in page.locator("main").inner_text()
    assert page.get_by_role("link", name="back to the book").get_attribute("href") == "../../index.html"


# ---------------------------------------------------------------- what may go wrong


def test_without_a_network_the_build_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lock = tmp_path / "wheels.lock"
    lock.write_text("no-such-course-package==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(downloads.CannotFetch, match=r"could not fetch 1 Python packages.*no-such-course-package==1\.0"):
        downloads.wheels(lock, tmp_path / "cache")


def test_a_file_that_is_not_the_one_that_was_chosen_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake = tmp_path / "npm"
    fake.write_text("#!/bin/sh\necho something else > pyodide-314.0.6.tgz\n")
    fake.chmod(0o755)
    monkeypatch.setattr(downloads, "npm", lambda: [str(fake)])
    with pytest.raises(downloads.CannotFetch, match="not the file that was chosen: its SHA-256 is"):
        downloads.pyodide(tmp_path / "cache")


def test_the_books_links_to_run_a_lesson_show_only_where_it_can_be_run(tmp_path: Path):
    book, there = tmp_path / "book", tmp_path / "site"
    (book / "lessons").mkdir(parents=True)
    link = '<a class="run-live" hidden href="../live/notebooks/index.html?path=lessons/{}">Run</a>'
    (book / "lessons" / "01.html").write_text(link.format("01.ipynb"))
    with pytest.raises(FileNotFoundError, match=r"lessons/01\.html offers to run .*01\.ipynb"):
        make_site.join(book, there)
    for path in ("live/notebooks/index.html", "live/files/lessons/01.ipynb"):
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_text("")
    assert make_site.join(book, there) == 1
    assert "hidden" not in (there / "lessons" / "01.html").read_text()


def test_make_site_without_a_book_says_what_to_do(tmp_path: Path):
    said = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_site.py"), "--live"], capture_output=True, text=True
    )
    assert said.returncode != 0
    assert "--live FOLDER" in said.stderr
