"""All that the site offers runs in a browser: lessons, labs, cards of the gallery; also where a browser lacks much."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import access
import pytest
import site_cards
import test_site
from test_site import ROOT, RUN_CELLS, RUN_CODE, SET_SOURCE, opened, words

import labs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

site, host = test_site.site, test_site.host

LESSONS = sorted(path.name for path in (ROOT / "lessons").glob("0[1-7]-*.ipynb"))
LABS = sorted(path.name for path in (ROOT / "labs").glob("lab[0-7]"))


def ran_well(ran: list[Any]) -> None:
    assert ran
    for id, outputs in ran:
        for output in outputs:
            assert output["output_type"] != "error", f"cell {id!r}: {output['ename']}: {output['evalue']}"
            assert output.get("name") != "stderr", f"cell {id!r} writes to standard error: {output['text']}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(lesson: str, new_page: Callable[..., Any], host: str):
    page, hosts = opened(new_page, host, f"lessons/{lesson}")
    ran_well(page.evaluate(RUN_CELLS))
    assert hosts <= {"127.0.0.1", "blob"}


@pytest.mark.parametrize("lab", LABS)
def test_the_checks_of_a_lab_ask_for_answers_and_accept_the_references(
    lab: str, new_page: Callable[..., Any], host: str
):
    page, hosts = opened(new_page, host, f"labs/{lab}/{lab}.ipynb")
    blank = dict(page.evaluate(RUN_CELLS))
    checks = [cell["id"] for cell in labs.checks(labs.notebook(lab, labs.RELEASES))]
    assert checks
    for id in checks:
        assert "✗" in words(blank[id]), f"{id}: {words(blank[id])}"
    for id, source in labs.answers(lab).items():
        page.evaluate(SET_SOURCE, [id, source])
    answered = dict(page.evaluate(RUN_CELLS))
    for id in checks:
        assert "visible checks passed" in words(answered[id]), f"{id}: {words(answered[id])}"
    for id, outputs in answered.items():
        if id != "withheld":  # which shows what is
            assert not any(output["output_type"] == "error" for output in outputs), f"{id}: {words(outputs)}"
    assert hosts <= {"127.0.0.1", "blob"}


@pytest.mark.parametrize("card", [name for name, _ in site_cards.notebooks()])
def test_a_card_of_the_gallery_runs_and_its_source_can_be_changed(
    card: str, new_page: Callable[..., Any], host: str, site: Path
):
    page, _ = opened(new_page, host, f"gallery/{card}.ipynb")
    ran = page.evaluate(RUN_CELLS)
    ran_well(ran)
    assert "does not hold" not in words(dict(ran)["run-yours"])
    cells = json.loads((site / "live" / "files" / "gallery" / f"{card}.ipynb").read_text("utf-8"))["cells"]
    source = next(cell["source"] for cell in cells if cell["id"] == "source")
    page.evaluate(SET_SOURCE, ["source", source.replace('means="', 'means="Mine: ')])
    page.evaluate(RUN_CELLS, ["source"])
    assert page.evaluate(RUN_CODE, "print(CARD.means)").startswith("Mine: ")


DENIED = """for (const name of ["indexedDB", "localStorage", "sessionStorage", "caches"])
    Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
NO_WORKER = "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get() { return undefined; } });"


@pytest.mark.parametrize("lacks", [DENIED, NO_WORKER, DENIED + NO_WORKER], ids=["storage", "worker", "both"])
def test_a_lab_runs_where_the_browser_keeps_nothing(lacks: str, new_page: Callable[..., Any], host: str):
    class Lacking:
        """A page that lacks something from its first moment on."""

        def __call__(self) -> Any:
            page = new_page()
            page.context.add_init_script(lacks)
            return page

    page, _ = opened(Lacking(), host, "labs/lab1/lab1.ipynb")
    if lacks is not NO_WORKER:
        page.get_by_text("This browser keeps nothing for this page").wait_for()
    if NO_WORKER in lacks:
        page.get_by_text("Python cannot reach the files that this browser keeps").wait_for()
    for id, source in labs.answers("lab1").items():
        page.evaluate(SET_SOURCE, [id, source])
    answered = dict(page.evaluate(RUN_CELLS))
    for id in answered:
        if id.startswith("check-"):
            assert "visible checks passed" in words(answered[id]), f"{id}: {words(answered[id])}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_live_page_is_open_to_everybody(width: int, theme: str, new_page: Callable[..., Any], host: str):
    page = new_page(viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce")
    page.set_default_timeout(240_000)
    page.goto(f"{host}/live/notebooks/index.html?path={test_site.LESSON}")
    page.locator("#course-says-python").wait_for()
    found = access.violations(page)
    for _ in range(20):  # cells are drawn when there is time for them, and mended a moment later
        if not found:
            break
        page.wait_for_timeout(1_000)
        found = access.violations(page)
    assert found == []
