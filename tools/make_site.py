"""Build the site: the book, and beside it a JupyterLite in which lessons and labs run (make site).

    python tools/make_site.py                 build/book and the live part, into build/site
    python tools/make_site.py --live FOLDER   the live part alone, into FOLDER/live

The book is built first (make book). What comes out are plain files: any host can serve them, from any folder. Python in
the browser needs a server, if only ``python -m http.server`` in build/site; the book opens from the disk as well.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path

import downloads
import site_live

BUILD = downloads.ROOT / "build"

#: How the book marks what only a site with a live part can offer, and what becomes of it there.
HIDDEN, SHOWN = 'class="run-live" hidden', 'class="run-live"'


def join(book: Path, site: Path) -> int:
    """Copy the book into the site and show its links to the live part. Returns how many pages have one.

    Raises:
        FileNotFoundError: such a link leads to a notebook that the live part does not have.
    """
    shutil.copytree(book, site, dirs_exist_ok=True)
    shown = 0
    for page in sorted(site.rglob("*.html")):
        if page.is_relative_to(site / "live"):
            continue
        text = page.read_text(encoding="utf-8")
        if HIDDEN not in text:
            continue
        links = re.findall(rf'<a {re.escape(HIDDEN)}[^>]*href="([^"]+)"', text)
        for link in links:
            app, _, path = link.partition("?path=")
            if not (page.parent / app).is_file() or not (site / "live" / "files" / path).is_file():
                raise FileNotFoundError(f"{page.relative_to(site)} offers to run {link}, which the site does not have")
        page.write_text(text.replace(HIDDEN, SHOWN), encoding="utf-8")
        shown += 1
    return shown


def live(site: Path, lite: Path) -> None:
    """Build the live part into ``site/live``."""
    print("Python for the browser: fetching what is not in build/cache", flush=True)
    site_live.lay_out(lite)
    shutil.rmtree(site / "live", ignore_errors=True)
    print("JupyterLite: putting it together", flush=True)
    site_live.build(lite, site / "live")


def size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main(arguments: list[str]) -> None:
    alone = arguments[:1] == ["--live"]
    if (alone and len(arguments) != 2) or (arguments and not alone):
        sys.exit(__doc__)
    site = Path(arguments[1]).resolve() if alone else BUILD / "site"
    book, begun = BUILD / "book", time.monotonic()
    if not alone:
        if not (book / "index.html").is_file():
            sys.exit("There is no build/book: run `make book` first, or `make site`, which does.")
        shutil.rmtree(site, ignore_errors=True)
    try:
        live(site, site.with_name(f"{site.name}-live"))
    except downloads.CannotFetch as problem:
        sys.exit(f"The site cannot be built. {problem}")
    if not alone:
        print(f"{join(book, site)} pages of the book can be run.")
    print(f"{site}: {size(site):.1f} MB in {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
