"""Everybody can use it: axe-core's rules, contrast, size of letters, the keyboard, calm, and colours of one's own.

All views stand on one page (gallery.py), as a book shows them, and in one cell of a notebook.
"""

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import access
import gallery
import nbformat
import pytest
from stage import Stage
from test_player import quiet

from dslib.views import play, save_page
from tools.make_docs import first_look

pytestmark = pytest.mark.browser

#: Lines that only guide the eye, the veil over what is still to come, and the free ground under a cut.
ORNAMENTS = ".grid, .veil, .cut-under"

WIDTHS, THEMES = (1280, 390), ("light", "dark")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with one of everything."""
    path = tmp_path_factory.mktemp("book") / "views.html"
    with chdir(path.parent):  # answers of earlier days lie elsewhere
        path.write_text(gallery.page(), encoding="utf-8")
    return path.as_uri()


def opened(new_page: Callable[..., Any], book: str, width: int = 1280, **options: Any) -> Any:
    page = new_page(viewport={"width": width, "height": 900}, **options)
    page.goto(book)
    page.locator("#comparison .dslib-player").first.wait_for()
    return page


def to_the_end(page: Any) -> None:
    """All players at the end of their runs: nothing lies under the veil."""
    for slider in page.get_by_label("Time in the run").all():
        slider.press("End")


def touch_all(page: Any) -> None:
    """Open whatever can be opened, and answer whatever is asked."""
    for summary in page.locator(".dslib-player summary").all():
        if summary.is_visible():
            summary.click()
    for copy in page.locator(".dslib-player .copy").all():
        if copy.is_visible():
            copy.click()
    for player in page.locator("#player, #comparison").all():
        player.locator(".node[data-node=r2]").first.press("Enter")
        player.get_by_label("Clocks in the diagram").first.select_option("vector")
    page.locator("#explore").get_by_label("cut", exact=True).uncheck()
    page.locator("#predict").get_by_label("yes").check()
    page.locator("#predict-number").get_by_label("Your number").fill(
        "7"
    )  # said when the next field is clicked, which stays where it is
    page.locator("#check").get_by_label("r1").check()
    page.locator("#check").get_by_role("button", name="Hint").click()
    page.locator("#check").get_by_role("button", name="Check").click()
    page.locator("#check-number").get_by_label("Your number").fill("4")
    page.locator("#check-number").get_by_role("button", name="Check").click()
    page.locator("#traitor").get_by_role("button", name="Send").click()
    page.locator("#budget-game").get_by_role("button", name="Release").click()


# ---------------------------------------------------------------- axe


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_in_a_page_of_all_views_untouched_and_touched(
    width: int, theme: str, book: str, new_page: Callable[..., Any]
):
    page = opened(new_page, book, width, color_scheme=theme)
    assert access.violations(page) == []
    touch_all(page)
    assert access.violations(page) == []


def test_axe_sees_what_is_wrong_inside_a_shadow_root(book: str, new_page: Callable[..., Any]):
    """Else the tests above could pass because axe looks at nothing."""
    page = opened(new_page, book)
    page.evaluate(
        """() => {
            const { shadowRoot } = document.querySelector("#player .dslib-player");
            shadowRoot.querySelector("[aria-label='Speed']").removeAttribute("aria-label");
            shadowRoot.querySelector(".title").style.color = "#bbb";
            for (const select of shadowRoot.querySelectorAll("select")) select.removeAttribute("title");
        }"""
    )
    rules = {line.partition(":")[0] for line in access.violations(page, "#player")}
    assert rules == {"select-name", "color-contrast"}


def test_axe_finds_nothing_in_a_page_that_was_saved(tmp_path: Path, page: Any):
    """The page itself is ours here: its language, its title, its landmarks."""
    save_page(tmp_path / "run.html", *gallery.players().values())
    (tmp_path / "first-look.html").write_text(first_look(), encoding="utf-8")
    for name in ("run.html", "first-look.html"):
        page.goto((tmp_path / name).as_uri())
        page.locator(".dslib-player").first.wait_for()
        assert access.violations(page) == [], name


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_in_a_live_player_whatever_tool_is_chosen(
    width: int, theme: str, new_page: Callable[..., Any]
):
    calm = {"reduced_motion": "reduce"}  # colours that change bit by bit are no contrast to measure
    page = new_page(viewport={"width": width, "height": 900}, color_scheme=theme, **calm)
    stage = Stage(page, play(quiet, until=400, seed=3, within=40))
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate(
        "() => { document.body.style.background = getComputedStyle(player.root.host).getPropertyValue('--surface'); }"
    )
    stage.root.locator('.node[data-node="r1"]').press("x")
    stage.wait_for_answer()
    for tool in stage.root.locator(".tools .tool").all():
        tool.click()
        found = access.violations(page, "#here")
        assert found == [], tool.text_content()
    assert access.nameless(page) == []


# ---------------------------------------------------------------- what axe does not look at


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colours", ["the page's", "the reader's"])
def test_marks_have_a_contrast_of_3_and_words_in_pictures_of_4_5(
    colours: str, theme: str, book: str, new_page: Callable[..., Any]
):
    """Also where the reader's system replaces the colours of pages with its own, on a ground of its own."""
    forced = "active" if colours == "the reader's" else "none"
    page = opened(new_page, book, color_scheme=theme, forced_colors=forced)
    to_the_end(page)
    found = access.faint(page, "main", ORNAMENTS)
    assert found["faint"] == []
    assert found["marks"] > 300, "a check that looks at nothing finds nothing"
    assert found["texts"] > 300


def test_a_faint_mark_and_a_faint_word_are_noticed(book: str, new_page: Callable[..., Any]):
    page = opened(new_page, book)
    page.add_style_tag(content="#graph text { fill: #888 } #graph circle { stroke: #ccc; fill: #ddd }")
    found = access.faint(page, "#graph", ORNAMENTS)["faint"]
    assert any(line.startswith("text.") for line in found)
    assert any(line.startswith("circle.") for line in found)


def test_colours_of_the_readers_own_leave_the_slider_its_track(book: str, new_page: Callable[..., Any]):
    page = opened(new_page, book, forced_colors="active")
    slider = page.locator("#player").get_by_label("Time in the run")
    box = slider.bounding_box()
    clip = {"x": box["x"], "y": box["y"] + box["height"] / 2 - 2, "width": box["width"], "height": 4}
    slider.scroll_into_view_if_needed()
    before = page.screenshot(clip=clip)
    slider.evaluate("(slider) => { slider.style.visibility = 'hidden'; }")
    assert before != page.screenshot(clip=clip)


def test_letters_are_at_least_11_px_on_a_phone(book: str, new_page: Callable[..., Any]):
    page = opened(new_page, book, 390)
    found = access.small(page, "main", 11)
    assert found["small"] == []
    assert found["texts"] > 400
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the page itself does not scroll sideways"


# ---------------------------------------------------------------- keyboard


@pytest.mark.parametrize("width", WIDTHS)
def test_tab_leads_through_everything_and_out_again_and_shows_where_it_is(
    width: int, book: str, new_page: Callable[..., Any]
):
    page = opened(new_page, book, width)
    there, back = access.tab_through(page, "before", "after")
    assert [stop["number"] for stop in there] == [stop["number"] for stop in reversed(back)]
    assert len(there) > 60
    unseen = [stop["name"] for stop in there + back if not stop["seen"]]
    assert not unseen, "the focus was where nobody sees it"
    unmarked = [stop["name"] for stop in there if not stop["changed"]]
    assert not unmarked, "nothing shows that they have the focus"
    faint = [stop["name"] for stop in there if stop["ratio"] is not None and stop["ratio"] < 3]
    assert not faint, "the ring of the focus is too faint"


def test_tab_leaves_a_live_player_and_each_tool_can_be_reached(page: Any):
    stage = Stage(page, play(quiet, until=400, seed=3))
    page.evaluate(
        """() => {
            const button = (id) => Object.assign(document.createElement("button"), { id, textContent: id });
            document.body.prepend(button("before"));
            document.body.append(button("after"));
        }"""
    )
    there, back = access.tab_through(page, "before", "after")
    assert [stop["number"] for stop in there] == [stop["number"] for stop in reversed(back)]
    tools = stage.root.locator(".tools .tool").all_text_contents()
    names = " ".join(stop["name"] for stop in there)
    assert tools
    assert [tool for tool in tools if tool not in names] == []
    assert [stop["name"] for stop in there if not stop["changed"]] == []


def test_whatever_can_have_the_focus_has_a_name(book: str, new_page: Callable[..., Any]):
    page = opened(new_page, book)
    touch_all(page)
    assert access.nameless(page) == []


# ---------------------------------------------------------------- calm


def test_nothing_moves_for_readers_who_asked_for_calm(book: str, new_page: Callable[..., Any]):
    """What fades may fade; nothing may change its place or its size by itself."""
    page = opened(new_page, book, reduced_motion="reduce")
    moving = access.look(page, "moving", "body")
    assert moving == []
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


# ---------------------------------------------------------------- JupyterLab


NOTEBOOK = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import gallery
for view in gallery.everything().values():
    display(view)
"""


def test_axe_finds_nothing_in_what_a_notebook_shows_light_and_dark(jupyterlab: Any, page: Any):
    """JupyterLab's own parts are not ours to judge: only the output is."""
    folder = jupyterlab.root / "access"
    folder.mkdir()
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [nbformat.v4.new_code_cell(NOTEBOOK.strip(), id="all-views")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "views.ipynb")
    jupyterlab.open(page, "access/views.ipynb")
    page.locator(".jp-CodeCell .jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    page.locator(".jp-OutputArea-output .dslib-player").nth(2).wait_for(timeout=60_000)
    output = ".jp-OutputArea-output"
    page.locator(output, has_text="Self-checks").last.wait_for()
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=60_000)
    found = {}
    try:
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            choose_theme(page, theme)
            found[theme] = access.violations(page, output), access.faint(page, output, ORNAMENTS)["faint"]
    finally:
        choose_theme(page, "JupyterLab Light")
    assert found == {"JupyterLab Dark": ([], []), "JupyterLab Light": ([], [])}


def choose_theme(page: Any, name: str) -> None:
    wanted = str(name != "JupyterLab Dark").lower()
    if page.locator("body").get_attribute("data-jp-theme-light") == wanted:
        return
    page.locator(".lm-MenuBar-itemLabel", has_text="Settings").click()
    page.locator(".lm-Menu-itemLabel", has_text="Theme").first.hover()
    page.locator(".lm-Menu-itemLabel", has_text=name).first.click()
    page.locator(f"body[data-jp-theme-light={wanted}]").wait_for(state="attached")
