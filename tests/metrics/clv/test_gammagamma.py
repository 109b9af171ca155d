"""Expected spend where a record says nothing, or is in a currency that does not fit."""

from __future__ import annotations

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import BGNBD, GammaGamma, PurchaseSummary, lifetime_value

NOTE = (6.25, 3.74, 15.44)  # of CDNOW: Fader and Hardie (2013), note 025
SPEND = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")


def records(*spends: int) -> PurchaseSummary:
    """Two repeat occasions each, of so many cents together."""
    n = len(spends)
    return PurchaseSummary.from_arrays([2] * n, [213] * n, [272] * n, spends)


@pytest.mark.parametrize("spend", [0, -1, -90_000])
def test_a_record_of_refunds_says_nothing(spend: int) -> None:
    """The mean of the population is p gamma / (q - 1); a cent is a record again."""
    p, q, gamma = NOTE
    refunded, cent = SPEND.mean_spend(records(spend, 1)).values.tolist()
    assert refunded == pytest.approx(p * gamma / (q - 1))
    assert cent == pytest.approx(p * (gamma + 0.01) / (2 * p + q - 1))


def test_no_lifetime_is_worth_less_than_nothing() -> None:
    refunded = lifetime_value(MODEL, SPEND, records(-90_000), horizon=39, discount=0.1)
    p, q, gamma = NOTE
    mean = p * gamma / (q - 1)
    assert refunded.customers["mean_spend"].tolist() == pytest.approx([mean])
    assert refunded.margin.sum() == pytest.approx(mean * refunded.purchases.sum())
    assert refunded.total > 0


def test_refunds_have_no_mean_where_the_population_has_none() -> None:
    heavy = GammaGamma.of(p=6.25, q=0.9, gamma=15.44)
    assert heavy.mean_spend(records(4470)).values.item() > 0
    with pytest.raises(InvalidInputError, match=r"^q must be above 1 .*: 1 of 2 customers"):
        heavy.mean_spend(records(4470, -1))
