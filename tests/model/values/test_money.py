"""Exact amounts of one currency."""

import copy
import decimal
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.money import Money, decimals_of

# ISO 4217 list one, column "Mnr unt": a sample of each exponent, and all that are not 2.
PUBLISHED = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED CHF CNY EUR GBP HUF IDR INR MGA MRU TWD USD UYU XCG ZAR ZWG CHE CHW MXV USN COU BOV",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD", "CLF"])
MINOR = st.integers(-(10**24), 10**24)


def euros(amount: Any) -> Any:  # so that the wrong operand passes the type check
    return Money(amount, "EUR")


@pytest.mark.parametrize(
    ("code", "decimals"), [(code, n) for n, codes in PUBLISHED.items() for code in codes.split()]
)
def test_decimals_are_those_of_iso_4217(code: Any, decimals: Any) -> None:
    assert decimals_of(code) == decimals


@pytest.mark.parametrize("code", ["XAU", "XAG", "XDR", "XTS", "XXX", "XSU", "EU", "euro"])
def test_codes_without_a_minor_unit_are_refused(code: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^currency must be an ISO 4217 code: got"):
        decimals_of(code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("eur", "currency must be an ISO 4217 code: got 'eur', did you mean 'EUR'?"),
        ("EURO", "currency must be an ISO 4217 code: got 'EURO', did you mean 'EUR'?"),
        ("ann@example.com", "currency must be an ISO 4217 code: got another str"),
        ("", "currency must not be empty: got ''"),
        (None, "currency must be a str: got None"),
        (["EUR"], "currency must be a str: got list"),
    ],
    ids=repr,
)
def test_an_unknown_currency_is_refused(code: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Money(1, code)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("59", "EUR", "59.00"),
        (59, "EUR", "59.00"),
        (Decimal("59.0000"), "EUR", "59.00"),
        (Decimal("1E+2"), "EUR", "100.00"),
        ("-0.00", "EUR", "0.00"),
        ("-0.05", "EUR", "-0.05"),
        ("1200", "JPY", "1200"),
        (Decimal("1.2E+3"), "JPY", "1200"),
        ("0.001", "KWD", "0.001"),
        ("0.0001", "CLF", "0.0001"),
        (np.int64(7), "EUR", "7.00"),
        ("9" * 30, "EUR", "9" * 30 + ".00"),
    ],
    ids=repr,
)
def test_an_amount_has_the_decimals_of_its_currency(
    amount: Any, currency: Any, shown: Any
) -> None:
    money = Money(amount, currency)
    assert str(money) == f"{shown} {currency}"
    assert eval(repr(money)) == money
    assert money.to_dict() == {"amount": shown, "currency": currency}


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        (
            "0.005",
            "EUR",
            "amount must have at most 2 decimals in EUR: got more; Money.rounded rounds",
        ),
        (
            "0.1",
            "JPY",
            "amount must have at most 0 decimals in JPY: got more; Money.rounded rounds",
        ),
        (59.0, "EUR", "amount must be a Decimal, an int or a str: got float"),
        (np.float64(59), "EUR", "amount must be a Decimal, an int or a str: got float64"),
        (True, "EUR", "amount must be a Decimal, an int or a str: got bool"),
        (None, "EUR", "amount must be a Decimal, an int or a str: got None"),
        ("NaN", "EUR", "amount must be finite: got nan"),
        (Decimal("Infinity"), "EUR", "amount must be finite: got inf"),
        ("€5", "EUR", "amount must be a number: got another str"),
        (
            "1E+30",
            "EUR",
            "amount must have at most 30 digits on either side of the point: got more",
        ),
    ],
    ids=repr,
)
def test_an_amount_that_is_not_exact_is_refused(amount: Any, currency: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Money(amount, currency)
    assert str(caught.value) == message


def test_equal_amounts_are_one_key() -> None:
    assert len({euros("5"), euros("5.00"), euros(Decimal("5.000")), euros(-(0) + 5)}) == 1
    assert euros(0) != Money(0, "USD")
    assert euros(0) == euros("-0")
    assert euros(5) != 5


def test_money_is_frozen_and_copies() -> None:
    money = euros("1.10")
    with pytest.raises(AttributeError):
        money.amount = Decimal(2)
    assert pickle.loads(pickle.dumps(money)) == money == copy.deepcopy(money)
    assert type(Money("1", type("Code", (str,), {})("EUR")).currency) is str


@given(MINOR, MINOR, CURRENCIES)
def test_sums_are_exact_whatever_the_context(a: Any, b: Any, currency: Any) -> None:
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        x, y = Money.of_minor(a, currency), Money.of_minor(b, currency)
        assert (x.minor, y.minor) == (a, b)
        assert (x + y).minor == a + b
        assert (x - y).minor == a - b
        assert (-x).minor == -a
        assert (x * 7).minor == (7 * x).minor == 7 * a
        assert sum([x, y, x]) == Money.of_minor(2 * a + b, currency)
        assert Money.from_dict(x.to_dict()) == x
    assert Fraction(x.amount) == Fraction(a, 10 ** decimals_of(currency))
    assert ((x < y), (x <= y), (x > y), (x >= y)) == ((a < b), (a <= b), (a > b), (a >= b))


def test_a_product_is_exact_or_refused() -> None:
    assert euros("10.00") * Decimal("0.15") == euros("1.50")
    assert Decimal("0.15") * euros("10.00") == euros("1.50")
    with pytest.raises(InvalidInputError, match="at most 2 decimals in EUR"):
        euros("0.01") * Decimal("0.5")


@pytest.mark.parametrize("factor", [0.5, "2", euros(1), None, True])
def test_a_product_by_something_else_is_refused(factor: Any) -> None:
    with pytest.raises((TypeError, InvalidInputError)):
        euros(1) * factor
    with pytest.raises((TypeError, InvalidInputError)):
        factor * euros(1)


@pytest.mark.parametrize("other", [1, Decimal(1), 1.0, None, "1"], ids=repr)
def test_money_adds_to_money_only(other: Any) -> None:
    deeds: list[Any] = [
        lambda: euros(1) + other,
        lambda: other + euros(1),
        lambda: euros(1) - other,
        lambda: other - euros(1),
        lambda: euros(1) < other,
        lambda: euros(1) <= other,
        lambda: euros(1) > other,
        lambda: euros(1) >= other,
    ]
    for deed in deeds:
        with pytest.raises(TypeError):
            deed()


def test_a_sum_starts_at_the_number_zero_only() -> None:
    assert 0 + euros(1) == euros(1)
    zeros: list[Any] = [False, 0.0, Decimal(0)]
    for zero in zeros:
        with pytest.raises(TypeError):
            zero + euros(1)


def test_two_currencies_do_not_mix() -> None:
    dollars = Money(1, "USD")
    deeds: list[tuple[Any, str]] = [
        (lambda: euros(1) + dollars, "add"),
        (lambda: euros(1) - dollars, "subtract"),
        (lambda: euros(1) < dollars, "compare"),
        (lambda: euros(1) >= dollars, "compare"),
    ]
    for deed, word in deeds:
        with pytest.raises(InvalidInputError) as caught:
            deed()
        assert str(caught.value) == f"currency must be the same to {word}: got EUR and USD"


@pytest.mark.parametrize(
    ("amount", "rounding", "expected"),
    [
        ("0.125", "ROUND_HALF_EVEN", "0.12"),
        ("0.135", "ROUND_HALF_EVEN", "0.14"),
        ("0.125", "ROUND_HALF_UP", "0.13"),
        ("0.125", "ROUND_HALF_DOWN", "0.12"),
        ("-0.121", "ROUND_FLOOR", "-0.13"),
        ("-0.121", "ROUND_CEILING", "-0.12"),
        ("-0.121", "ROUND_UP", "-0.13"),
        ("0.129", "ROUND_DOWN", "0.12"),
        ("0.101", "ROUND_05UP", "0.11"),
        ("-0.001", "ROUND_HALF_EVEN", "0"),
        ("123456789012345678901234567.895", "ROUND_HALF_UP", "123456789012345678901234567.90"),
    ],
    ids=repr,
)
def test_rounding_is_said(amount: Any, rounding: Any, expected: Any) -> None:
    with decimal.localcontext(prec=3):
        assert Money.rounded(amount, "EUR", rounding=rounding) == euros(expected)


def test_half_to_even_is_the_default() -> None:
    assert Money.rounded("0.125", "EUR") == euros("0.12")
    assert Money.rounded("2.5", "JPY") == Money(2, "JPY")


def test_rounding_refuses() -> None:
    with pytest.raises(InvalidInputError, match=r"^rounding must be one of 'ROUND_HALF_EVEN'"):
        Money.rounded("1", "EUR", rounding="half_up")
    with pytest.raises(InvalidInputError, match=r"^amount must be a Decimal, an int or a str"):
        Money.rounded(0.1, "EUR")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^minor must be an int: got float"):
        Money.of_minor(1.0, "EUR")  # type: ignore[arg-type]


def test_a_dict_of_something_else_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^Money\.currency must be given"):
        Money.from_dict({"amount": "1"})
    with pytest.raises(InvalidInputError, match=r"got 'ccy'$"):
        Money.from_dict({"amount": "1", "currency": "EUR", "ccy": "EUR"})
    with pytest.raises(InvalidInputError, match=r"got float$"):
        Money.from_dict({"amount": 1.0, "currency": "EUR"})
