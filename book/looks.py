"""Code on a page: coloured where colour says something, plain elsewhere, which halves what is sent."""

from __future__ import annotations

from typing import Any

from pygments.formatters import HtmlFormatter
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String

#: What gets a colour: the rest of the code is in the colour of the text.
COLOURED: tuple[Any, ...] = (
    *(Comment, Error, Generic, Keyword, Number, String, Operator.Word, Name.Builtin, Name.Class, Name.Function),
    *(Name.Decorator, Name.Exception, Name.Tag, Name.Attribute),
)


class Lean(HtmlFormatter):  # type: ignore[misc]
    """HTML in which names, signs and spaces are left as they are."""

    def _get_css_classes(self, ttype: Any) -> str:
        return str(super()._get_css_classes(ttype)) if any(ttype in kind for kind in COLOURED) else ""
