"""What Lab 5 states as facts: the figures that it prints, and what it says of every learner's map.

How the lab is graded is in tests/test_labs.py.
"""

import contextlib
import io
import math
import random
from fractions import Fraction

import pytest

from dslib import slo
from dslib.chatmap import Need, Part, chat_map
from dslib.exercises import Lab
from grading.checks import lab5
from labs import SOLUTIONS, answered, hints, notebook, points, run

LAB = "lab5"
LEARNERS = ["self-paced", *(f"learner {n}" for n in range(11))]


@pytest.fixture(scope="module")
def reference():
    return answered(LAB)


def test_no_point_is_given_by_hand():
    assert points(LAB) == (14, 0)


# -- published figures -------------------------------------------------------------------------------------------------


def in_percent(share, digits):
    return round(100 * share, digits)


def test_rows_and_sides_have_the_figures_that_are_printed(reference):
    row, side = reference["series"], reference["any_of"]
    assert in_percent(row([(str(i), 0.9999) for i in range(5)]), 5) == 99.95001
    assert in_percent(row([(str(i), 0.9999) for i in range(30)]), 4) == 99.7004
    assert side([0.99] * 2) == 0.9999
    assert side([0.99] * 3) == 0.999999
    assert side([0.995] * 2) == 0.999975
    assert round(0.995 * 0.995, 6) == 0.990025  # the blog's "multi-zone figure"


def test_majorities_and_common_causes_have_the_figures_that_are_printed(reference):
    majorities = [in_percent(reference["at_least"](n // 2 + 1, [0.99] * n), 6) for n in (3, 5, 7)]
    assert majorities == [99.9702, 99.999015, 99.999966]
    poor = [round(reference["at_least"](n // 2 + 1, [0.45] * n), 4) for n in (3, 5)]
    assert poor == [0.4253, 0.4069]
    causes = [in_percent(reference["with_common_cause"](0.99, 2, beta), 3) for beta in (0, 0.01, 0.05, 0.1)]
    assert causes == [99.99, 99.98, 99.941, 99.892]
    assert reference["with_common_cause"](0.99, 10, 0.1) == pytest.approx(0.999, abs=1e-9)
    assert reference["largest_beta"](0.99, 0.9999) == pytest.approx(0.01)


def test_the_calculus_of_availability_leaves_what_it_says(reference):
    left, five = reference["minutes_left"], [(str(i), 0.99999) for i in range(5)]
    assert left(0.9999, 365, [], []) == pytest.approx(52.56)  # "53 minutes"
    assert left(0.9999, 365, five, []) == pytest.approx(26.28)  # 53 is 26 + 27 in print
    assert left(0.9999, 365, five, [20, 20, 20]) < -30  # three ordinary outages overspend
    assert left(0.999, 30, [], []) == pytest.approx(43.2)
    assert reference["measured"]([(999, 1)]) == slo.steady_availability(999, 1)


def test_the_extra_nine_is_the_sum(reference):
    assert reference["by_the_sum"]([0.999] * 10) == pytest.approx(0.990)
    assert round(0.999**10, 5) == 0.99004
    assert reference["each_needs"](0.999, 10) == 0.9999


def test_the_claims_are_corrected(reference):
    right = {letter: reference["correct"](letter) for letter in "abcdef"}
    assert right["b"] is None
    assert right["d"] is None
    assert right["a"] == pytest.approx(99.9975)
    assert right["c"] == pytest.approx(26.28)
    assert right["e"] == pytest.approx(99.9702)
    assert right["f"] == pytest.approx(99.00449, abs=1e-5)


# -- against other ways to compute it ----------------------------------------------------------------------------------


def test_the_lab_and_dslib_agree_on_random_parts(reference):
    dice = random.Random("lab5/slo")
    for _ in range(30):
        parts = [round(dice.random(), 3) for _ in range(dice.randint(1, 6))]
        k = dice.randint(0, len(parts))
        assert reference["series"](list(enumerate(parts))) == pytest.approx(slo.serial(*parts))
        assert reference["any_of"](parts) == pytest.approx(slo.parallel(*parts))
        assert reference["at_least"](k, parts) == pytest.approx(slo.k_of_n(k, *parts))
        beta = round(dice.random(), 2)
        assert reference["with_common_cause"](parts[0], len(parts), beta) == pytest.approx(
            slo.common_cause(parts[0], len(parts), beta)
        )


def test_the_lab_and_dslib_agree_on_random_maps(reference):
    dice = random.Random("lab5/composed")
    for _ in range(20):
        service_map = lab5.a_map(dice, dice.randint(3, 7))
        own = {name: part.availability for name, part in service_map.items()}
        found = slo.composed(own, lambda state, chart=service_map: reference["works"]("top", state, chart))
        assert reference["availability"]("top", service_map) == pytest.approx(found)
        assert float(lab5.by_states(service_map)["top"]) == pytest.approx(found)


def test_what_a_map_says_happens_when_parts_fail_at_random(reference):
    """Not only by sums: parts that are up or down by the dice, 20,000 times."""
    dice = random.Random("lab5/dice")
    chart = {
        "top": Part(0.95, (Need(1, ("a", "b")), Need(2, ("b", "c", "d")))),
        "a": Part(0.8, (Need(1, ("d",)),)),
        "b": Part(0.7),
        "c": Part(0.9, (Need(1, ("d",)),)),
        "d": Part(0.85),
    }
    counted = 0
    for _ in range(20_000):
        state = {name: dice.random() < part.availability for name, part in chart.items()}
        counted += reference["works"]("top", state, chart)
    expected = reference["availability"]("top", chart)
    assert abs(counted / 20_000 - expected) < 4 * math.sqrt(expected * (1 - expected) / 20_000)


# -- the maps ----------------------------------------------------------------------------------------------------------


def own_map(learner):
    return chat_map(Lab(LAB, learner, folder=SOLUTIONS / LAB).seed)


def test_maps_differ_between_learners_and_stay_as_they_are():
    maps = [own_map(learner) for learner in LEARNERS]
    assert len({str(chart) for chart in maps}) == len(LEARNERS)
    assert len({str([part.needs for part in chart.values()]) for chart in maps}) == 3  # what sign-in leans on
    assert chat_map(5) == chat_map(5)
    for chart in maps:
        named = {one for part in chart.values() for need in part.needs for one in need.names}
        assert named == set(chart) - {"chat"}
        assert all(0 < need.k <= len(need.names) for part in chart.values() for need in part.needs)


@pytest.mark.parametrize("learner", LEARNERS[:6])
def test_what_the_lab_says_of_a_learners_map_is_true_of_every_learner(learner, reference):
    chart = own_map(learner)
    namespace = dict(reference) | {"service": chart}
    said = io.StringIO()
    cells = [cell for cell in notebook(LAB) if cell["id"] in ("your-chat", "what-if")]
    with contextlib.redirect_stdout(said):
        assert run(LAB, cells, namespace) == {}

    def down(name, service):
        return 1 - lab5.by_states(service)[name]

    independent = 1 - namespace["as_if_independent"]("chat", chart)
    assert down("chat", chart) > 3 * Fraction(independent)  # "several times fewer minutes than there are"
    third, second = chart | namespace["third"], chart | namespace["second"]
    saved = [float(down("chat", chart) - down("chat", other)) for other in (third, second)]
    assert 0 < saved[0] < 0.06 * float(down("chat", chart))  # "next to nothing"
    assert saved[1] > 2 * saved[0]  # "buys more"
    assert reference["best_to_improve"]("chat", chart) not in ("gw-1", "gw-2")
    assert len(chart) == 11


def test_the_cells_that_print_run_with_the_reference_and_show_no_problem():
    namespace, said = answered(LAB), io.StringIO()
    cells = [cell for cell in notebook(LAB) if not cell["id"].startswith(("check", "answer"))]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        assert run(LAB, cells, namespace) == {}
    for word in ("Warning", "Traceback"):
        assert word not in said.getvalue()


def test_what_is_asked_for_is_withheld():
    assert {"serial", "parallel", "k_of_n", "composed", "common_cause"} <= set(hints(LAB)[1]["withheld"])
