"""What a view is where no kernel runs: a picture that needs nothing, and the same finding in words."""

from __future__ import annotations

from typing import Any


class View:
    """A picture and what it shows.

    ``finding`` says in plain words what the picture shows, computed from the data; printing the view prints it.
    ``svg`` is the picture, ``alt`` its text alternative: what is drawn, then the finding.
    """

    def __init__(self, finding: str, svg: str, alt: str) -> None:
        self.finding, self.svg, self.alt = finding, svg, alt

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<figure>{self.svg}<figcaption>{self.finding}</figcaption></figure>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.finding}
