"""The gallery: every card's claims on many seeds, and the promises that all cards share."""

import dataclasses
import inspect
import pickle
from math import sqrt

import pytest

from dslib.failures import GALLERY, cascade
from dslib.failures.__main__ import main
from dslib.failures.card import Card, Claim, Knobs, knob
from dslib.failures.service import good_between, judge
from dslib.metrics import user_of

SEEDS = range(12)
CASCADE = cascade.CARD

#: The list of the video, in its order.
TITLES = [
    "Crash, or crash loop", "Server down", "Query of death", "Data corruption", "Broken dependency", "DoS attack",
    "Cascading failure", "Data loss", "Certificate expires", "Runaway automation", "Natural disaster", "Time travel",
    "Police raid", "Very important user (data loss)",
]  # fmt: skip


@pytest.fixture(params=GALLERY, ids=lambda card: f"{card.number:02}")
def card(request):
    return request.param


def least_share(held, of, z=1.96):
    """The lower end of Wilson's 95 % interval for a share."""
    share = held / of
    middle, spread = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of)


def test_the_gallery_has_the_fourteen_cards_of_the_video_in_their_order():
    assert [card.number for card in GALLERY] == list(range(1, 15))
    assert [card.title for card in GALLERY] == TITLES


def check_claims(card, seeds):
    results = [card.run(seed=seed) for seed in seeds]
    for claim in card.claims:
        broken = [result for result in results if not claim.holds(result)]
        if claim.share == 1.0:
            assert not broken, f"{claim}\nnot so on seeds {[r.seed for r in broken]}, for example\n{broken[0]}"
        else:
            held = len(seeds) - len(broken)
            assert least_share(held, len(seeds)) >= claim.share, f"{claim}\nheld on {held} of {len(seeds)} seeds"


@pytest.mark.timeout(600)
def test_every_claim_of_the_card_holds(card):
    check_claims(card, SEEDS)


def test_each_claim_tells_the_naive_service_from_the_mitigated_one(card):
    """A claim that also holds with the two runs exchanged would say nothing about the remedy."""
    result = card.run(seed=1)
    exchanged = result._replace(naive=result.mitigated, mitigated=result.naive)
    assert any(not claim.holds(exchanged) for claim in card.claims)


def test_the_same_seed_gives_the_same_result_and_a_result_can_be_sent_to_another_process(card):
    first, second = card.run(seed=3), card.run(seed=3)
    assert str(first) == str(second)
    assert str(pickle.loads(pickle.dumps(first))) == str(first)
    assert str(card.run(seed=4)) != str(first)


def test_both_runs_have_the_same_users_asking_the_same_things_until_the_trigger(card):
    """The remedy must not change the workload: only what becomes of it."""
    naive, mitigated = (card.simulate(card.params, 5, remedy).run(until=5_000) for remedy in (False, True))
    asked = [[(user_of(op), op.f, op.arg, op.invoked) for op in sim.history] for sim in (naive, mitigated)]
    assert asked[0] == asked[1]
    assert len(asked[0]) > 20


def test_before_the_trigger_both_services_work(card):
    naive, mitigated = (card.simulate(card.params, 6, remedy).run(until=5_000) for remedy in (False, True))
    for sim in (naive, mitigated):
        assert good_between(sim, 1_000, 4_400) >= 0.99, str(judge(sim))  # after a second all have started


def test_what_the_card_does_to_the_service_is_listed_as_faults(card):
    sim = card.simulate(card.params, 0, False)
    comes_as_a_request, comes_with_time = card.number == 3, card.number == 9
    assert sim.faults or comes_as_a_request or comes_with_time
    for fault in sim.faults:
        assert str(fault).startswith("sim.at(")


def test_a_card_says_what_it_means_in_whole_sentences(card):
    for text in (card.means, card.naive, card.mitigation):
        assert text.endswith("."), text
        assert len(text.split()) < 45, text
    assert card.metric
    assert card.where in ("node", "network", "outside")
    assert card.incidents, "a card without an incident is a thought experiment"
    assert any(claim.kind == "always" for claim in card.claims)
    module = inspect.getmodule(card.simulate)
    assert module.run(seed=0).number == card.number
    assert module.__doc__.startswith(f"{card.number}. ")


def test_every_knob_has_a_range_and_a_meaning_and_runs_at_both_ends(card):
    for one in dataclasses.fields(card.params):
        assert one.metadata["meaning"]
        assert one.metadata["low"] <= one.default <= one.metadata["high"]
        for end in ("low", "high"):
            value = type(one.default)(one.metadata[end])
            result = card.run(dataclasses.replace(card.params, **{one.name: value}), seed=2)
            assert 0 <= result.naive.outcome.availability <= 1


def test_a_knob_outside_its_range_is_refused_by_name(card):
    one = dataclasses.fields(card.params)[0]
    with pytest.raises(ValueError, match=rf"{one.name} is .*from {one.metadata['low']:g} to {one.metadata['high']:g}"):
        dataclasses.replace(card.params, **{one.name: one.metadata["high"] + 1})
    with pytest.raises(ValueError, match=one.name):
        dataclasses.replace(card.params, **{one.name: "many"})


def test_parameters_of_another_card_are_refused(card):
    @dataclasses.dataclass(frozen=True)
    class Other(Knobs):
        servers: int = knob(1, 1, 2, "servers")

    with pytest.raises(TypeError, match=f"card {card.number}"):
        card.run(Other())


def test_a_whole_number_is_not_replaced_by_a_fraction_and_nan_is_no_number():
    @dataclasses.dataclass(frozen=True)
    class Few(Knobs):
        servers: int = knob(1, 1, 3, "servers")
        share: float = knob(0.5, 0, 1, "share")

    with pytest.raises(ValueError, match="whole number from 1 to 3"):
        Few(servers=1.5)
    with pytest.raises(ValueError, match="share is nan"):
        Few(share=float("nan"))


def test_a_statistical_claim_says_so():
    assert Claim("it rains", lambda r: True, 0.9).kind == "statistical"
    assert str(Claim("it rains", lambda r: True, 0.9)) == "On at least 90% of seeds: it rains"
    assert str(Claim("it rains", lambda r: True)) == "Always: it rains"
    assert isinstance(GALLERY[0], Card)


def test_a_terminal_shows_a_card_with_other_knobs_on_another_seed(capsys):
    assert main(["7", "utilisation=0.5", "--seed", "3"]) == 0
    shown = capsys.readouterr().out
    assert str(CASCADE.run(cascade.Params(utilisation=0.5), seed=3).naive.outcome) in shown
    assert "utilisation=0.5" in shown
    assert all(str(incident.organisation) in shown for incident in CASCADE.incidents)


def test_a_terminal_counts_the_seeds_on_which_a_claim_holds(capsys):
    assert main(["2", "--seeds", "3"]) == 0
    assert capsys.readouterr().out.count("3 of 3 seeds") == len(GALLERY[1].claims)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["99"], "no card 99: write a number from 1 to 14"),
        (["7", "speed=1"], "no knob 'speed': write one of servers, utilisation"),
        (["7", "servers=1.5"], "write a whole number after servers="),
        (["7", "servers=50"], "whole number from 2 to 6"),
        (["--seeds", "0"], "write 1 or more"),
    ],
)
def test_a_terminal_says_what_it_did_not_understand(capsys, words, complaint):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert complaint in capsys.readouterr().err
