"""Renewals by tenure: how many customers were lost at each renewal, and how many are still there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.columns import whole_column
from customerops.metrics.shared.spans import known_at
from customerops.metrics.shared.stays import stays_of_spells
from customerops.metrics.shared.terms import Term, as_term, terms_by
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.calendar import Calendar
from customerops.model.values.checks import came
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["RenewalSummary", "renewal_summary"]

RENEWALS = "renewals"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RenewalSummary(Table):
    """Customers by the renewals they made: what the models of contracts are fitted to.

    Make one with `renewal_summary` from spells, or with `from_survivors`. Summaries of different
    customers add.

    Parameters
    ----------
    axes : sequence of Axis
        Groups or cohorts, if there are any, and ``renewals``: 0, 1, 2, ... up to the most that
        anybody could have made.
    parts : mapping
        ``kept``: customers who made so many renewals and whose next is not due yet. ``lost``:
        customers who left at this renewal, having made all before; nobody at 0.
    context : Context
        What it is about; the option ``term`` says how far apart renewals are.

    Raises
    ------
    InvalidInputError
        If counts are negative, somebody is lost at 0, or the renewals are not 0, 1, 2, ...

    Notes
    -----
    A customer is in one cell: those of different cohorts have had the time for different numbers
    of renewals, and count as kept at the last one that was due.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("kept", "lost")

    @classmethod
    def from_survivors(
        cls,
        survivors: ArrayLike | Mapping[Any, Sequence[int]],
        *,
        term: Term | None = None,
    ) -> Self:
        """Return the summary of cohorts of which it is known how many were left after each renewal.

        Parameters
        ----------
        survivors : sequence of int, or mapping of cohort to sequence of int
            How many there were at the start, after the first renewal, after the second; it never
            rises. Cohorts may have been watched for different numbers of renewals.
        term : tuple of (int, {"day", "week", "month", "year"}), optional
            How long a contract runs before it is renewed; needed to discount by the year.

        Raises
        ------
        InvalidInputError
            If they are not whole numbers, negative, or rise, or there are none.

        Examples
        --------
        Two cohorts, one of them a year younger:

        >>> from customerops.metrics import RenewalSummary
        >>> both = RenewalSummary.from_survivors(
        ...     {2024: [1000, 631, 468], 2025: [1200, 800]}, term=(1, "year")
        ... )
        >>> both.to_frame()[["cohort", "renewals", "at_risk", "lost", "kept"]]
           cohort  renewals  at_risk  lost  kept
        0    2024         0     1000     0     0
        1    2024         1     1000   369     0
        2    2024         2      631   163   468
        3    2025         0     1200     0     0
        4    2025         1     1200   400   800
        5    2025         2        0     0     0
        """
        cohorts = isinstance(survivors, Mapping)
        given: dict[Label, Any]
        given = dict(survivors) if isinstance(survivors, Mapping) else {None: survivors}
        if not given:
            raise InvalidInputError("survivors", "must have at least one cohort", "got none")
        labels = sorted(given, key=label_key)
        rows = [_survivors(given[label]) for label in labels]
        width = max(len(row) for row in rows)
        kept, lost = np.zeros((2, len(rows), width), np.int64)
        for i, row in enumerate(rows):
            kept[i, len(row) - 1] = row[-1]
            lost[i, 1 : len(row)] = row[:-1] - row[1:]
        axes = [Axis("cohort", labels, "group", disjoint=True)] if cohorts else []
        options = {"term": None if term is None else as_term(term)}
        return cls(
            axes=[*axes, _renewals(width)],
            parts={"kept": kept if cohorts else kept[0], "lost": lost if cohorts else lost[0]},
            context=Context("renewal_summary", by="cohort" if cohorts else None, options=options),
        )

    # ------------------------------------------------------------------ reading

    @property
    def term(self) -> Term | None:
        """How long a contract runs before it is renewed; None where the caller did not say."""
        term: Term | None = self.context.option("term")
        return term

    @property
    def kept(self) -> Count:
        """Customers who made so many renewals and whose next is not due yet."""
        return self._part("kept")

    @property
    def lost(self) -> Count:
        """Customers who left at the renewal of each label."""
        return self._part("lost")

    @property
    def at_risk(self) -> Count:
        """Customers who were up for each renewal; at 0, all customers."""
        leaving = exact.add(self.parts["kept"], self.parts["lost"]).astype(object)
        return exact.canon(np.flip(np.cumsum(np.flip(leaving, -1), -1), -1))

    @property
    def customers(self) -> int:
        """All customers, those whose first renewal is not due yet among them."""
        return int(sum(self.kept.ravel().tolist()) + sum(self.lost.ravel().tolist()))

    @property
    def retention_rate(self) -> NDArray[np.float64]:
        """Share of those up for each renewal who renewed; NaN where nobody was, and at 0."""
        risk = self.at_risk
        share = exact.divide(exact.add(risk, -self.lost), risk)
        share[..., 0] = np.nan
        return share

    def pooled(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return `kept` and `lost` by renewals alone, all groups together."""
        n = len(self.axes[-1])
        kept, lost = (exact.sum_along(self.parts[k].reshape(-1, n), 0) for k in self.PARTS)
        return kept, lost

    def resample(self, rng: Generator) -> Self:
        """Return as many customers drawn with replacement, as a bootstrap needs.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        """
        kept = self.parts["kept"]
        cells = np.concatenate([kept.ravel(), self.parts["lost"].ravel()])
        n = int(cells.sum())
        drawn = rng.multinomial(n, cells / n) if n else cells
        parts = {"kept": drawn[: kept.size], "lost": drawn[kept.size :]}
        return attrs.evolve(self, parts={k: v.reshape(kept.shape) for k, v in parts.items()})

    # ------------------------------------------------------------------ for tables

    def _check(self) -> None:
        names = [axis.name for axis in self.axes]
        if not names or names[-1] != RENEWALS or self.context.option(SELECTED + RENEWALS):
            raise InvalidInputError(
                RENEWALS, "must be there in full", "who is at risk needs those of all renewals"
            )
        if self.axes[-1].labels != tuple(range(len(self.axes[-1]))) or not len(self.axes[-1]):
            raise InvalidInputError(RENEWALS, "must be 0, 1, 2, ... without a gap")
        for name in self.PARTS:
            if (self.parts[name] < 0).any():
                raise InvalidInputError(name, "must not be negative")
        if self.parts["lost"][..., 0].any():
            raise InvalidInputError("lost", "must be 0 at 0", "nobody leaves before a renewal")

    def _columns(self) -> dict[str, NDArray[Any]]:
        risk = {"at_risk": self.at_risk.ravel()}
        share = {"retention_rate": self.retention_rate.ravel()}
        columns = super()._columns()
        order = ("lost", "kept")
        return {**risk, **{k: columns[k] for k in order}, **share, "complete": columns["complete"]}

    def _complete(self) -> NDArray[np.bool_]:
        """Who is kept says what is not known yet: the table is what it will be, up to there."""
        return np.ones(self.shape, np.bool_)


def renewal_summary(
    spells: Spells,
    *,
    term: Term,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar,
) -> RenewalSummary:
    """Return how many customers were lost at each renewal, and how many are still there.

    Parameters
    ----------
    spells : Spells
        When customers were under contract: subscriptions, by `spells_of`. Spells of one customer
        that overlap or touch are one stay.
    term : tuple of (int, {"day", "week", "month", "year"})
        How long a contract runs before it is renewed: ``(1, "year")``.
    by : str, optional
        An attribute of the spells, such as ``"plan"``: that of the spell a stay began with.
    as_of : datetime, optional
        The last known instant; left out, that of the spells.
    calendar : Calendar
        Whose days.

    Returns
    -------
    RenewalSummary
        One count for each stay.

    Raises
    ------
    InvalidInputError
        If they are no spells, or an option is not as above.

    Notes
    -----
    As ``churn_rate(definition="renewal")`` has it, terms end on local days, k terms after the day
    a stay began; the 31st becomes the last of a shorter month. A day counts when it is over, so a
    renewal that is not due yet is not a failure. Who left in the middle of a term has not renewed
    at its end, and until that day counts with those who are still there: to count them earlier
    would be to know of the others, too, what is not known yet. Who left and came back has a stay
    of its own each time, as there.

    References
    ----------
    Fader, P. and Hardie, B. (2007). How to Project Customer Retention. Journal of Interactive
    Marketing 21(1), 76-90: why the customers lost at each renewal are all that a model needs.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import renewal_summary
    >>> from customerops.model import Calendar, Money, Subscription, spells_of
    >>> def month(who, ended):
    ...     return Subscription(
    ...         id=who, customer_id=who, plan="a", amount=Money("9", "EUR"), interval=(1, "month"),
    ...         started_at=dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc), ended_at=ended,
    ...     )
    >>> left = dt.datetime(2026, 3, 15, tzinfo=dt.timezone.utc)
    >>> spells = spells_of(
    ...     [month("stays", None), month("left", left)],
    ...     as_of=dt.datetime(2026, 4, 10, tzinfo=dt.timezone.utc),
    ... )
    >>> summary = renewal_summary(spells, term=(1, "month"), calendar=Calendar("UTC"))
    >>> summary.at_risk.tolist(), summary.lost.tolist(), summary.kept.tolist()
    ([2, 2, 2], [0, 0, 1], [0, 0, 1])
    """
    if not isinstance(spells, Spells):
        raise InvalidInputError("spells", "must be Spells", came(spells))
    if by is not None and not isinstance(by, str):
        raise InvalidInputError("by", "must be an attribute of the spells", came(by))
    if not isinstance(calendar, Calendar):
        raise InvalidInputError("calendar", "must be a Calendar", came(calendar))
    length, known = as_term(term), known_at(spells, as_of)
    stays = stays_of_spells(spells, known, by)
    began = calendar.ordinals(stays.start, "day")
    closed = calendar.ordinals(np.array([known + 1]), "day") - 1
    due = terms_by(began, np.maximum(closed, began), length)
    end = calendar.ordinals(np.where(stays.ended, stays.end, 0), "day")
    made = np.where(stays.ended, terms_by(began, np.maximum(end - 1, began), length), due)
    lost = made < due
    first = np.cumsum(np.bincount(stays.stay, minlength=len(began)))
    first -= np.bincount(stays.stay, minlength=len(began))
    group, groups = stays.groups.codes[first], stays.groups.count
    width = int(due.max(initial=0)) + 1
    cell = group * width + np.where(lost, made + 1, due)
    shape = (groups, width) if stays.groups.axes else (width,)

    def count(which: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.bincount(cell[which], minlength=groups * width).reshape(shape)

    return RenewalSummary(
        axes=[*stays.groups.axes, _renewals(width)],
        parts={"kept": count(~lost), "lost": count(lost)},
        context=Context(
            "renewal_summary", as_of=known, calendar=calendar, by=by, options={"term": length}
        ),
    )


def _renewals(width: int) -> Axis:
    return Axis(RENEWALS, range(width), "age")


def _survivors(given: Any) -> NDArray[np.int64]:
    row = whole_column(
        "survivors",
        given,
        "must be whole numbers of customers",
        "multiply a share by how many there were",
    )
    if not len(row):
        raise InvalidInputError("survivors", "must have at least one number a cohort", "got none")
    if (row < 0).any():
        raise InvalidInputError("survivors", "must not be negative")
    rises = np.diff(row, prepend=row[0]) > 0
    if rises.any():
        problem = f"there are more after renewal {int(rises.argmax())} than before"
        raise InvalidInputError("survivors", "must not rise", problem)
    return row
