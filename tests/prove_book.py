"""Every page of the book, on a desk and on a phone, in light and dark: axe finds nothing in any of them."""

from collections.abc import Callable
from typing import Any

import access
import pytest
import test_book

pytestmark = pytest.mark.browser

book, host, pages = test_book.book, test_book.host, test_book.pages


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page(width: int, host: str, pages: dict[str, Any], new_page: Callable[..., Any]):
    """All but contrast, which ``pale`` looks at: axe itself needs a minute for that rule on each lesson."""
    found = {}
    for name in pages:
        page = new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page.goto(f"{host}/{name}")
        test_book.read_through(page)
        too_wide = page.evaluate("document.documentElement.scrollWidth") > width
        problems = [*access.violations(page, contrast=False), *access.nameless(page), *["too wide"] * too_wide]
        if problems := problems + test_book.pale_in_light_and_dark(page):
            found[name] = problems
        page.close()
    assert found == {}


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_enough_contrast_on_each_kind_of_page(theme: str, host: str, new_page: Callable[..., Any]):
    """Also where something may lie in front of a text."""
    found = {}
    for name in test_book.KINDS:
        page = new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce")
        page.goto(f"{host}/{name}.html")
        test_book.read_through(page)
        if problems := access.violations(page):
            found[name] = problems
        page.close()
    assert found == {}
