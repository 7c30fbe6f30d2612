"""How Sphinx puts the book together. Its pages are written by `python -m book` into the folder that Sphinx reads."""

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(os.environ["BOOK_ROOT"])
sys.path.insert(0, str(ROOT))

project = "What Could Go Wrong?"
author = "The What Could Go Wrong? contributors"
copyright = "The What Could Go Wrong? contributors; text CC BY 4.0, code BSD 3-Clause"
release = version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
language = "en"

extensions = ["myst_nb", "book.bar"]
nitpicky = True

html_theme = "furo"
html_title = project
templates_path = ["_templates"]
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["views.css", "book.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_use_index = False  # the reference is one
html_copy_source = False
html_show_sourcelink = False
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
html_show_search_summary = False  # it would read the found pages, which a page opened from disk may not do
html_permalinks_icon = "#"

nb_execution_mode = "off"  # book.execute has run them
nb_ipywidgets_js: dict[str, str] = {}  # else each page asks a host of somebody else's for the scripts of widgets
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 5)]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "attrs_inline", "attrs_block"]
