"""The README, and the page for a reader who has only a browser."""

import re
from pathlib import Path

import pytest

from tools.make_docs import PAGE, ROOT, first_look

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_for_a_browser_alone_is_the_one_that_is_made_today():
    assert PAGE.read_text(encoding="utf-8") == first_look(), "run: python tools/make_docs.py"


def test_every_file_that_the_readme_names_is_there():
    named = re.findall(r"`([\w./-]+/[\w.-]*|[\w-]+\.(?:md|cff|yml|html))`", README)
    named += re.findall(r'(?:src|srcset)="([^"]+)"', README)
    assert len(named) > 10
    missing = [name for name in named if not (ROOT / name).exists() and name != "gradebook/"]
    assert not missing


def test_the_readme_programs_run_as_printed(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole, hunting, playing = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(whole, {})
    printed = capsys.readouterr().out
    assert printed.startswith("pong 1 from server\n")
    assert "crash    server" in printed
    exec(hunting, {})
    told = capsys.readouterr().out
    assert "always election_safety" in told
    assert "replay(rerun('raft-elections', 'ForgetsVotes', seed=" in told
    exec(playing, {})
    page = (tmp_path / "rooms.html").read_text(encoding="utf-8")
    assert page.count("<h1") == page.count("data-dslib-player data-bundle") == 1


def test_every_make_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


@pytest.mark.browser
def test_the_page_for_a_browser_alone_plays_from_the_disk(page):
    page.goto(Path(PAGE).as_uri())
    page.get_by_role("button", name=re.compile("^Play")).click()
    page.wait_for_timeout(300)
    assert "chat room loses r3" in page.content()
