"""Write the pages that Sphinx reads, let it build them, and put beside them what they load later."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import furo
import yaml

from dslib.failures import GALLERY
from dslib.views import script, static
from dslib.views.forms import bare, script_of

from . import gallery, reference, source, words
from .execute import ROOT, alone, course_digest, executed
from .lesson import FORMS, Page
from .paper import filled, nbformat

HERE = Path(__file__).resolve().parent
OUT = ROOT / "build" / "book"
SOURCE = ROOT / "build" / "book-source"
DOCTREES = ROOT / "build" / "book-doctrees"

Say = Callable[[str], None]

#: Wakes what has come later, too.
WAKE_AGAIN = 'wake();\ndocument.addEventListener("dslib-wake", wake);'


def say_aloud(said: str) -> None:
    print(said, flush=True)


def build(out: Path = OUT, workers: int | None = None, say: Say = say_aloud) -> Path:
    """Build the book into ``out``.

    Raises:
        LessonFailed: a notebook does not run.
        SystemExit: Sphinx warned of something; what it said stands above.
    """
    (ROOT / "build").mkdir(exist_ok=True)
    with alone(ROOT / "build" / ".book.lock"):
        return _build(out, workers, say)


def _build(out: Path, workers: int | None, say: Say) -> Path:
    began = monotonic()
    lessons = words.lessons()
    cards = put(ROOT / "build" / "gallery.ipynb", nbformat.writes(gallery.notebook()) + "\n")
    done = {stem: nbformat.read(path, as_version=4) for stem, path in executed([*lessons, cards], say, workers).items()}
    ran = monotonic()
    pages = [Page("lessons", path.stem, done[path.stem], link) for path in lessons]
    shown = {cell.id: cell for cell in done["gallery"].cells}
    pages += [Page("gallery", gallery.name_of(card), gallery.page(card, shown), take="gallery") for card in GALLERY]
    written = {**of_lessons(pages), **of_the_rest(), **looks()}
    write(written)
    wrote = monotonic()
    sphinx(out, workers)
    beside(out, pages, lessons, cards)
    say(f"{out}: notebooks {ran - began:.0f} s, texts {wrote - ran:.0f} s, Sphinx {monotonic() - wrote:.0f} s")
    return out


def link(address: str) -> str:
    """Where a link of a lesson leads in the book."""
    path = address.partition("#")[0]
    if path.startswith("../labs/"):
        return f"#{Path(path).stem}"
    if path.startswith("../dslib/"):
        inside = path.removeprefix("../dslib/").removesuffix(".py").removesuffix("__init__")
        return f"../dslib/{inside.rstrip('/') or 'index'}.md"
    return address


def of_lessons(pages: Iterable[Page]) -> dict[str, str]:
    """The pages that were notebooks, and those of their long lists."""
    found = {}
    for page in pages:
        found[f"{page.folder}/{page.name}.ipynb"] = page.source()
        if page.events:
            found[f"{page.folder}/{page.name}-events.md"] = page.events_source()
    return found


def of_the_rest() -> dict[str, str]:
    """All other pages."""
    listed = []
    for path in words.lessons():
        first = next(text for kind, text in words.cells(path) if kind == "markdown")
        listed.append(f"- **[{words.title(path)}](lessons/{path.name})** {first.split(chr(10) * 2)[1]}")
    stems = "\n".join(f"lessons/{path.stem}" for path in words.lessons())
    return {
        "index.md": filled("index", LESSONS="\n".join(listed), TOCTREE=stems),
        "labs.md": words.labs(),
        "gallery/index.md": gallery.overview(),
        "errata.md": words.errata(),
        "glossary.md": words.glossary(),
        "service-levels.md": filled("service-levels", NUMBERS=", ".join(f"[{n}](#d{n})" for n in range(1, 25))),
        **words.teaching(),
        **of_dslib(),
        "answers.md": filled("answers"),
        "cite.md": filled("cite", CITATION=citation()),
    }


def of_dslib() -> dict[str, str]:
    """dslib, read and looked up. To colour all of its code takes seconds, so it is kept until something changes."""
    of = hashlib.sha256(course_digest())
    for path in [*sorted(HERE.glob("*.py")), *sorted((HERE / "pages").glob("*.md")), source.RULES]:
        of.update(path.read_bytes())
    kept = ROOT / "build" / "book-dslib.json"
    if kept.exists() and (found := json.loads(kept.read_text(encoding="utf-8")))["digest"] == of.hexdigest():
        pages: dict[str, str] = found["pages"]
        return pages
    everything = source.modules()
    pages = {
        "dslib/index.md": source.overview(everything),
        **{f"dslib/{module.page}.md": source.page(module, everything) for module in everything},
        **reference.pages(everything),
        "reading-order.json": json.dumps([[f"dslib/{module.page}", module.name] for module in everything]),
    }
    put(kept, json.dumps({"digest": of.hexdigest(), "pages": pages}))
    return pages


def citation() -> str:
    """As a sentence, and for those who keep a list."""
    told: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    author = told["authors"][0]["name"]
    return (
        f"> {author}. *{told['title']}*. Version {told['version']}.\n\n"
        f"```bibtex\n@software{{what_could_go_wrong,\n  author = {{{{{author}}}}},\n  title = {{{told['title']}}},\n"
        f"  version = {{{told['version']}}},\n}}\n```\n"
    )


def looks() -> dict[str, str]:
    """Sphinx's settings, the style sheets and the scripts."""
    theme = HERE / "theme"
    return {
        "conf.py": (HERE / "conf.py").read_text(encoding="utf-8"),
        "_static/views.css": static.STYLE,
        "_templates/partials/icons.html": icons(),
        **{f"_templates/{path.name}": path.read_text(encoding="utf-8") for path in theme.glob("*.html")},
        "_static/favicon.svg": (theme / "favicon.svg").read_text(encoding="utf-8"),
        "_static/book.css": (theme / "book.css").read_text(encoding="utf-8"),
        "scorer.js": bare((theme / "scorer.js").read_text(encoding="utf-8")),
        "_static/answers.js": bare((theme / "answers.js").read_text(encoding="utf-8")),
        "_static/course.js": bare((theme / "course.js").read_text(encoding="utf-8")),
        **{f"_static/{parts[-1]}.js": script_of(*parts, start=WAKE_AGAIN) for parts in FORMS},
        "_static/player.js": bare(script.classic_script(script.FOR_LATER)),
    }


def icons() -> str:
    """Furo's icons, without those that no page of ours shows."""
    text = (Path(furo.__file__).parent / "theme" / "furo" / "partials" / "icons.html").read_text(encoding="utf-8")
    for name in ("svg-pencil", "svg-eye"):
        text = re.sub(rf'<symbol id="{name}".*?</symbol>', "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


def write(pages: dict[str, str]) -> None:
    """What Sphinx reads. What did not change keeps its date, so that Sphinx does not read it again."""
    for old in SOURCE.rglob("*"):
        if old.is_file() and old.relative_to(SOURCE).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        put(SOURCE / name, text)


def put(path: Path, text: str) -> Path:
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def sphinx(out: Path, workers: int | None) -> None:
    """Build, and take no warning lightly."""
    jobs = str(workers) if workers else "auto"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", jobs]
    of = hashlib.sha256()
    for path in [*sorted(HERE.glob("*.py")), *sorted((HERE / "theme").glob("*.*"))]:
        of.update(path.read_bytes())
    command += ["-D", f"book_digest={of.hexdigest()}", "-d", str(DOCTREES), str(SOURCE), str(out)]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "BOOK_ROOT": str(ROOT)})
    if ended.returncode:
        sys.exit("The book was not built: Sphinx says above what is wrong.")


def beside(out: Path, pages: Iterable[Page], lessons: Iterable[Path], cards: Path) -> None:
    """What lies beside the pages: runs that come later, and notebooks to take home."""
    pages_of = {
        path.relative_to(SOURCE).with_suffix(".html") for path in SOURCE.rglob("*") if path.suffix in (".md", ".ipynb")
    }
    for old in (out / "_sources", *(out / "_static").rglob("*.map")):  # nobody asks for them
        old.rmdir() if old.is_dir() else old.unlink(missing_ok=True)
    for old in out.rglob("*.html"):
        if old.relative_to(out) not in {*pages_of, Path("search.html")}:
            old.unlink()
    wanted = {out / page.folder / name: text for page in pages for name, text in page.files.items()}
    for old in [*out.glob("lessons/*/*.js"), *out.glob("gallery/*/*.js")]:
        if old not in wanted:
            old.unlink()
    for path, text in wanted.items():
        put(path, text)
    for path in lessons:
        put(out / "lessons" / path.name, path.read_text(encoding="utf-8"))
    put(out / "gallery" / "gallery.ipynb", cards.read_text(encoding="utf-8"))
    zipped({path.name: path for path in [*lessons, cards]}, out / "lessons" / "notebooks.zip")
    for lab in sorted((ROOT / "labs").glob("lab*")):
        inside = [path for path in sorted(lab.iterdir()) if path.is_file() and path.name != "course.toml"]
        zipped({f"{lab.name}/{path.name}": path for path in inside}, out / "labs" / f"{lab.name}.zip")


def zipped(files: dict[str, Path], into: Path) -> None:
    """The same files give the same archive."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(into, "w") as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def clean() -> None:
    """Forget what Sphinx remembers."""
    for folder in (SOURCE, DOCTREES):
        shutil.rmtree(folder, ignore_errors=True)
