"""Each protocol on 20,000 seeds, and each known-bad variant in 100 sweeps of 200: ``test_trials.py`` in full.

``make prove`` runs it; pytest does not collect it by itself. ``make prove ARGS=-rP`` prints the rates with their 95 %
intervals.
"""

import pytest
from test_trials import RIGHT, WRONG, is_caught, never_fails

pytestmark = pytest.mark.timeout(1_800)


@pytest.mark.parametrize("trial", RIGHT)
def test_the_protocol_of_the_paper_fails_in_none_of_twenty_thousand_runs(trial):
    never_fails(trial, 20_000)


@pytest.mark.parametrize(("trial", "kind"), WRONG)
def test_a_known_bad_variant_is_caught_in_at_least_95_of_100_sweeps(trial, kind):
    is_caught(trial, kind, sweeps=100, at_least=95)
