"""A notebook for each card of the gallery, for the site: both runs, the knobs, and the card's own source to change."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # the gallery of this checkout

from book.gallery import SEED, name_of  # noqa: E402
from dslib.failures import GALLERY  # noqa: E402


def notebooks() -> Iterator[tuple[str, str]]:
    """The name of each card, and its notebook as text."""
    for card in GALLERY:
        yield name_of(card), json.dumps(notebook(card))


def notebook(card: Any) -> dict[str, Any]:
    """The notebook of one card."""
    file = Path(sys.modules[type(card.params).__module__].__file__ or "")
    cells = [
        text("about", f"# {card.number}. {card.title}\n\n{card.means}\n\n**Naive.** {card.naive}\n\n"
             f"**Mitigated.** {card.mitigation}\n\n**What shows it:** {card.metric}."),
        text("both", "## Both runs\n\nThe same users, the same dice, the same fault; without the remedy and with it."),
        code("runs", "from dslib.failures import GALLERY\nfrom dslib.views import compare, explore\n\n"
             f"compare(GALLERY[{card.number - 1}], seed={SEED})"),
        text("knobs", "## Its knobs\n\nEach move runs both services again: in a browser, some seconds."),
        code("turn", f"explore(GALLERY[{card.number - 1}])"),
        text("yours", f"## Your own\n\nThis is `dslib/failures/{file.name}`, all of it. Change what you like: the "
             "fault, the remedy, a number. Run the cell, then the two below it. The cells above keep to the original."),
        code("source", absolute(file.read_text(encoding="utf-8"))),
        code("run-yours", f"mine = CARD.run(seed={SEED})\nprint(mine)\nfor claim in CARD.claims:\n"
             '    print("holds:" if claim.holds(mine) else "does not hold:", claim)'),
        code("see-yours", f"compare(CARD, seed={SEED})"),
    ]  # fmt: skip
    return {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def absolute(source: str) -> str:
    """A file of dslib/failures as a cell: what it imports from beside it, it imports by its full name."""
    source = source.replace("from __future__ import annotations\n\n", "")
    source = re.sub(r"^from \.\.(\w+) import", r"from dslib.\1 import", source, flags=re.MULTILINE)
    source = re.sub(r"^from \.\. import", "from dslib import", source, flags=re.MULTILINE)
    return re.sub(r"^from \.(\w+) import", r"from dslib.failures.\1 import", source, flags=re.MULTILINE).strip()


def text(id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": source}


def code(id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "id": id, "metadata": {}, "outputs": [], "source": source}
