"""Build the site: `python tools/make_site.py` (make site). So far the live part alone, in build/site/live."""

from __future__ import annotations

import shutil
import sys
import time

import downloads
import site_live

BUILD = downloads.ROOT / "build"


def main() -> None:
    site = BUILD / "site" / "live"
    started = time.monotonic()
    try:
        site_live.lay_out(BUILD / "live")
    except downloads.CannotFetch as problem:
        sys.exit(f"The site cannot be built. {problem}")
    print(f"laid out after {time.monotonic() - started:.1f} s", flush=True)
    shutil.rmtree(site, ignore_errors=True)
    site_live.build(BUILD / "live", site)
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"build/site/live: {size / 1e6:.1f} MB after {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
