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


# currencies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1), ("KWD", 1000)])
def test_cents_are_not_taken_for_another_minor_unit(currency: str, minor: int) -> None:
    """A summary without a currency has 100 minor units: 44.70 must not pass for 4470 yen."""
    p, q, gamma = NOTE
    spend = GammaGamma.of(p=p, q=q, gamma=gamma, currency=currency)
    with pytest.raises(
        InvalidInputError, match=f"^summary.currency must be .*{currency}: it has none, and 100"
    ):
        spend.mean_spend(records(4470))
    named = PurchaseSummary.from_arrays([2], [213], [272], [4470], currency=currency)
    expected = p * (gamma + 4470 / minor) / (2 * p + q - 1)
    assert spend.mean_spend(named).total == pytest.approx(expected)
    assert GammaGamma.of(p=p, q=q, gamma=gamma).mean_spend(named).total == pytest.approx(expected)


def test_what_needs_no_minor_unit_needs_no_currency() -> None:
    """Euros have cents, as a summary without a currency; and where nothing was spent, no unit matters."""
    euros = GammaGamma.of(p=6.25, q=3.74, gamma=15.44, currency="EUR")
    assert euros.mean_spend(records(4470)).total == SPEND.mean_spend(records(4470)).total
    yen = GammaGamma.of(p=6.25, q=3.74, gamma=15.44, currency="JPY")
    never = PurchaseSummary.from_arrays([0], [0], [272])
    assert yen.mean_spend(never).total == pytest.approx(yen.population_mean())


@pytest.mark.parametrize(
    ("currency", "message"),
    [("nonsense", "must be an ISO 4217 code"), ("usd", "did you mean 'USD'"), ("", "must not be empty")],
)  # fmt: skip
def test_a_currency_is_one(currency: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        GammaGamma.of(p=6.25, q=3.74, gamma=15.44, currency=currency)
