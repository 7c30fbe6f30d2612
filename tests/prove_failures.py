"""What the cards claim, on many times as many seeds as ``test_failures.py`` takes, all of them others.

``make prove`` runs it; pytest does not collect it by itself.
"""

import pytest
from test_failures import SEEDS, check_claims

from dslib.failures import GALLERY


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("card", GALLERY, ids=lambda card: f"{card.number:02}")
def test_every_claim_of_the_card_holds_on_two_hundred_more_seeds(card):
    check_claims(card, range(len(SEEDS), len(SEEDS) + 200))
