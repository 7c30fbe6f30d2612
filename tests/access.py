"""What a machine can say about access: axe-core's rules, and what axe does not look at (access.js)."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

#: WCAG 2.2 up to AA, best practices, and what axe still tries out, apart from two rules. `hidden-content` only asks a
#: human to look. `focus-order-semantics` wants a widget's role on all that can have the focus; but a picture that
#: scrolls must take the focus (`scrollable-region-focusable`) and is no widget.
RULES = {
    "runOnly": [
        *("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"),
        *("best-practice", "experimental"),
    ],
    "rules": {"hidden-content": {"enabled": False}, "focus-order-semantics": {"enabled": False}},
    "resultTypes": ["violations"],
}

#: What stands below a node of a graph is its state, shortened to fit; its name for those who listen says that in full.
CONFIGURE = (
    '() => axe.configure({ rules: [{ id: "label-content-name-mismatch", selector: "[aria-label]:not(.node)" }] })'
)

RUN = """([selector, rules]) => axe.run(selector ? { include: [[selector]] } : document, rules).then((all) =>
    all.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.target.flat().join(" > ")}: ${node.failureSummary.replace(/\\s+/g, " ")}`)))"""


@cache
def axe_core() -> str:
    """axe-core as the pip package carries it: no npm. JupyterLab has a module loader, which must not get hold of it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None, "axe-core is missing: pip install axe-playwright-python"
    assert found.submodule_search_locations is not None
    source = Path(found.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")
    return f"() => {{ const module = undefined, define = undefined; {source} }}"


def violations(page: Any, selector: str | None = None, *, contrast: bool = True) -> list[str]:
    """What axe finds wrong in what the selector finds, else in the whole page; open shadow roots included.

    Each line has the rule, the node and the fix. Without ``contrast`` axe leaves out the one rule that takes most of
    its time on a long page: look at that with ``pale``.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(axe_core())
        page.evaluate(CONFIGURE)
    rules = RULES if contrast else {**RULES, "rules": {**RULES["rules"], "color-contrast": {"enabled": False}}}
    return [str(line) for line in page.evaluate(RUN, [selector, rules])]


def look(page: Any, function: str, given: Any = None) -> Any:
    """Call a function of access.js in the page."""
    if not page.evaluate("() => Boolean(window.access)"):
        page.evaluate(Path(__file__).with_name("access.js").read_text(encoding="utf-8"))
    return page.evaluate(f"(given) => access.{function}(given)", given)


def faint(page: Any, selector: str, ornaments: str) -> dict[str, Any]:
    """How many marks and words the pictures have, and those with less contrast than 3 and 4.5 to 1."""
    return dict(look(page, "faint", [selector, ornaments]))


def pale(page: Any, selector: str = "body") -> dict[str, Any]:
    """How many texts of HTML there are, and those with less contrast to their ground than WCAG's AA asks for."""
    return dict(look(page, "pale", selector))


def small(page: Any, selector: str, least: float) -> dict[str, Any]:
    """How many texts there are, and those whose letters are smaller than `least` px."""
    return dict(look(page, "small", [selector, least]))


def tab_through(page: Any, start: str, end: str, most: int = 400) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Press Tab from one element until the other has the focus, and Shift+Tab back. What had the focus on each way."""
    look(page, "rest")
    ways: list[list[dict[str, Any]]] = []
    for key, first, last in (("Tab", start, end), ("Shift+Tab", end, start)):
        page.locator(f"#{first}").focus()
        way: list[dict[str, Any]] = []
        while True:
            page.keyboard.press(key)
            now = look(page, "focused")
            assert now is not None, f"after {way[-1:]} {key} leads nowhere"
            if now["id"] == last:
                break
            way.append(now)
            assert len(way) < most, f"{key} never leaves: {[stop['name'] for stop in way[-3:]]}"
        ways.append(way)
    return ways[0], ways[1]


def nameless(page: Any) -> list[str]:
    """What can have the focus, or stands for a picture, and tells a screen reader no name.

    A status speaks for itself: it has words and no name.
    """
    session = page.context.new_cdp_session(page)
    found = []
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        role, name = (node.get(what, {}).get("value", "") for what in ("role", "name"))
        focusable = any(p["name"] == "focusable" and p["value"].get("value") for p in node.get("properties", []))
        if node["ignored"] or role in ("RootWebArea", "status", "paragraph"):
            continue
        if (focusable or role in ("img", "image")) and not name.strip():
            found.append(f"a {role} without a name")
    session.detach()
    return found
