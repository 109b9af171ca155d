"""The points of one customer, entry by entry: what a service keeps and asks."""

from __future__ import annotations

import datetime as dt

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.loyalty.scheme import DEEDS, POINTS, PointsScheme
from customerops.model.records.records import Interaction
from customerops.model.values.checks import came
from customerops.model.values.instants import as_instant

__all__ = ["PointsAccount", "PointsLot", "PointsState"]


@attrs.frozen(kw_only=True)
class PointsLot:
    """Points that came together.

    Attributes
    ----------
    points : int
        What is left of them.
    good_from, good_until : datetime
        When they can be used, half-open; None for ever.
    """

    points: int
    good_from: dt.datetime
    good_until: dt.datetime | None


@attrs.frozen(kw_only=True)
class PointsState:
    """What became of a customer's points up to an instant.

    Attributes
    ----------
    earned, adjusted, refunded : int
        Points that came: earned, the pending ones included; by adjustments, less what these took;
        and given back.
    burned, expired : int
        Points that went.
    pending, outstanding : int
        Points that are left: those that cannot be used yet, and those that can.
    uncovered : int
        Points that were asked for and not there; in none of the others.

    Notes
    -----
    ``earned + adjusted + refunded = burned + expired + outstanding + pending``, always; `adjusted`
    is what came less what went, and `uncovered` was asked for and not there.
    """

    earned: int = 0
    adjusted: int = 0
    refunded: int = 0
    burned: int = 0
    expired: int = 0
    pending: int = 0
    outstanding: int = 0
    uncovered: int = 0


@attrs.frozen(kw_only=True)
class PointsAccount:
    """The account of one customer, as of the last entry.

    Parameters
    ----------
    scheme : PointsScheme
        The rules.
    lots : tuple of PointsLot
        Points that are left, in the order they came; expired ones until they are looked for.
    counted : PointsState
        What was counted so far; pending and outstanding are asked by `state`.
    last : datetime, optional
        The instant of the last entry.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import Interaction
    >>> from customerops.metrics import PointsAccount
    >>> day = lambda d: dt.datetime(2024, 1, d, tzinfo=dt.timezone.utc)
    >>> account = PointsAccount()
    >>> for kind, at, points, until in [
    ...     ("points_earn", 1, 100, day(31)), ("points_earn", 5, 50, None), ("points_burn", 11, 80, None)
    ... ]:
    ...     account = account.after(
    ...         Interaction(customer_id="c-9", kind=kind, at=day(at), value=points, until=until)
    ...     )
    >>> account.state(day(20)).outstanding, account.state(day(31)).expired
    (70, 20)
    """

    scheme: PointsScheme = POINTS
    lots: tuple[PointsLot, ...] = ()
    counted: PointsState = PointsState()
    last: dt.datetime | None = None

    def after(self, entry: Interaction) -> PointsAccount:
        """Return the account after one more interaction; the same if it moves no points.

        Raises
        ------
        InvalidInputError
            When it is earlier than the last, fits two rules of the scheme, or its value is missing
            or no whole number of points, or negative without being an adjustment.
        """
        if not isinstance(entry, Interaction):
            raise InvalidInputError("entry", "must be an Interaction", came(entry))
        deeds = [
            deed
            for deed, rule in zip(DEEDS, self.scheme.rules, strict=True)
            if rule.matches(entry)
        ]
        if not deeds:
            return self
        if len(deeds) > 1:
            raise InvalidInputError("entry", "must fit one rule of the scheme", f"fits {deeds}")
        if self.last is not None and entry.at < self.last:
            raise InvalidInputError("entry", "must not be before the last one", "fold by time")
        (deed,) = deeds
        points = _points(entry, deed)
        now = attrs.evolve(self, last=entry.at)._expired(entry.at)
        if deed in ("earn", "refund") or (deed == "adjust" and points >= 0):
            return now._added(entry, deed, points)
        if deed == "expire" and self.scheme.expiry == "dates":
            return now
        return now._taken(entry.at, deed, abs(points))

    def state(self, at: dt.datetime) -> PointsState:
        """Return what became of the points by an instant, not before the last entry.

        Raises
        ------
        InvalidInputError
            When it is naive or before the last entry.
        """
        as_instant("at", at)
        if self.last is not None and at < self.last:
            raise InvalidInputError(
                "at", "must not be before the last entry", "fold fewer entries"
            )
        now = self._expired(at)
        good = sum(lot.points for lot in now.lots if lot.good_from <= at)
        waiting = sum(lot.points for lot in now.lots if lot.good_from > at)
        return attrs.evolve(now.counted, outstanding=good, pending=waiting)

    def _expired(self, at: dt.datetime) -> PointsAccount:
        gone = [lot for lot in self.lots if lot.good_until is not None and lot.good_until <= at]
        kept = tuple(lot for lot in self.lots if lot.good_until is None or lot.good_until > at)
        expired = self.counted.expired + sum(lot.points for lot in gone)
        return attrs.evolve(self, lots=kept, counted=attrs.evolve(self.counted, expired=expired))

    def _added(self, entry: Interaction, deed: str, points: int) -> PointsAccount:
        waits = self.scheme.pending if deed == "earn" else None
        until = entry.until if self.scheme.expiry == "dates" else None
        start = entry.at if waits is None else entry.at + waits
        lot = PointsLot(points=points, good_from=start, good_until=until)
        account = attrs.evolve(
            self,
            lots=(*self.lots, lot) if points else self.lots,
            counted=_plus(self.counted, {"earn": "earned", "refund": "refunded"}, deed, points),
        )
        return account._expired(entry.at)  # what came with a date that is past

    def _taken(self, at: dt.datetime, deed: str, points: int) -> PointsAccount:
        left, lots = points, list(self.lots)
        order = list(range(len(lots)))
        if self.scheme.order == "first_to_expire":
            order.sort(key=lambda i: (lots[i].good_until is None, lots[i].good_until, i))
        for i in order:
            if lots[i].good_from <= at:
                took = min(left, lots[i].points)
                left -= took
                lots[i] = attrs.evolve(lots[i], points=lots[i].points - took)
        names = {"burn": "burned", "expire": "expired"}
        moved = left - points if deed == "adjust" else points - left
        counted = _plus(_plus(self.counted, names, deed, moved), {}, "uncovered", left)
        return attrs.evolve(self, lots=tuple(lot for lot in lots if lot.points), counted=counted)


def _points(entry: Interaction, deed: str) -> int:
    """Return how many points an entry moves."""
    if entry.value is None or entry.value % 1 != 0:
        raise InvalidInputError("value", "must be a whole number of points", came(entry.value))
    if entry.value < 0 and deed != "adjust":
        raise InvalidInputError("value", "must not be negative but in an adjustment")
    return int(entry.value)


def _plus(state: PointsState, names: dict[str, str], deed: str, points: int) -> PointsState:
    name = names.get(deed, "adjusted" if deed == "adjust" else deed)
    return attrs.evolve(state, **{name: getattr(state, name) + points})
