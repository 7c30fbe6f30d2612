"""What Lab 0 tells its reader to try happens as it says."""

import pytest

from dslib.exercises import PASSED, Withheld
from labs import answered, checks, hints, notebook, points, run, start, text_of


def test_the_points_are_for_practice_and_say_so():
    assert points("lab0") == (3, 1)
    assert "They do not count" in text_of("lab0", "title")


def test_the_steps_of_task_1_give_the_hints_that_it_promises(capsys):
    check = next(cell for cell in notebook("lab0") if cell["id"] == "check-a-share")
    names = start("lab0")
    texts = hints("lab0")[0]["a-share"]["hints"]

    def write(body):
        run(
            "lab0",
            [{"cell_type": "code", "id": "answer-share", "source": f"def share(good, valid):\n    {body}"}],
            names,
        )
        return str(run("lab0", [check], names).get("check-a-share", ""))

    assert "There is no code in the answer cell yet" in write('raise NotImplementedError("no answer yet")')
    for level, body in [(1, "return good"), (1, "return good"), (2, "return good - valid"), (3, "return valid / good")]:
        message = write(body)
        assert f"Hint {level} of 3: {texts[level - 1]}" in message
        assert "gave" in message
    assert write("return good / valid") == ""
    assert PASSED in capsys.readouterr().out


def test_the_last_wait_passes_what_is_visible_and_not_what_is_hidden():
    names = answered("lab0", answer_longest="return waits[-1]")
    errors = run("lab0", checks(notebook("lab0")), names)
    assert set(errors) == {"check-longest-wait"}
    assert "A hidden check found a case: for the waiting times" in str(errors["check-longest-wait"])


def test_the_library_refuses_what_the_lab_asks_for():
    (cell,) = [cell for cell in notebook("lab0") if cell["id"] == "withheld"]
    errors = run("lab0", [cell], start("lab0"))
    assert isinstance(errors["withheld"], Withheld)


@pytest.mark.parametrize("learner", ["self-paced", "ada"])
def test_a_learners_waits_are_their_own(learner):
    names = start("lab0") | {"LEARNER": learner}
    assert run("lab0", [cell for cell in notebook("lab0") if cell["id"] in ("your-lab", "your-waits")], names) == {}
    assert len(names["waits"]) == 8
    assert (names["waits"] == start("lab0")["waits"]) is (learner == "self-paced")
