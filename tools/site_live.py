"""The live part of the site: a JupyterLite whose Python has the course in it, as plain files.

``lay_out`` puts together what JupyterLite's builder reads: the settings, the browser's Python with the packages of
book/live/wheels.lock and this course, and copies of the lessons and labs. ``build`` runs the builder.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import downloads
import site_cards

ROOT = downloads.ROOT
SOURCE = ROOT / "book" / "live"

KERNEL = "@jupyterlite/pyodide-kernel-extension"
#: The parts of JupyterLab that are added to JupyterLite: the kernel, and what draws widgets.
EXTENSIONS = {
    "jupyterlite-pyodide-kernel": KERNEL,
    "jupyterlab_widgets": "@jupyter-widgets/jupyterlab-manager",
    "anywidget": "anywidget",
}
APPS = ("lab", "notebooks", "tree")

#: Where JupyterLite keeps what is written: IndexedDB, else localStorage, else the page's own memory.
STORAGE = ("asyncStorage", "localStorageWrapper", "memoryStorageDriver")

#: What packages say they need, and the browser's Python can do without: they hold files for JupyterLab alone.
NOT_NEEDED = {"jupyterlab-widgets", "widgetsnbextension"}


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


# -- the course as a package -------------------------------------------------------------------------------------------


def course_wheel(into: Path) -> Path:
    """dslib as a wheel. The same source gives the same file, byte for byte, and another one gives another name.

    A browser that remembers the wheel of an earlier version must not take it for this one.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "course"
        shutil.copytree(ROOT / "dslib", copy / "dslib", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
            shutil.copy(ROOT / name, copy / name)
        code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
        said = subprocess.run(
            [sys.executable, "-c", code, scratch],
            cwd=copy,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
        )
        if said.returncode:
            raise RuntimeError(f"the course could not be made into a package:\n{said.stderr[-2000:]}")
        made = Path(scratch) / said.stdout.split()[-1]
        name = made.name.replace("-py3-", f"-1{downloads.sha256(made)[:12]}-py3-")
        return Path(shutil.copy(made, into / name))


# -- the browser's Python ----------------------------------------------------------------------------------------------


def lock_file(wheels: list[Path], python: dict[str, Any]) -> dict[str, Any]:
    """What Pyodide reads to find packages: with it, ``import dslib`` in a cell loads the course by itself."""
    names = {_canonical(wheel.name.split("-")[0]) for wheel in wheels}
    packages = {}
    for wheel in wheels:
        about = _metadata(wheel)
        name = _canonical(about["Name"])
        packages[name] = {
            "name": about["Name"],
            "version": about["Version"],
            "file_name": wheel.name,
            "install_dir": "site",
            "sha256": downloads.sha256(wheel),
            "package_type": "package",
            "imports": sorted(_top_level(wheel)),
            "depends": sorted(set(_needs(about)) & names - {name}),
            "unvendored_tests": False,
        }
    return {"info": python, "packages": packages}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _metadata(wheel: Path) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        return importlib.metadata.PathDistribution(zipfile.Path(wheel, name.partition("/")[0] + "/")).metadata


def _top_level(wheel: Path) -> Iterator[str]:
    """What can be imported from a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name in {re.sub(r"\.py$", "", path.split("/")[0]) for path in archive.namelist() if path.endswith(".py")}:
            if name.isidentifier():
                yield name


def _needs(about: Any) -> Iterator[str]:
    """The packages that one asks for in the browser, by canonical name."""
    from packaging.requirements import Requirement

    browser = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": ""}
    browser |= {"python_version": "3.14", "python_full_version": "3.14.2", "platform_python_implementation": "CPython"}
    for text in about.get_all("Requires-Dist") or []:
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(browser):
            yield _canonical(wanted.name)


# -- what JupyterLite's builder reads ----------------------------------------------------------------------------------


def extension(distribution: str, name: str) -> Path:
    """The folder of an installed extension of JupyterLab."""
    wanted = f"share/jupyter/labextensions/{name}/package.json"
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise downloads.CannotFetch(f"the package {distribution} is not installed: run `make site`") from None
    found = next((file for file in files if file.as_posix().endswith(wanted)), None)
    if found is None:
        raise downloads.CannotFetch(f"the package {distribution} has no JupyterLab extension {name}")
    return Path(str(found.locate())).resolve().parent


def lay_out(lite: Path) -> None:
    """Put into the folder ``lite`` all that the builder reads."""
    shutil.rmtree(lite, ignore_errors=True)
    python = lite / "static" / "pyodide"
    python.mkdir(parents=True)
    for name, content in downloads.pyodide().items():
        (python / name).write_bytes(content)
    kernel = extension("jupyterlite-pyodide-kernel", KERNEL) / "static" / "pypi"
    bundled = [path for path in kernel.glob("*.whl") if not path.name.startswith("widgetsnbextension")]
    course_wheel(python)
    for wheel in [*downloads.wheels(), *bundled]:
        if _canonical(wheel.name.split("-")[0]) not in NOT_NEEDED:
            shutil.copy(wheel, python / wheel.name)
    lock = lock_file(sorted(python.glob("*.whl")), downloads.pyodide_info())
    (python / "pyodide-lock.json").write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")
    (lite / "jupyter-lite.json").write_text(json.dumps(settings(sorted(lock["packages"])), indent=1), encoding="utf-8")
    shutil.copy(SOURCE / "overrides.json", lite / "overrides.json")
    own_extension(lite / "extension")
    notebooks(lite / "contents")


def own_extension(into: Path) -> None:
    """What the course adds to JupyterLite. Its files lie in a folder that is called after what they say, so that a
    browser which remembers those of an earlier version asks for these."""
    static = SOURCE / "extension" / "static"
    name = digest(static)[:12]
    shutil.copytree(static, into / "static" / name)
    about = json.loads((SOURCE / "extension" / "package.json").read_text(encoding="utf-8"))
    about["version"] = version()
    about["jupyterlab"]["_build"]["load"] = f"static/{name}/course.js"
    (into / "package.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def settings(packages: list[str]) -> dict[str, Any]:
    """JupyterLite's settings: nothing is asked of another host, and all packages are there when Python starts."""
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": packages}}
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "What Could Go Wrong?",
            "courseVersion": version(),
            "collaborative": False,
            "exposeAppInBrowser": True,
            # Where the browser's storage is switched off, what is written is kept until the page is closed.
            "enableMemoryStorage": True,
            **{f"{kind}StorageDrivers": STORAGE for kind in ("contents", "settings", "workspaces")},
            "disabledExtensions": ["@jupyterlab/extensionmanager-extension"],
            "litePluginSettings": {f"{KERNEL}:kernel": kernel},
        },
    }


def notebooks(into: Path) -> None:
    """Copies of the lessons and labs, for the kernel that the site has, and a notebook for each card of the gallery."""
    for path in [*sorted((ROOT / "lessons").glob("*.ipynb")), *sorted((ROOT / "labs").glob("lab*/*"))]:
        if not path.is_file() or path.name.startswith("."):
            continue
        copy = into / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            copy.write_text(for_the_browser(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copy(path, copy)
    for name, notebook in site_cards.notebooks():
        copy = into / "gallery" / f"{name}.ipynb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(for_the_browser(notebook), encoding="utf-8")


def for_the_browser(notebook: str) -> str:
    """The notebook for JupyterLite's kernel, which has another name: else it asks its reader to choose one.

    It carries its own fingerprint along, so that a copy in a reader's browser is known for what it came from.
    """
    content = json.loads(notebook)
    content["metadata"]["kernelspec"] = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
    content["metadata"]["course"] = {"as_it_came": fingerprint(content["cells"])}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def fingerprint(cells: list[dict[str, Any]]) -> str:
    """Eight letters that tell one version of a notebook's cells from another. files.js makes the same ones."""
    parts = [text for cell in cells for text in (cell["id"], cell["cell_type"], "".join(cell["source"]))]
    return f"{zlib.crc32(chr(0).join(parts).encode()):08x}"


def build(lite: Path, site: Path) -> None:
    """Run JupyterLite's builder from the folder ``lite`` into the folder ``site``."""
    config = {
        "apps": APPS,
        "contents": ["contents"],
        "federated_extensions": [str(lite / "extension"), *(str(extension(*one)) for one in EXTENSIONS.items())],
        "ignore_sys_prefix": True,
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "output_dir": str(site),
    }
    (lite / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}, indent=1), encoding="utf-8")
    said = subprocess.run([sys.executable, "-m", "jupyterlite_core", "build"], capture_output=True, text=True, cwd=lite)
    if said.returncode:
        raise RuntimeError(f"JupyterLite's builder failed:\n{(said.stdout + said.stderr)[-4000:]}")
    icons = site / "static" / "favicons"
    icons.mkdir(parents=True, exist_ok=True)
    for name in ("notebook", "busy-1"):  # asked for, and not there
        shutil.copy(site / "notebooks" / "favicon.ico", icons / f"favicon-{name}.ico")
    for app in APPS:
        page = site / app / "index.html"
        text = page.read_text(encoding="utf-8")
        for file, tag in (("needs.html", "<head>"), ("without-scripts.html", "<body[^>]*>")):
            found = re.search(tag, text)
            assert found, f"{page} has no {tag}"
            text = f"{text[: found.end()]}\n{(SOURCE / file).read_text(encoding='utf-8')}{text[found.end() :]}"
        page.write_text(text, encoding="utf-8")
    for listing in site.glob("api/contents/**/all.json"):
        listing.write_text(_packed_files(listing.read_text(encoding="utf-8")), encoding="utf-8")


def _packed_files(listing: str) -> str:
    """A folder's listing in which x.csv.gz is no text: as text it would reach Python with half of its bytes changed."""
    folder = json.loads(listing)
    for item in folder["content"] or []:
        if item["name"].endswith(".gz"):
            item["mimetype"] = "application/gzip"
    return json.dumps(folder, indent=1)


def digest(folder: Path) -> str:
    """One digest of all files of a folder and their names."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()} {downloads.sha256(path)}\n".encode())
    return total.hexdigest()
