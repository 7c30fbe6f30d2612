"""The course as a book: plain pages that need a browser and nothing else.

``python -m book`` builds it into ``build/book``. ``execute`` runs the lessons and keeps what they showed; ``lesson``
makes of an executed notebook a page in which every widget works without a kernel; the other pages are written from what
they are about: ``gallery``, ``words`` (errata, glossary), ``source`` (dslib read from end to end). Sphinx (``conf``)
puts them together.
"""

import sys
from typing import Any

# jsonschema checks a few forms of addresses with a grammar that takes two seconds to compile. No notebook has them.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("rfc3987_syntax", None)
