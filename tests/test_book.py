"""The book: plain pages that need a browser and nothing else. They are whole, light, open to everybody, and alive."""

import ast
import doctest
import functools
import http.server
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import access
import nbformat
import pytest

from book import build, execute, gallery, paper, prose, source, words
from book.lesson import Page
from dslib.failures import GALLERY

ROOT = Path(__file__).resolve().parent.parent

FIRST_LOAD_KB, FIRST_FIGURE_MS, BOOK_MB = 350, 1_000, 30
LESSONS = [path.stem for path in words.lessons()]
#: A page of each kind.
KINDS = [
    "index", *(f"lessons/{name}" for name in LESSONS), "lessons/04-what-could-go-wrong-events", "labs", "gallery/index",
    "gallery/07-cascading-failure", "errata", "glossary", "service-levels", "answers", "teaching/index",
    "teaching/labs", "dslib/index", "dslib/network", "reference/index", "reference/slo", "cite", "search",
]  # fmt: skip


@pytest.fixture(scope="session")
def book() -> Path:
    """The book, built as `make book` builds it; the lessons that ran for another test are not run again."""
    return build.build()


# ---------------------------------------------------------------- the files


class Read(HTMLParser):
    """What a page is made of, without a browser."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and "href" in found and "hidden" not in found:
            self.links.append(found["href"])
        if tag in ("script", "img", "iframe", "source") and "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "shortcut icon", "preload"):
            self.loaded.append(found["href"])
        self.loaded += [found["data-run"]] if "data-run" in found else []
        self.loaded += [found["data-later"].split()[1]] if "data-later" in found else []
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.fixture(scope="session")
def pages(book: Path) -> dict[str, Read]:
    found = sorted(book.rglob("*.html"))
    return {path.relative_to(book).as_posix(): Read(path.read_text(encoding="utf-8")) for path in found}


@pytest.mark.timeout(1500)
def test_the_book_has_all_its_pages(book: Path):
    for page in KINDS:
        assert (book / f"{page}.html").is_file(), page
    for card in GALLERY:
        assert (book / "gallery" / f"{gallery.name_of(card)}.html").is_file()
    for module in source.modules():
        assert (book / "dslib" / f"{module.page}.html").is_file()
    assert len(list((book / "teaching").glob("0*.html"))) == 7


def test_each_link_leads_somewhere_and_nothing_is_loaded_from_another_host(book: Path, pages: dict[str, Read]):
    broken = []
    for name, page in pages.items():
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or address.startswith("//"):
                if address in page.loaded:
                    broken.append(f"{name} loads {address}")
                continue
            target = (book / name).parent / unquote(parts.path) if parts.path else book / name
            if not target.is_file():
                broken.append(f"{name}: {address}")
            elif parts.fragment and target.suffix == ".html":
                there = pages[target.resolve().relative_to(book.resolve()).as_posix()]
                if unquote(parts.fragment) not in there.ids:
                    broken.append(f"{name}: {address}, there is no such place")
    assert broken == []


def test_no_style_sheet_and_no_script_asks_another_host(book: Path):
    for path in [*book.rglob("*.css"), *book.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r"url\(\s*['\"]?(?!data:)(https?:)?//", text):
            pytest.fail(f"{path.name} loads {found}")
        assert not re.search(r"\b(fetch|importScripts)\(\s*[\"'`]https?:", text), path.name
        assert "@import" not in text, path.name


def test_each_page_has_a_language_a_title_one_main_heading_and_no_level_left_out(pages: dict[str, Read]):
    for name, page in pages.items():
        tags = dict(reversed(page.tags))
        assert tags["html"]["lang"] == "en", name
        assert "title" in tags, name
        assert page.headings.count(1) == 1, name
        shown = [level for level in page.headings if level]
        assert all(b <= a + 1 for a, b in pairwise(shown)), f"{name}: {shown}"
        landmarks = {tag for tag, _ in page.tags} | {found.get("role", "") for _, found in page.tags}
        assert {"aside", "footer", "main"} <= landmarks, name


def test_each_picture_says_what_it_shows(pages: dict[str, Read]):
    pictures = 0
    for name, page in pages.items():
        for tag, found in page.tags:
            if tag == "img":
                assert found.get("alt"), f"{name}: an image without words"
            if tag == "svg" and found.get("role") == "img":
                pictures += 1
                assert re.search(r"\w+ \w+ \w+", found.get("aria-label", "")), f"{name}: a picture without words"
    assert pictures > 80


def test_every_page_has_something_to_take_home_and_lessons_lead_to_one_another(book: Path, pages: dict[str, Read]):
    for name, page in pages.items():
        if name != "search.html":
            assert any(link.endswith((".ipynb", ".zip")) for link in page.links), name
    for stem, following in pairwise(LESSONS):
        assert f"{following}.html" in pages[f"lessons/{stem}.html"].links
        assert f"{stem}.html" in pages[f"lessons/{following}.html"].links
    for stem in LESSONS:
        committed = (ROOT / "lessons" / f"{stem}.ipynb").read_bytes()
        assert (book / "lessons" / f"{stem}.ipynb").read_bytes() == committed
    with zipfile.ZipFile(book / "lessons" / "notebooks.zip") as archive:
        assert set(archive.namelist()) == {*(f"{stem}.ipynb" for stem in LESSONS), "gallery.ipynb"}
    with zipfile.ZipFile(book / "labs" / "lab1.zip") as archive:
        assert "lab1/lab1.ipynb" in archive.namelist()
        assert not any("course.toml" in name for name in archive.namelist())


def test_the_book_fits_into_a_mail(book: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "book.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in book.rglob("*"):
            archive.write(path, path.relative_to(book))
    assert (tmp_path / "book.zip").stat().st_size < 12e6
    assert sum(path.stat().st_size for path in book.rglob("*") if path.is_file()) < BOOK_MB * 1e6


# ---------------------------------------------------------------- what stands in it


def text_of(book: Path, page: str) -> str:
    text = (book / f"{page}.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<article") : text.index("</article")]).split())


def test_every_correction_of_every_lesson_is_told(book: Path):
    rows = sum(len(words.corrections(path)) for path in words.lessons())
    assert rows >= 25
    text = (book / "errata.html").read_text(encoding="utf-8")
    assert text.count("<tr") == rows + len(LESSONS)
    told = [where for path in words.lessons() for *_, row in words.corrections(path) for where in row.split(", ")]
    linked = re.findall(r'href="lessons/\d\d-[\w-]+\.html#[\w-]+"', text)
    assert len(linked) == sum(where.isdigit() for where in told), "each section that shows why is a click away"


def test_the_glossary_speaks_spanish_where_it_says_so(pages: dict[str, Read], book: Path):
    page = pages["glossary.html"]
    spanish = [tag for tag, found in page.tags if found.get("lang") == "es"]
    assert len(spanish) >= 2 * 80
    assert "term-majority" in page.ids
    assert "mayoría" in text_of(book, "glossary")


def test_every_card_tells_what_happened_for_real_with_its_sources(book: Path):
    for card in GALLERY:
        text = (book / "gallery" / f"{gallery.name_of(card)}.html").read_text(encoding="utf-8")
        assert text.count('class="incident"') == len(card.incidents) > 0
        assert text.count("data-run=") == 1
        assert all(prose.escape(str(claim), quote=False) in text for claim in card.claims) or card.claims


def test_all_definitions_are_there_under_their_numbers_and_their_code_does_what_it_says(pages: dict[str, Read]):
    assert {f"d{number}" for number in range(1, 25)} <= pages["service-levels.html"].ids
    text = (paper.PAGES / "service-levels.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    example = doctest.DocTestParser().get_doctest(code, {}, "service-levels.md", None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert len(example.examples) > 30


def test_the_picture_of_dslib_comes_from_its_imports(book: Path):
    everything = source.modules()
    view = source.architecture(everything)
    assert "Nothing is used from right to left." in view.finding
    assert str(len(everything)) in view.finding
    assert prose.escape(view.finding) in (book / "dslib" / "index.html").read_text(encoding="utf-8")
    by_name = {module.name: module for module in everything}
    assert "network" in by_name["simulation"].uses
    assert "simulation" not in by_name["node"].uses, "an import for types only is no use of it"


def test_each_line_of_dslib_stands_on_its_page_once_and_in_order():
    """As code, or as the docstring above it."""
    for module in source.modules():
        lines = module.text.count("\n")
        found: list[int] = []
        for piece in source.pieces(module.tree, lines):
            found += range(piece.first, piece.last + 1)
            for line in piece.skipped:
                assert piece.first <= line <= piece.last, f"{module.name}, line {line}"
        assert found == list(range(1, lines + 1)), module.name
        ast.parse(module.text)


def test_the_reference_has_every_public_name(book: Path):
    for module in source.modules():
        page = (book / "reference" / f"{module.name.partition('.')[0]}.html").read_text(encoding="utf-8")
        for node in module.tree.body:
            if isinstance(node, source.Definition) and not node.name.startswith("_"):
                assert f"../dslib/{module.page}.html#{node.name}" in page, f"{module.name}.{node.name}"


def test_docstrings_become_html_and_nothing_in_them_is_markup():
    html = prose.html(
        """A ``queue`` of *at most* n, see :class:`Network`; 1 < 2.

        Args:
            size: how many,
                at most.
            **more: the rest.

        - one ``a < b``
          goes on
        - two

        Written::

            sim.run()

        >>> 1 + 1
        2
        """,
        {"Network": "network.html"}.get,
    )
    assert "<p>A <code>queue</code> of <em>at most</em> n, see " in html
    assert '<a href="network.html"><code>Network</code></a>; 1 &lt; 2.</p>' in html
    assert "<dt><code>size</code></dt><dd>how many, at most.</dd>" in html
    assert "<li>one <code>a &lt; b</code> goes on</li>" in html
    assert '<p>Written:</p>\n<pre class="said">sim.run()</pre>' in html
    assert '<pre class="said">&gt;&gt;&gt; 1 + 1\n2</pre>' in html


# ---------------------------------------------------------------- running the notebooks


def little(tmp_path: Path, *codes: str) -> Path:
    path = tmp_path / "09-little.ipynb"
    cells = [nbformat.v4.new_code_cell(code, id=f"cell-{number}") for number, code in enumerate(codes, 1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(execute, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def test_a_notebook_that_fails_names_its_cell_and_its_error(tmp_path: Path, kept: Path):
    path = little(tmp_path, "1 + 1", "undefined_name + 1")
    with pytest.raises(execute.LessonFailed, match=r"09-little\.ipynb, cell 'cell-2' fails:\nNameError: .*undefined"):
        execute.executed([path], say=str)
    assert not list(kept.glob("*.ipynb")), "what failed is not kept"


def test_what_ran_is_kept_until_something_changes(tmp_path: Path, kept: Path):
    said: list[str] = []
    path = little(tmp_path, "import os; print(os.environ['DSLIB_STATIC'], os.environ['JPY_SESSION_NAME'])")
    first = execute.executed([path], say=said.append)["09-little"]
    assert "09-little.ipynb" in first.read_text()
    assert execute.executed([path], say=said.append)["09-little"] == first
    assert [line for line in said if line.endswith("running")] == ["09-little: running"]
    little(tmp_path, "2")
    second = execute.executed([path], say=said.append)["09-little"]
    assert second != first
    assert not first.exists(), "the old one is gone"


def test_a_cell_that_never_ends_is_tried_once_more_and_then_named(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(execute, "CELL_S", 1)
    said: list[str] = []
    with pytest.raises(execute.LessonFailed, match=r"09-little\.ipynb, cell 'cell-1' took more than 1 s\. That"):
        execute.executed([little(tmp_path, "import time; time.sleep(60)")], say=said.append)
    assert any("Once more" in line for line in said)


def test_python_that_dies_is_told_with_its_last_words(tmp_path: Path, kept: Path):
    code = "import os, sys; os.write(2, b'out of paper'); os._exit(1)"
    with pytest.raises(execute.LessonFailed, match=r"cell 'cell-1': Python died\. It said last: [\s\S]*out of paper"):
        execute.executed([little(tmp_path, code)], say=str)


def test_a_script_that_the_book_does_not_know_is_refused():
    cell = nbformat.v4.new_code_cell("show()", id="strange")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<b>hi</b><script>alert(1)</script>"})]
    with pytest.raises(ValueError, match=r"09-x, cell 'strange' shows something with a script"):
        Page("lessons", "09-x", nbformat.v4.new_notebook(cells=[cell]))


# ---------------------------------------------------------------- in a browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def host(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The book in a sub-folder of a host."""
    root = tmp_path_factory.mktemp("host")
    (root / "courses").mkdir()
    (root / "courses" / "failing").symlink_to(book, target_is_directory=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/courses/failing"
    server.shutdown()
    server.server_close()


#: Every run is drawn, and whatever lies beside the page has come.
AWAKE = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    return all("[data-dslib-player]").every((one) => one.querySelector(".dslib-player"))
        && all("[data-later]").every((one) => one.hasAttribute(`data-${one.dataset.later.split(" ")[0]}`));
}"""

NO_STORAGE = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("no", "SecurityError"); },
});"""
FULL_STORAGE = """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };"""

#: How light the ground of code is, and its letters, from 0 to 255.
COLOURS = """["backgroundColor", "color"].map((which) => {
    const colour = getComputedStyle(document.querySelector("article .highlight pre"))[which];
    return Math.max(...colour.match(/\\d+/g).slice(0, 3).map(Number));
})"""

COVERED = "[...document.querySelectorAll('.cell_output > *')].filter((one) => !one.offsetHeight).length"


def read_through(page: Any) -> None:
    """Scroll down as a reader does, until all that comes later has come."""
    at = 0
    while at < page.evaluate("document.documentElement.scrollHeight"):
        page.evaluate("(top) => scrollTo({ top, behavior: 'instant' })", at)
        page.wait_for_timeout(20 if at else 150)
        at += 700
    page.wait_for_function(AWAKE, timeout=60_000)


def pale_in_light_and_dark(page: Any) -> list[str]:
    """Texts with too little contrast, in both."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        contrast = access.pale(page)
        assert contrast["texts"] > 20, "it looks at what is there"
        found += [f"{scheme}: {text}" for text in contrast["pale"]]
    return found


@pytest.mark.browser
def test_a_lesson_is_light_and_its_first_figure_quick(host: str, new_page: Callable[..., Any]):
    """Without compression, as from a host that has none. The rest comes when the reader does."""
    loads, waits = {}, []
    for name in LESSONS:
        page = new_page()
        sizes: list[int] = []
        page.on("response", lambda answer, sizes=sizes: sizes.append(len(answer.body())))
        page.goto(f"{host}/lessons/{name}.html")
        page.wait_for_load_state("networkidle")
        loads[name] = sum(sizes) / 1e3
        waits.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        assert page.locator("svg[role=img]").count() > 3, "the figures come with the text"
        page.close()
    assert sorted(waits)[len(waits) // 2] < FIRST_FIGURE_MS, waits
    assert max(loads.values()) <= FIRST_LOAD_KB, loads


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_everything_wakes_axe_finds_nothing_and_no_page_is_too_wide(
    width: int, theme: str, host: str, new_page: Callable[..., Any]
):
    """Each kind of page one way, those with players and code both ways, contrast light and dark.

    prove_book.py takes all pages, and lets axe look at contrast, too.
    """
    found = {}
    once = KINDS[::2] if theme == "light" else KINDS[1::2]
    for name in dict.fromkeys([*once, "index", "gallery/07-cascading-failure", "dslib/network"]):
        page = new_page(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
        page.goto(f"{host}/{name}.html")
        read_through(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than the window"
        problems = access.violations(page, contrast=False) + access.nameless(page)
        if problems := problems + pale_in_light_and_dark(page):
            found[name] = problems
        page.close()
    assert found == {}


@pytest.mark.browser
def test_no_page_is_wider_than_a_window(host: str, new_page: Callable[..., Any]):
    page = new_page()
    for name in ("lessons/06-byzantine-fault-tolerance", "dslib/network"):
        page.goto(f"{host}/{name}.html")
        for width in (320, 390, 768, 820, 1024, 1152, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width}"


@pytest.mark.browser
def test_without_javascript_there_are_text_figures_findings_and_events(host: str, new_page: Callable[..., Any]):
    page = new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"{host}/lessons/05-different-types-of-failures.html")
    assert page.locator("article h2").count() >= 8
    assert page.locator("svg[role=img]").count() >= 10
    assert "messages sent" in page.locator("[data-dslib-player]").first.inner_text()
    assert "The run says:" in page.locator("[data-dslib-reveal]").first.inner_text()
    page.get_by_role("link", name=re.compile("events as text")).first.click()
    assert page.locator("article li").count() > 50
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html")
    page.get_by_role("link", name="Next").click()
    assert "lesson 2" in page.title().lower()


@pytest.mark.browser
def test_opened_from_disk_runs_play_sliders_move_and_predictions_are_kept(
    book: Path, tmp_path: Path, new_page: Callable[..., Any]
):
    page = new_page()
    page.goto((book / "lessons" / "01-what-is-a-distributed-system.html").as_uri())
    prediction = page.locator("[data-dslib-predict]").first
    prediction.get_by_role("radio").first.check()
    reveal = page.locator("[data-dslib-reveal]").first
    run = page.locator(".cell_output", has=page.locator("[data-dslib-reveal]")).first.locator("pre")
    assert run.first.is_hidden(), "what the run printed would give it away"
    reveal.get_by_role("button", name="Show what happened").click()
    assert "The run says" in reveal.inner_text()
    assert run.first.is_visible()
    asked = page.locator("[data-dslib-predict]", has_text="Which is quicker for one single user?")
    between = page.get_by_label("Picture, with its finding below").nth(1)
    after = page.get_by_text("the single computer wins")
    assert between.is_hidden()
    assert after.is_hidden(), "both tell the answer"
    asked.get_by_role("radio").first.check()
    assert between.is_visible(), "the reader has predicted"
    assert after.is_hidden()
    page.locator("[data-dslib-reveal]").nth(2).get_by_role("button", name="Show what happened").click()
    assert after.is_visible()
    page.locator("[data-dslib-player]").first.scroll_into_view_if_needed()
    slider = page.get_by_label("Time in the run").first
    slider.press("Home")
    before = slider.get_attribute("aria-valuetext")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != before
    assert "the notebook in JupyterLab" in page.locator(".recorded").first.inner_text()
    read_through(page)
    explorer = page.locator(".dslib-explore").first
    before = explorer.locator(".dslib-frame").inner_html()
    explorer.locator("select").first.select_option(index=0)
    page.wait_for_function(
        "(before) => document.querySelector('.dslib-explore .dslib-frame').innerHTML !== before", arg=before
    )
    page.reload()
    assert page.locator("[data-dslib-predict]").first.get_by_role("radio").first.is_checked()
    page.get_by_role("link", name="Your answers", exact=True).click()
    told, rows = page.locator(".answers-told"), page.locator("#answers tbody")
    rows.locator("tr").wait_for()
    assert rows.inner_text().split() == ["Lesson", "1", "2", "0"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save to a file").click()
    mine = Path(tmp_path, saved.value.suggested_filename)
    saved.value.save_as(mine)
    page.get_by_role("button", name="Forget all of it").click()
    page.get_by_role("button", name="Forget it").click()
    assert told.inner_text() == "All forgotten."
    assert rows.inner_text() == ""
    for wrong in (ROOT / "CITATION.cff", ROOT / "lessons" / f"{LESSONS[0]}.ipynb"):
        page.locator("#answers input").set_input_files(wrong)
        page.get_by_text(f"{wrong.name} was not brought back: it holds no answers of this course.").wait_for()
    page.locator("#answers input").set_input_files(mine)
    page.get_by_text("Brought back: 2 predictions and 0 self-checks of 1 page.").wait_for()
    page.go_back()
    assert page.locator("[data-dslib-predict]").first.get_by_role("radio").first.is_checked()


@pytest.mark.browser
def test_the_games_of_lessons_4_6_and_7_and_a_self_check_work_from_disk(book: Path, new_page: Callable[..., Any]):
    page = new_page()
    page.goto((book / "lessons" / "06-byzantine-fault-tolerance.html").as_uri())
    read_through(page)
    game = page.locator("[data-later^='dslib-traitor']").first
    game.get_by_role("button", name="Send").click()
    assert "g1" in game.inner_text()
    check = page.locator("[data-later^='dslib-check']").first
    check.get_by_role("button", name="Hint").click()
    assert "Hint 1 of 3" in check.inner_text()
    page.goto((book / "lessons" / "07-slis-slos-and-slas.html").as_uri())
    read_through(page)
    page.get_by_role("button", name="Release").first.click()
    page.goto((book / "lessons" / "04-what-could-go-wrong.html").as_uri())
    read_through(page)
    assert page.locator(".dslib-comparison").count() >= 3
    case = page.locator("form", has_text="Case 4: what has happened")
    for option in case.get_by_role("radio").all():
        option.check()
        case.get_by_role("button", name="Check").click()
        if "✓ Right." in case.inner_text():
            break
    matrix = page.locator("[data-dslib-confusion]")
    assert "of 1 first guess right." in matrix.inner_text()
    assert matrix.locator("td", has_text="1").count() == 1


@pytest.mark.browser
def test_search_finds_on_a_host_and_on_a_disk(book: Path, host: str, new_page: Callable[..., Any]):
    for start in (f"{host}/index.html", (book / "lessons" / "01-what-is-a-distributed-system.html").as_uri()):
        page = new_page()
        page.goto(start)
        page.locator(".sidebar-search").fill("articulation")
        page.keyboard.press("Enter")
        page.locator("#search-results a").first.wait_for(timeout=20_000)
        assert "Glossary" in page.locator("#search-results").inner_text()
    page.locator(".search-here").get_by_label("Words").fill("quorum")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('#search-results li').length > 4")
    for_learners = r"(lessons/\d\d-|glossary\.html)"
    first = page.locator("#search-results a").evaluate_all("(links) => links.map((one) => one.getAttribute('href'))")
    assert all(re.match(for_learners, link) for link in first[:3]), first


@pytest.mark.browser
@pytest.mark.parametrize("trouble", ["none", "full"])
def test_a_browser_that_keeps_nothing_reads_the_lesson_and_is_told(
    trouble: str, host: str, new_page: Callable[..., Any]
):
    page = new_page()
    page.add_init_script(NO_STORAGE if trouble == "none" else FULL_STORAGE)
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html")
    prediction = page.locator("[data-dslib-predict]").first
    prediction.get_by_role("radio").first.check()
    assert "This browser keeps nothing" in prediction.inner_text()
    page.get_by_role("button", name=re.compile("Toggle Light")).last.click()
    assert page.locator("body").get_attribute("data-theme") in ("dark", "light")
    page.get_by_role("button", name=re.compile("Toggle Light")).last.click()
    page.locator("[data-dslib-player]").first.scroll_into_view_if_needed()
    page.locator(".dslib-player").first.wait_for()


@pytest.mark.browser
@pytest.mark.console_error("ERR_FILE_NOT_FOUND|404|Failed to load")
def test_a_run_that_does_not_come_leaves_the_picture_and_says_so(host: str, new_page: Callable[..., Any]):
    page = new_page()
    page.route("**/burn-the-laptop.js", lambda route: route.abort())
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html")
    player = page.locator("[data-dslib-player]").first
    player.scroll_into_view_if_needed()
    page.mouse.wheel(0, 50)
    player.get_by_role("status").filter(has_text="did not come").wait_for()
    assert player.locator("svg").first.is_visible()


@pytest.mark.browser
def test_a_link_to_a_moment_opens_that_player_there(host: str, new_page: Callable[..., Any]):
    page = new_page()
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html#t=300")
    slider = page.get_by_label("Time in the run").first
    slider.wait_for()
    page.wait_for_function("() => scrollY > 200")
    assert float(slider.input_value()) == pytest.approx(300)


@pytest.mark.browser
def test_on_paper_there_is_the_lesson_and_nothing_around_it(host: str, new_page: Callable[..., Any]):
    page = new_page()
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html")
    page.locator("[data-dslib-player]").first.scroll_into_view_if_needed()
    page.locator(".dslib-player").first.wait_for()
    page.evaluate("document.body.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    for gone in (".sidebar-drawer", ".toc-drawer", ".bar", ".related-pages", ".dslib-player", ".dslib-card button"):
        assert page.locator(gone).first.is_hidden(), gone
    run = page.locator("[data-dslib-player]").first
    assert "messages sent" in run.inner_text(), "on paper stands the whole run, still"
    still = run.locator("svg").first.bounding_box()
    assert still is not None
    assert still["x"] + still["width"] <= page.evaluate("innerWidth")
    assert "The run says: durability." in page.locator("article").inner_text()
    assert "and nobody left waiting" in page.locator("article").inner_text()
    light, dark = page.evaluate(COLOURS)
    assert light > 200 > 100 > dark, "paper is light, whatever the screen is"
    assert page.locator("article h1").is_visible()
    assert page.evaluate(COVERED) == 0, "what a reader has not uncovered can be uncovered on the screen only"
    assert len(page.pdf()) > 100_000


@pytest.mark.browser
def test_a_reader_with_a_keyboard_skips_to_the_text_and_reaches_what_is_in_it(host: str, new_page: Callable[..., Any]):
    page = new_page(reduced_motion="reduce")
    page.goto(f"{host}/lessons/01-what-is-a-distributed-system.html")
    access.look(page, "rest")
    for stop in ("Skip to content", "What Could Go Wrong?", ""):
        page.keyboard.press("Tab")
        shown = access.look(page, "focused")
        assert page.evaluate("document.activeElement.textContent.trim()") == stop
        assert shown["changed"], f"{stop or 'the search field'} has the focus, and nobody sees it"
        assert shown["seen"], stop
    page.locator(".skip-to-content").focus()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(80):  # through a player, too
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.type"))
    assert "Download the notebook" in seen
    assert "radio" in seen
