"""A million customers wait as long as theory says: ``test_queueing.py`` in full, and in no hurry.

``make prove`` runs it; pytest does not collect it by itself. ``pytest -s`` prints what was measured.
"""

import pytest
from test_queueing import off

pytestmark = pytest.mark.timeout(1_800)


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_a_million_customers_wait_as_long_as_theory_says(workers, rho):
    assert off(workers, rho, customers=1_000_000, seed=1) <= 1


@pytest.mark.parametrize("workers", [1, 4])
def test_a_server_three_percent_too_slow_would_be_found_out(workers):
    assert off(workers, 0.8, customers=1_000_000, seed=1, service_ms=10.3) > 1
