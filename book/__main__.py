"""Build the book: ``python -m book``. ``python -m book --help`` has the options."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .build import OUT, build
from .execute import LessonFailed


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m book", description="Build the course as a folder of plain pages.")
    parser.add_argument("--out", type=Path, default=OUT, help="where to (%(default)s)")
    parser.add_argument("--workers", type=int, help="so many lessons run at once, and so many processes write pages")
    chosen = parser.parse_args(arguments)
    try:
        build(chosen.out, workers=chosen.workers)
    except LessonFailed as failure:
        sys.exit(f"The book was not built.\n{failure}")


if __name__ == "__main__":
    main(sys.argv[1:])
