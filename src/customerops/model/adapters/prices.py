"""What a Stripe subscription costs an interval: items, quantities and lasting discounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import at, listed, missing, need, reader, under
from customerops.model.adapters.records import at_path
from customerops.model.values.checks import came, one_of, text, whole
from customerops.model.values.money import Money

__all__ = ["STRIPE_DECIMALS", "Cost", "recurring", "stripe_money"]

_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"
STRIPE_DECIMALS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(_ZERO.split(), 0) | dict.fromkeys(_THREE.split(), 3)
)
"""Decimals of Stripe's smallest unit where they are not 2: of ISK and UGX they are, although ISO
4217 has none, and of MGA there are none, although ISO has 2."""

_INTERVALS = ("day", "week", "month", "year")


def stripe_money(path: str, minor: int, currency: str) -> Money:
    """Return an amount in Stripe's smallest unit as money.

    Examples
    --------
    >>> stripe_money("amount", 500, "isk"), stripe_money("amount", 500, "jpy")
    (Money('5', 'ISK'), Money('500', 'JPY'))
    """
    with at_path(path):
        places = STRIPE_DECIMALS.get(currency.lower(), 2)
        return Money(Decimal(f"{minor}E-{places}"), currency.upper())


@attrs.frozen
class Cost:
    """What one billing interval costs."""

    amount: Money
    interval: tuple[int, Any]
    plan: str
    quantity: int


@attrs.frozen
class _Item:
    amount: Fraction  # in Stripe's smallest unit
    product: str
    quantity: int
    plan: str
    metered: bool


def recurring(thing: Any, where: str) -> Cost:
    """Return what a subscription costs an interval, discounts that last forever taken off."""
    listed = need(under(where, "items"), need(where, thing, "items"), "data")
    base = under(where, "items.data")
    if not isinstance(listed, list | tuple) or not listed:
        said = came(listed) if not isinstance(listed, list | tuple) else "got none"
        raise InvalidInputError(base, "must be a list with an item", said)
    if at(thing, "items.has_more") is True:
        raise InvalidInputError(under(where, "items"), "must be whole", "has_more: fetch the rest")
    currency, interval = "", (0, "")
    items: list[_Item] = []
    for i, given in enumerate(listed):
        here = f"{base}[{i}]"
        price, path = need(here, given, "price"), f"{here}.price"
        one = text(f"{path}.currency", need(path, price, "currency")).lower()
        every = _interval(price, path)
        if i and one != currency:
            raise InvalidInputError(f"{path}.currency", "must be that of the first item")
        if i and every != interval:
            raise InvalidInputError(f"{path}.recurring", "must be that of the first item")
        currency, interval = one, every
        item = _item(given, price, here)
        own = list(_discounts(given, here, currency))
        items += _less([item], own)
    items = _less(items, list(_discounts(thing, where, currency)))
    minor = round(sum((item.amount for item in items), Fraction(0)))  # half to even
    amount = stripe_money(f"{base}[0].price.currency", minor, currency)
    seats = sum(item.quantity for item in items if not item.metered)
    return Cost(amount, interval, " + ".join(item.plan for item in items), seats)


def _interval(price: Any, path: str) -> tuple[int, str]:
    terms, path = need(path, price, "recurring"), f"{path}.recurring"
    every = one_of(f"{path}.interval", need(path, terms, "interval"), _INTERVALS)
    count = terms.get("interval_count")
    return (1 if missing(count) else whole(f"{path}.interval_count", count, least=1), every)


def _item(given: Any, price: Any, here: str) -> _Item:
    path = f"{here}.price"
    count = given.get("quantity")
    quantity = 1 if missing(count) else whole(f"{here}.quantity", count, least=0)
    metered = at(price, "recurring.usage_type") == "metered"
    amount = Fraction(0) if metered else _unit(price, path) * _pieces(price, path, quantity)
    names = (price.get("lookup_key"), price.get("nickname"), need(path, price, "id"))
    plan = text(f"{path}.id", next(name for name in names if not missing(name)))
    product = price.get("product")
    return _Item(amount, str(at(product, "id") or product), quantity, plan, metered)


def _unit(price: Any, path: str) -> Fraction:
    """Return the price of one; of tiers there is none."""
    exact = price.get("unit_amount_decimal")
    if not missing(exact):
        return Fraction(reader("decimal")(f"{path}.unit_amount_decimal", exact))
    return Fraction(whole(f"{path}.unit_amount", need(path, price, "unit_amount")))


def _pieces(price: Any, path: str, quantity: int) -> int:
    """Return how many are charged: packages, where a price is by the package."""
    by = price.get("transform_quantity")
    if missing(by):
        return quantity
    path = f"{path}.transform_quantity"
    size = whole(f"{path}.divide_by", need(path, by, "divide_by"), least=1)
    up = one_of(f"{path}.round", need(path, by, "round"), ("up", "down")) == "up"
    return -(-quantity // size) if up else quantity // size


@attrs.frozen
class _Off:
    share: Fraction
    amount: Fraction
    products: frozenset[str] | None


def _discounts(thing: Any, where: str, currency: str) -> Iterator[_Off]:
    """Yield the discounts that last forever."""
    one = thing.get("discount")
    given = [(f"discounts[{i}]", each) for i, each in enumerate(listed(where, thing, "discounts"))]
    if not given and not missing(one):
        given = [("discount", one)]
    for name, discount in given:
        path = under(where, name)
        if not isinstance(discount, Mapping):
            said = f"{came(discount)}; ask Stripe to expand it"
            raise InvalidInputError(path, "must be expanded to an object", said)
        inside = "coupon" if not missing(discount.get("coupon")) else "source.coupon"
        coupon, path = at(discount, inside), f"{path}.{inside}"
        if not isinstance(coupon, Mapping):
            said = f"{came(coupon)}; ask Stripe to expand it"
            raise InvalidInputError(path, "must be expanded to an object", said)
        if need(path, coupon, "duration") == "forever":
            yield _off(coupon, path, currency)


def _off(coupon: Any, path: str, currency: str) -> _Off:
    only = listed(path, coupon, "applies_to.products")
    products = frozenset(map(str, only)) if only else None
    percent = coupon.get("percent_off")
    if not missing(percent):
        share = Fraction(reader("decimal")(f"{path}.percent_off", percent)) / 100
        return _Off(share, Fraction(0), products)
    own = str(coupon.get("currency") or "").lower()
    if own == currency:
        amount, path = need(path, coupon, "amount_off"), f"{path}.amount_off"
    else:
        path = f"{path}.currency_options.{currency}"
        other = at(coupon, f"currency_options.{currency}") or {}
        amount, path = need(path, other, "amount_off"), f"{path}.amount_off"
    return _Off(Fraction(0), Fraction(whole(path, amount)), products)


def _less(items: list[_Item], discounts: list[_Off]) -> list[_Item]:
    """Take discounts off in their order; an amount comes off items in proportion, to 0 at most."""
    for off in discounts:
        hit = [off.products is None or item.product in off.products for item in items]
        base = sum((item.amount for item, yes in zip(items, hit, strict=True) if yes), Fraction(0))
        share = min(off.share + (off.amount / base if base else 0), Fraction(1))
        items = [
            attrs.evolve(item, amount=item.amount * (1 - share)) if yes else item
            for item, yes in zip(items, hit, strict=True)
        ]
    return items
