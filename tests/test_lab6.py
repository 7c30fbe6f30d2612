"""What Lab 6 says in its text is true: of the published agreements, of every learner's quarter, of its examples."""

import calendar
import math
from fractions import Fraction

import pytest

from dslib import slo
from dslib.chatquarter import AGREEMENTS, DAYS, Slice, as_printed, chat_quarter
from dslib.exercises import Lab
from labs import SOLUTIONS, answered, notebook, points, run, start, text_of

LEARNERS = ["self-paced", *(f"learner {number}" for number in range(9))]


def quarter_of(learner):
    return chat_quarter(Lab("lab6", learner, folder=SOLUTIONS / "lab6").seed)


@pytest.fixture(scope="module")
def quarters():
    return {learner: quarter_of(learner) for learner in LEARNERS}


@pytest.fixture(scope="module")
def reference():
    return answered("lab6")


def test_there_are_eleven_points_for_checks_and_one_for_a_person():
    assert points("lab6") == (11, 1)


def test_the_quarter_is_the_same_every_time_and_another_for_each_learner(quarters):
    assert quarter_of("self-paced") == quarters["self-paced"]
    assert len({str(quarter) for quarter in quarters.values()}) == len(quarters)
    for quarter in quarters.values():
        for account in quarter.accounts:
            for month in account.months:
                assert DAYS[month.year, month.month] == calendar.monthrange(month.year, month.month)[1]
                assert sorted(one.minute for one in month.slices) == list(
                    range(0, 1_440 * DAYS[month.year, month.month], 5)
                )
                assert [one.minute for one in month.slices] != sorted(one.minute for one in month.slices)
                assert all(0 <= one.bad <= one.valid for one in month.slices)


def test_the_tables_are_the_published_ones():
    def percents(tiers):
        return [(float(100 * tier.below), float(100 * tier.credit)) for tier in as_printed(tiers)]

    assert percents(slo.S3_STANDARD) == [(99.9, 10), (99.0, 25), (95.0, 100)]
    assert percents(slo.S3_INFREQUENT_ACCESS) == [(99.0, 10), (98.0, 25), (95.0, 100)]
    assert percents(slo.EC2_REGION) == [(99.99, 10), (99.0, 30), (95.0, 100)]
    assert as_printed(slo.S3_STANDARD)[0].below == Fraction(999, 1_000)
    for row in ("less than 99.9 %, at least 99.0 % | 10 %", "less than 99.0 %, at least 95.0 % | 25 %"):
        assert row in text_of("lab6", "the-agreement")
    assert Fraction(9_999, 10_000) < 0.9999  # the float that the lab warns of


def test_the_examples_of_the_text_come_out_as_they_say(reference):
    four = [Slice(0, 100, 0), Slice(5, 0, 0), Slice(10, 10, 10), Slice(15, 40, 10)]
    shares = [reference["uptime"](four, formula, []) for formula in ("requests", "slices", "mean")]
    assert [round(100 * float(share), 2) for share in shares] == [86.67, 75, 68.75]
    assert reference["credit_share"](Fraction("0.985"), as_printed(slo.S3_STANDARD)) * 2_000 == 500
    ten, quarter = Fraction("0.1"), Fraction("0.25")
    assert reference["monthly_credit"]([ten, quarter], {3: 400}, 3, 5, 2) == 140
    assert reference["settle"]([100, 80, 100], [130, 0, 0]) == ([100, 0, 50], 0)
    assert math.isclose(reference["safety_gap"](0.999, 0.995, 2027, 4), 172.8)
    assert reference["value_of_gain"](1_000_000, Fraction("0.999"), Fraction("0.9999")) == 900
    assert reference["nines_worth_buying"](1_000_000, [20_000, 10_000, 50]) == 2


def test_one_outage_of_four_hours_keeps_a_yearly_promise_and_breaks_a_monthly_one():
    year, month = (1 - 4 / (24 * days) for days in (365, 30))
    assert year > 0.9995  # the agreement of October 2008
    assert (round(100 * (1 - year), 3), round(100 * (1 - month), 3)) == (0.046, 0.556)
    assert slo.credit_share(month, slo.EC2_REGION) == 0.1


def test_what_the_lab_says_of_a_quarter_is_true_of_every_learners(quarters, reference):
    credit_share, uptime, nines = (reference[name] for name in ("credit_share", "uptime", "nines_worth_buying"))
    for learner, quarter in quarters.items():
        seen, due = {}, {}
        for account in quarter.accounts:
            assert account.agreement == AGREEMENTS[account.tenant]
            for month in account.months:
                key = account.tenant, month.month
                seen[key] = uptime(month.slices, "requests", month.maintenance)
                counted = uptime(month.slices, account.agreement.formula, month.maintenance)
                due[key] = float(credit_share(counted, account.agreement.tiers))
                if key == ("borealis", 2):
                    assert counted == 1, learner  # "100.000 %"
                if key == ("acme", 1):
                    assert counted < 0.997, learner  # "sees hours"
        assert [due["acme", month] for month in (1, 2, 3)] == [0.1, 0.25, 0.1], learner
        assert due["borealis", 2] == due["cedar", 1] == due["cedar", 3] == 0, learner
        assert due["cedar", 2] == 0.25, learner  # "a quarter of its February bill", claimed in June
        assert seen["acme", 1] >= 0.999, learner  # a credit, and the SLO met
        assert seen["cedar", 3] < 0.999, learner  # the SLO missed, and no credit
        assert all(0.02 < 1 - seen[tenant, 2] < 0.03 for tenant in AGREEMENTS), learner  # "a few per cent"
        assert min(seen, key=seen.get)[1] == 2, learner  # "the worst month"

        revenue = 12 * sum(account.months[0].bill for account in quarter.accounts)
        assert nines(revenue, quarter.nines) == 3, learner
        assert 300 < revenue * 0.0009 < 1_000, learner  # "a few hundred a year"
        best = sorted(quarter.offers, key=lambda offer: offer.cost / offer.minutes)[:2]
        quick = {"page on the burn rate", "undo a release with one button", "try a release on one host first"}
        assert {offer.name for offer in best} <= quick, learner


def test_the_cells_between_the_tasks_say_what_they_are_asked(capsys):
    assert run("lab6", notebook("lab6"), start("lab6")) == {}
    said = capsys.readouterr().out
    assert "worth buying: 3 nines" in said
    assert said.count("unused so far") == 3
