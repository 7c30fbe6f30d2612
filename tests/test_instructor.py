"""What makes a course its own: the instructor's file, where it lies, and what is wrong with one that cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from grading import instructor  # noqa: E402
from grading.instructor import Unusable  # noqa: E402

GOOD = 'course = "Spring"\nsalt = "0123456789abcdef"\ncheck_seeds = "fedcba9876543210"\n'


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "secrets" / "instructor.toml"
    monkeypatch.setenv("DS_INSTRUCTOR", str(path))
    return path


def test_without_a_file_the_course_is_self_paced_and_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("DS_INSTRUCTOR", raising=False)
    monkeypatch.setenv("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", str(tmp_path))
    assert instructor.place() == tmp_path / "what-could-go-wrong" / "instructor.toml"
    assert instructor.read() is instructor.SELF_PACED
    said = instructor.main([])
    assert "the course is self-paced" in said
    assert "seeds that everybody can read" in said
    assert 'python -m grading.instructor new "name of the course"' in said


def test_a_new_file_is_readable_by_its_owner_alone_and_never_written_over(file):
    said = instructor.main(["new", 'Reliability, "spring" 2027'])
    assert f"{file} is made" in said
    found = instructor.read()
    assert found.course == 'Reliability, "spring" 2027'
    assert len({found.salt, found.check_seeds, instructor.SELF_PACED.salt}) == 3
    if os.name != "nt":
        assert file.stat().st_mode & 0o077 == 0
    assert instructor.main([]) == f"{file}: the course {found.course!r}"

    before = file.read_bytes()
    with pytest.raises(Unusable, match="is there already; for another course, set DS_INSTRUCTOR to another path"):
        instructor.new("another")
    assert file.read_bytes() == before
    assert found.salt not in said
    assert found.check_seeds not in said


def test_students_get_the_salt_and_not_the_seeds(file):
    instructor.new("Spring")
    found = instructor.read()
    text = instructor.course_file(found)
    assert found.salt in text
    assert "Spring" in text
    assert found.check_seeds not in text
    dice = {found.dice(f"lab{number}") for number in range(8)}
    assert len(dice) == 8
    assert not any(found.check_seeds in one or one in text for one in dice)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "DS_INSTRUCTOR names .*, and there is no such file"),
        ("course = spring", "cannot be read: .*line 1"),
        (
            GOOD.replace("salt =", "pepper ="),
            "must hold course, salt, check_seeds and nothing else; look at pepper, salt",
        ),
        (GOOD.replace('"Spring"', "2027"), 'course is 2027; write some text, as in course = "..."'),
        (GOOD.replace('"Spring"', '" "'), "course is ' '; write some text"),
        (GOOD.replace("0123456789abcdef", "secret"), "salt can be guessed; it needs 16 characters or more"),
        (GOOD.replace("fedcba9876543210", "0123456789abcdef"), "salt and check_seeds are the same"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(file, text, said):
    if text is not None:
        file.parent.mkdir()
        file.write_text(text)
    with pytest.raises(Unusable, match=said) as caught:
        instructor.read()
    assert str(file) in str(caught.value)


def test_a_file_in_the_courses_folder_is_refused(monkeypatch):
    monkeypatch.setenv("DS_INSTRUCTOR", str(ROOT / "instructor.toml"))
    with pytest.raises(Unusable, match="where git would take it in"):
        instructor.new("Spring")
    assert not (ROOT / "instructor.toml").exists()


def test_the_command_says_what_is_wrong_without_a_traceback(file):
    done = subprocess.run([sys.executable, "-m", "grading.instructor"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"DS_INSTRUCTOR names {file}, and there is no such file")
    assert "Traceback" not in done.stderr
