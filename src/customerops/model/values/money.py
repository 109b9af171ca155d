"""Amounts of money: exact decimals of one currency."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import decimal as as_decimal
from customerops.model.values.checks import did_you_mean, one_of, text, whole
from customerops.model.values.serial import read

__all__ = ["Money", "decimals_of"]

_ROUNDINGS = (
    "ROUND_HALF_EVEN",
    "ROUND_HALF_UP",
    "ROUND_HALF_DOWN",
    "ROUND_DOWN",
    "ROUND_UP",
    "ROUND_FLOOR",
    "ROUND_CEILING",
    "ROUND_05UP",
)
# Deaf to the decimal context of the thread; whatever is inexact is signalled, nothing rounds.
_EXACT = decimal.Context(
    prec=200,
    rounding=ROUND_HALF_EVEN,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow],
)
_ROUNDING = decimal.Context(prec=200, traps=[decimal.InvalidOperation, decimal.Overflow])

# ISO 4217, lists one (active currencies and funds) and three (withdrawn since 2010), as amended
# up to January 2026, by minor-unit exponent. Metals, units of account and test codes have none.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BYR",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
        LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
        ZWG ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: decimals for decimals, codes in _CODES.items() for code in codes.split()}


def decimals_of(currency: str) -> int:
    """Return how many decimals the minor unit of a currency has, by ISO 4217.

    Parameters
    ----------
    currency : str
        Three capital letters; withdrawn currencies are known back to 2010.

    Raises
    ------
    InvalidInputError
        If no currency with a minor unit has that code.

    References
    ----------
    ISO 4217:2015, Codes for the representation of currencies; lists one and three, maintained by
    SIX Interbank Clearing.

    Examples
    --------
    >>> decimals_of("EUR"), decimals_of("JPY"), decimals_of("KWD"), decimals_of("CLF")
    (2, 0, 3, 4)
    >>> decimals_of("eur")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: currency must be an ISO 4217 code: got 'eur', did you mean 'EUR'?
    """
    code = text("currency", currency)
    if code not in _DECIMALS:
        hint = did_you_mean(code, _DECIMALS)
        problem = f"got {code!r}{hint}" if hint else "got another str"
        raise InvalidInputError("currency", "must be an ISO 4217 code", problem)
    return _DECIMALS[code]


def _code(currency: str) -> str:
    decimals_of(currency)
    return str.__str__(currency)


def _number(amount: Decimal | str | int) -> Decimal:
    return as_decimal("amount", amount)


@attrs.frozen(repr=False)
class Money:
    """An exact amount of one currency, positive or negative.

    Parameters
    ----------
    amount : Decimal, str or int
        In major units (euros, not cents). Never a float, and never rounded: an amount that has
        more decimals than the currency is refused, trailing zeros apart (``"59.0000"``, as a
        database returns it, is 59.00).
    currency : str
        ISO 4217 code; see `decimals_of`.

    Raises
    ------
    InvalidInputError
        If the amount is not a finite decimal number of at most 30 digits on either side of the
        point, has more decimals than the currency, or the currency is not known.

    Notes
    -----
    Sums, differences and whole multiples are exact; a product by a Decimal is exact or refused.
    There is no quotient: `Money.rounded` is the one place that rounds, and says how. Amounts of
    two currencies are unequal, and neither add nor compare.

    Examples
    --------
    >>> from customerops.model import Money
    >>> Money("59.00", "EUR") + Money("0.99", "EUR")
    Money('59.99', 'EUR')
    >>> sum([Money("0.10", "EUR")] * 3) == Money("0.30", "EUR")
    True
    >>> Money(5, "JPY").minor, Money(5, "KWD").minor
    (5, 5000)
    >>> Money("59.999", "EUR")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: amount must have at most 2 decimals in EUR: got more; Money.rounded rounds
    """

    amount: Decimal = attrs.field(converter=_number)
    currency: str = attrs.field(converter=_code)

    def __attrs_post_init__(self) -> None:
        digits = _DECIMALS[self.currency]
        try:
            amount = _EXACT.quantize(self.amount, Decimal((0, (1,), -digits)))
        except decimal.Inexact:
            raise InvalidInputError(
                "amount",
                f"must have at most {digits} decimals in {self.currency}",
                "got more; Money.rounded rounds",
            ) from None
        object.__setattr__(self, "amount", amount)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """Return an amount given in minor units: cents, yen, fils.

        Examples
        --------
        >>> from customerops.model import Money
        >>> Money.of_minor(5900, "EUR")
        Money('59.00', 'EUR')
        """
        digits = decimals_of(currency)
        return cls(_EXACT.scaleb(Decimal(whole("minor", minor)), -digits), currency)

    @classmethod
    def rounded(
        cls, amount: Decimal | str | int, currency: str, *, rounding: str = ROUND_HALF_EVEN
    ) -> Self:
        """Return the amount of the currency nearest to a decimal number.

        Parameters
        ----------
        amount : Decimal, str or int
            In major units, with any number of decimals.
        currency : str
            ISO 4217 code.
        rounding : str
            One of the constants of the module ``decimal``; half to even by default, which has no
            drift over many amounts.

        Raises
        ------
        InvalidInputError
            As the class, save for the decimals; or if the rounding is not known.

        Examples
        --------
        >>> from customerops.model import Money
        >>> Money.rounded("0.125", "EUR"), Money.rounded("0.125", "EUR", rounding="ROUND_UP")
        (Money('0.12', 'EUR'), Money('0.13', 'EUR'))
        """
        way = one_of("rounding", rounding, _ROUNDINGS)
        number = as_decimal("amount", amount)
        unit = Decimal((0, (1,), -decimals_of(currency)))
        return cls(number.quantize(unit, rounding=way, context=_ROUNDING), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units: cents, yen, fils."""
        return int(_EXACT.scaleb(self.amount, _DECIMALS[self.currency]))

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.add(self.amount, self._same(other, "add")), self.currency)

    def __radd__(self, other: int) -> Money:
        """Return the amount itself for 0, so that ``sum`` works; nothing else adds from the left."""
        if type(other) is int and other == 0:
            return self
        return NotImplemented

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.subtract(self.amount, self._same(other, "subtract")), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if isinstance(factor, float | str | Money):  # 0.1 is not a tenth: write Decimal("0.1")
            return NotImplemented
        return Money(_EXACT.multiply(self.amount, as_decimal("factor", factor)), self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < self._same(other, "compare")

    def __le__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount <= self._same(other, "compare")

    def __gt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount > self._same(other, "compare")

    def __ge__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount >= self._same(other, "compare")

    def _same(self, other: Money, deed: str) -> Decimal:
        if other.currency != self.currency:
            raise InvalidInputError(
                "currency",
                f"must be the same to {deed}",
                f"got {self.currency} and {other.currency}",
            )
        return other.amount

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def __repr__(self) -> str:
        return f"Money({str(self.amount)!r}, {self.currency!r})"

    def to_dict(self) -> dict[str, str]:
        """Return it in plain JSON types.

        Examples
        --------
        >>> from customerops.model import Money
        >>> Money(59, "EUR").to_dict()
        {'amount': '59.00', 'currency': 'EUR'}
        """
        return {"amount": str(self.amount), "currency": self.currency}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the amount that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or a value is none that `Money` takes.
        """
        parts = read("Money", data, ["amount", "currency"])
        return cls(parts["amount"], parts["currency"])
