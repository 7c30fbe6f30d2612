"""What a newcomer meets first: the locks, the Makefile, the set-up that repairs itself, the welcome page."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab
import pytest
import set_up
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COURSE_LOCK, DEV_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"

PYTHONS = ["3.11.0", "3.12.0", "3.13.0", "3.14.0"]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}


def blocks(lock: Path) -> list[str]:
    return re.split(r"^(?=[A-Za-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]


def pins(lock: Path) -> list[Requirement]:
    return [Requirement(block.partition(" \\\n")[0]) for block in blocks(lock)]


def chosen(locked: list[Requirement], python: str, system: str) -> dict[str, list[str]]:
    """Which versions pip would take there: normally one for each name."""
    there: dict[str, Any] = {
        **default_environment(),
        **SYSTEMS[system],
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found: dict[str, list[str]] = {}
    for one in locked:
        if one.marker is None or one.marker.evaluate(there):
            found.setdefault(canonicalize_name(one.name), []).append(str(one.specifier).removeprefix("=="))
    return found


def asked(extra: str) -> list[Requirement]:
    return [Requirement(text) for text in PROJECT["optional-dependencies"][extra]]


# ---------------------------------------------------------------- locks


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_one_fitting_version_of_all_that_pyproject_asks_for(python: str, system: str) -> None:
    course = chosen(pins(COURSE_LOCK), python, system)
    everything = chosen(pins(COURSE_LOCK) + pins(DEV_LOCK), python, system)
    several = {name: versions for name, versions in everything.items() if len(versions) > 1}
    assert not several, f"pip would be told two versions: {several}"
    for extra, locked in (("course", course), ("dev", everything)):
        for wanted in asked(extra):
            versions = locked.get(canonicalize_name(wanted.name), [])
            assert versions, f"{wanted.name} of extra {extra!r} is in no lock file: run `make lock`"
            assert wanted.specifier.contains(versions[0]), (
                f"{wanted} is asked for, {versions[0]} is locked: `make lock`"
            )


@pytest.mark.parametrize("lock", [COURSE_LOCK, DEV_LOCK], ids=lambda path: path.name)
def test_every_pin_is_exact_and_has_hashes(lock: Path) -> None:
    for block in blocks(lock):
        first = block.partition("\n")[0]
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[0-9][^ ]*( ; .+)? \\$", first), f"not an exact pin: {first}"
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}", block, re.MULTILINE), f"no hash: {first}"


def test_the_locks_say_nothing_about_where_packages_come_from() -> None:
    for lock in (COURSE_LOCK, DEV_LOCK):
        for line in lock.read_text().splitlines():
            assert "://" not in line, f"{lock.name}: {line}"
            assert not line.startswith("--"), f"{lock.name}: {line}"


def test_the_developers_lock_adds_to_the_course_and_repeats_nothing() -> None:
    assert "\n-r requirements.lock\n" in DEV_LOCK.read_text()
    assert not {pin.name for pin in pins(COURSE_LOCK)} & {pin.name for pin in pins(DEV_LOCK)}


def test_conda_users_get_the_versions_of_the_lock() -> None:
    text = (ROOT / "environment.yml").read_text()
    environment = yaml.safe_load(text)
    *from_conda, from_pip = environment["dependencies"]
    assert environment["name"] == PROJECT["name"]
    assert from_conda == ["python >=3.11,<3.14", "pip"]
    assert sorted(from_pip["pip"]) == sorted(block.partition(" \\\n")[0] for block in blocks(COURSE_LOCK)), (
        "`make lock`"
    )
    assert "# Not tried: conda's own solve" in text


def test_dslib_itself_needs_nothing() -> None:
    assert PROJECT["dependencies"] == []
    assert PROJECT["requires-python"] == ">=3.11"


# ---------------------------------------------------------------- what is committed

# In pieces, because this file is committed too.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "ana" + "conda.org"]


def committed() -> Iterator[tuple[Path, str]]:
    """Every file that is in git, or would be if someone added everything now, with its text."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.fail(f"git could not list the files of {ROOT}: this test cannot tell what is committed")
    for name in said.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            yield path, path.read_bytes().decode(errors="replace")


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine() -> None:
    texts = dict(committed())
    assert ROOT / "pyproject.toml" in texts
    host = re.compile("|".join(re.escape(registry) for registry in REGISTRIES))
    home = re.compile(r"(?<![\w./:~}-])/(work|root|home/[a-z]+|Users/[A-Za-z]+)/")
    for path, text in texts.items():
        found = host.search(text) or home.search(text)
        assert not found, f"{path.relative_to(ROOT)} contains {found.group()!r}" if found else ""


def test_nobody_is_told_to_install_somebody_elses_dslib() -> None:
    install = re.compile(r"install\s+(-\S+\s+)*dslib\b")
    for path, text in committed():
        found = install.search(text)
        assert not found, (
            f"{path.relative_to(ROOT)} says {found.group()!r}: that name is another package" if found else ""
        )


def test_one_version_is_told_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["title"].startswith("What Could Go Wrong?")
    assert citation["authors"] == [{"name": "The What Could Go Wrong? contributors"}]
    assert str(citation["version"]) == PROJECT["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == PROJECT["version"]


def test_both_licences_are_there_and_say_what_they_cover() -> None:
    assert "BSD 3-Clause License" in (ROOT / "LICENSE").read_text()
    text = (ROOT / "LICENSE-text").read_text()
    assert "Attribution 4.0 International" in text
    assert "All code, the code cells of the notebooks included" in text
    assert {"LICENSE", "LICENSE-text"} == set(PROJECT["license-files"])


def test_pre_commit_uses_the_locked_ruff() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = {pin for hook in hooks for pin in hook.get("additional_dependencies", [])}
    assert used == {f"ruff{pin.specifier}" for pin in pins(DEV_LOCK) if pin.name == "ruff"}


# ---------------------------------------------------------------- make

posix = pytest.mark.skipif(os.name == "nt", reason="a shell script; on Windows the README's lines do without it")


@posix
def test_make_prints_every_target_with_what_it_is_for() -> None:
    said = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE)) - {"course", "dev"}
    assert {"help", "lab", "test", "lint", "format", "labs", "bench", "clean"} <= targets
    for target in targets:
        assert re.search(rf"^    make {target} +\S", said, re.MULTILINE), f"`make` does not explain {target}"
    for option in ("PYTHON=", "BROWSER=none", "ARGS="):
        assert option in said


@posix
def test_a_suitable_python_is_found() -> None:
    said = subprocess.run(["sh", "tools/find-python"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    version = [said.stdout.strip(), "-c", "import sys; print(sys.version_info >= (3, 11))"]
    assert subprocess.run(version, capture_output=True, text=True).stdout.strip() == "True"


@posix
def test_without_a_suitable_python_you_are_told_how_to_get_one(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "cat").symlink_to(str(shutil.which("cat")))
    shell = str(shutil.which("sh"))
    run = subprocess.run(
        [shell, "tools/find-python"], cwd=ROOT, capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert run.returncode == 1
    assert run.stdout == ""
    for way in ("apt-get install", "brew install", "winget install", "uv python install", "make lab PYTHON="):
        assert way in run.stderr


@posix
def test_a_named_python_is_taken_or_refused_but_never_replaced() -> None:
    def find(python: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHON": python}
        return subprocess.run(["sh", "tools/find-python"], cwd=ROOT, capture_output=True, text=True, env=environment)

    assert find(sys.executable).stdout.strip() == sys.executable
    refused = find("/no/such/python")
    assert refused.returncode == 1
    assert "PYTHON=/no/such/python is not a Python 3.11 or newer" in refused.stderr


# ---------------------------------------------------------------- the set-up


class Installer:
    """Stands in for pip: makes a .venv in which a real Python runs, and remembers what it was asked for."""

    def __init__(self, venv: Path) -> None:
        self.venv, self.locks = venv, list[str]()
        self.breaks_off = False

    def __call__(self, lock: Path) -> None:
        self.locks.append(lock.name)
        python = self.venv / "bin" / "python"
        python.parent.mkdir(exist_ok=True)
        if not python.exists():
            python.symlink_to(sys.executable)
        if self.breaks_off:
            raise KeyboardInterrupt


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    venv = tmp_path / ".venv"
    for name, value in {
        "VENV": venv,
        "VENV_PYTHON": venv / "bin" / "python",
        "READY": venv / "ready.json",
        "STARTED": venv / "set-up-started",
        "LOCKS": {"course": tmp_path / "course.lock", "dev": tmp_path / "dev.lock"},
        "ROOT": tmp_path,
        "has_pip": lambda: True,
    }.items():
        monkeypatch.setattr(set_up, name, value)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for name in ("course.lock", "dev.lock"):
        (tmp_path / name).write_text("first")
    (tmp_path / "pyproject.toml").write_text("project.version = '1'")
    stand_in = Installer(venv)
    monkeypatch.setattr(set_up, "install_with_pip", stand_in)
    return stand_in


@posix
def test_a_second_start_installs_nothing(installer: Installer) -> None:
    set_up.main(["course"])
    set_up.main(["course"])
    assert installer.locks == ["course.lock"]


@posix
def test_the_developers_tools_include_the_course(installer: Installer) -> None:
    set_up.main(["dev"])
    set_up.main(["course"])
    assert installer.locks == ["dev.lock"]


@posix
@pytest.mark.parametrize("changed", ["course.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_into_the_same_venv(installer: Installer, changed: str) -> None:
    set_up.main(["course"])
    (installer.venv / "kept").touch()
    (installer.venv.parent / changed).write_text("project.version = '2'")
    set_up.main(["course"])
    assert installer.locks == ["course.lock", "course.lock"]
    assert (installer.venv / "kept").exists()


@posix
def test_a_new_rule_for_a_linter_installs_nothing(installer: Installer) -> None:
    set_up.main(["course"])
    with open(installer.venv.parent / "pyproject.toml", "a") as file:
        file.write("\n[tool.ruff]\nline-length = 100\n")
    set_up.main(["course"])
    assert len(installer.locks) == 1


@posix
def test_an_interrupted_set_up_is_repaired_by_the_next(
    installer: Installer, capsys: pytest.CaptureFixture[str]
) -> None:
    installer.breaks_off = True
    with pytest.raises(SystemExit, match="The next set-up starts over"):
        set_up.main(["course"])
    (installer.venv / "half-a-package").touch()
    installer.breaks_off = False
    set_up.main(["course"])
    assert "An earlier set-up did not finish: starting over" in capsys.readouterr().out
    assert not (installer.venv / "half-a-package").exists()
    set_up.main(["course"])
    assert len(installer.locks) == 2, "and the third start has nothing to do"


@posix
def test_an_interrupted_update_counts_as_unfinished_too(installer: Installer) -> None:
    set_up.main(["course"])
    (installer.venv.parent / "course.lock").write_text("second")
    installer.breaks_off = True
    with pytest.raises(SystemExit):
        set_up.main(["course"])
    (installer.venv.parent / "course.lock").write_text("first")
    installer.breaks_off = False
    set_up.main(["course"])
    assert len(installer.locks) == 3


@posix
def test_a_venv_whose_python_is_gone_is_made_anew(installer: Installer, capsys: pytest.CaptureFixture[str]) -> None:
    set_up.main(["course"])
    (installer.venv / "bin" / "python").unlink()
    set_up.main(["course"])
    assert "The Python that .venv was made with is gone: starting over" in capsys.readouterr().out


@posix
def test_a_venv_that_was_copied_from_elsewhere_is_made_anew(
    installer: Installer, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up.main(["course"])
    ready = installer.venv / "ready.json"
    ready.write_text(json.dumps({**json.loads(ready.read_text()), "place": "/elsewhere/.venv"}))
    set_up.main(["course"])
    assert "This folder was moved or copied" in capsys.readouterr().out


@posix
def test_a_venv_that_somebody_made_by_hand_is_completed_not_removed(installer: Installer) -> None:
    (installer.venv / "bin").mkdir(parents=True)
    (installer.venv / "bin" / "python").symlink_to(sys.executable)
    (installer.venv / "kept").touch()
    set_up.main(["course"])
    assert (installer.venv / "kept").exists()


def test_something_else_to_set_up_is_refused() -> None:
    with pytest.raises(SystemExit, match="say `course` or `dev`"):
        set_up.main(["everything"])


def test_the_readme_sets_up_what_the_script_sets_up() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "pip install --require-hashes -r requirements.lock" in readme
    assert "pip install --no-deps --no-build-isolation -e ." in readme
    for line in (ROOT / "environment.yml").read_text().splitlines():
        if line.startswith("#   "):
            assert line[4:] in readme, f"environment.yml and README.md differ: {line[4:]}"


# ---------------------------------------------------------------- JupyterLab


def test_a_callers_option_replaces_the_courses() -> None:
    options = lab.options(["--ServerApp.root_dir=elsewhere"])
    assert [option for option in options if "root_dir" in option] == ["--ServerApp.root_dir=elsewhere"]
    assert any("app_settings_dir" in option for option in options)


def test_an_instructor_gets_nbgraders_own_tools() -> None:
    options = lab.options(["--instructor"])
    assert "--instructor" not in options
    assert not any("app_settings_dir" in option for option in options)


@pytest.mark.browser
def test_the_welcome_page_runs_and_leads_to_the_lessons(page: Any, jupyterlab: Any) -> None:
    jupyterlab.open(page, lab.WELCOME)
    page.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-CodeCell .jp-OutputArea-output").first.wait_for()
    output = page.locator(".jp-CodeCell .jp-OutputArea-output").first.inner_text()
    assert "Error" not in output, output
    assert page.get_by_text("official Jupyter news").count() == 0, "a student's first sight is a question about news"
    lessons = sorted(path.name for path in (ROOT / "lessons").glob("0[1-9]-*.ipynb"))
    for name in lessons:
        assert page.locator(f'.jp-MarkdownCell a[href*="{name}"]').count() == 1, (
            f"the welcome page has no link to {name}"
        )
    if lessons:
        page.locator(f'.jp-MarkdownCell a[href*="{lessons[0]}"]').click()
        page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=lessons[0]).wait_for()


# ---------------------------------------------------------------- what could not run is said aloud

A_BROWSER_TEST = """
import pytest

@pytest.mark.browser
def test_a_page(browser):
    pass

def test_something_else(not_run):
    not_run("a rare machine; get one from its maker")
"""


@posix
@pytest.mark.parametrize(("required", "status"), [("", 0), ("1", 1)])
def test_without_chromium_browser_tests_are_named_and_fail_where_they_are_required(
    tmp_path: Path, required: str, status: int
) -> None:
    (tmp_path / "test_it.py").write_text(A_BROWSER_TEST)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    keep = {name: value for name, value in os.environ.items() if name not in ("CI", "CHROMIUM", "PATH")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**keep, "PATH": str(tmp_path), "HOME": str(tmp_path), "REQUIRE_BROWSER": required},
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert "NOT RUN HERE" in run.stdout
    assert "NOT RUN: 1 browser tests." in run.stdout
    assert "apt-get install chromium" in run.stdout
    assert "NOT RUN: a rare machine; get one from its maker" in run.stdout
    assert ("this run counts as failed" in run.stdout) == bool(required)
