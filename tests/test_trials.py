"""Each protocol on trial: the one from the paper never fails, and each known-bad variant is found out.

``prove_trials.py`` does this in full, on 20,000 seeds and 100 sweeps. Here it is 1,000 and ten.
"""

import pytest

from dslib.hunt import catch_rate, hunt
from dslib.protocols import trials
from dslib.story import rerun, story
from dslib.trials import Failure, attempt, name_of_kind

pytestmark = pytest.mark.timeout(300)  # the whole file takes minutes, and so it begins early

TRIALS = trials()
RIGHT = [pytest.param(trial, id=name) for name, trial in TRIALS.items()]
WRONG = [
    pytest.param(trial, kind, id=f"{name}-{name_of_kind(kind)}")
    for name, trial in TRIALS.items()
    for kind in trial.wrong
]


def never_fails(trial, runs):
    found = hunt(trial, seeds=runs, progress=False)
    assert not found.failures, f"{found}\n{found.story}"
    assert len(found.sweep) == runs
    print(f"{trial.name} {name_of_kind(trial.right)}: {found.rate}")


def is_caught(trial, kind, sweeps, at_least):
    rate = catch_rate(trial, kind, sweeps, progress=False)
    print(f"{trial.name} {name_of_kind(kind)}: caught in {rate}")
    assert rate.passed >= at_least, f"{name_of_kind(kind)} of {trial.name} is caught in only {rate} sweeps"


@pytest.mark.parametrize("trial", RIGHT)
def test_the_protocol_of_the_paper_never_fails(trial):
    never_fails(trial, 1_000)


@pytest.mark.parametrize(("trial", "kind"), WRONG)
def test_a_known_bad_variant_is_caught_in_ten_sweeps_of_ten(trial, kind):
    is_caught(trial, kind, sweeps=10, at_least=10)


@pytest.mark.parametrize(("trial", "kind"), WRONG)
def test_a_variant_says_what_it_gets_wrong(trial, kind):
    assert (kind.__doc__ or "").strip().partition("\n")[0].endswith((".", "!", "?")), (
        f"{kind} has no sentence of its own"
    )
    assert kind.__doc__ != getattr(trial.right, "__doc__", None)


@pytest.mark.parametrize("trial", RIGHT)
def test_the_story_of_a_failure_is_told_and_replayed(trial):
    for kind in trial.wrong[:1]:
        seed = next(seed for seed in range(200) if attempt(trial, kind, seed).what)
        failure = Failure(trial, kind, seed, attempt(trial, kind, seed).what)
        told = story(failure)
        assert f"seed {seed}: " in str(told)
        assert told.events
        again = rerun(trial.name, name_of_kind(kind), seed, told.at_ms)
        assert again.trace.digest() == told.replay().trace.digest()
        assert told.call.endswith(
            f"replay(rerun({trial.name!r}, {name_of_kind(kind)!r}, seed={seed}, until_ms={told.at_ms!r}))"
        )


def test_each_protocol_has_known_bad_variants_and_a_right_one():
    assert len(TRIALS) >= 3
    for name, trial in TRIALS.items():
        assert trial.name == name
        assert trial.wrong, f"{name} has no known-bad variant: nothing tests its judge"
        assert trial.right not in trial.wrong
