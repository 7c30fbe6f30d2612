"""Every page of the book, light and dark, on a desk and on a phone: axe finds nothing in any of them."""

from collections.abc import Callable
from typing import Any

import access
import pytest
import test_book

pytestmark = pytest.mark.browser

book, host, pages = test_book.book, test_book.host, test_book.pages


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page(
    width: int, theme: str, host: str, pages: dict[str, Any], new_page: Callable[..., Any]
):
    found = {}
    for name in pages:
        page = new_page(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
        page.goto(f"{host}/{name}")
        test_book.read_through(page)
        too_wide = page.evaluate("document.documentElement.scrollWidth") > width
        if problems := [*access.violations(page), *access.nameless(page), *["too wide"] * too_wide]:
            found[name] = problems
        page.close()
    assert found == {}
