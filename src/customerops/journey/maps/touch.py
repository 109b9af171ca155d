"""Contacts with customers: on which channels, how often, by whom, and who waits for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.channels import ChannelMix, channel_mix, cross_channel, share_of
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import always, as_rule
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.estimates import ClusteredShare, Proportion
from customerops.model.tables.tables import Statistic
from customerops.model.values.checks import positive_duration
from customerops.model.values.columns import Coded
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["Coverage", "coverage"]

_SHARES = ("cross_channel", "handovers", "actor_handovers", "overdue")
_BOUNDS = ("value", "low", "high")
_FIELDS = ("mix", "cadence", *_SHARES)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Coverage(Statistic):
    """How customers are contacted. It is made by `coverage`; those of disjoint customers add up.

    Attributes
    ----------
    mix : ChannelMix
        Contacts and customers by channel.
    cross_channel : Proportion
        Of the customers with a contact on a known channel, those with contacts on several.
    handovers : ClusteredShare
        Of the contacts that follow another one, those on another channel than that.
    actor_handovers : ClusteredShare
        Of the contacts that follow another one, those by another kind of actor (human, bot,
        system); undefined where no contact says by whom it was.
    cadence : Distribution
        The times from one contact to the next.
    overdue : Proportion or None
        Of all customers, those without a contact for too long; None if that was not asked.
    context : Context
        As of when, over what, of which contacts.
    """

    mix: ChannelMix
    cross_channel: Proportion
    handovers: ClusteredShare
    actor_handovers: ClusteredShare
    cadence: Distribution
    overdue: Proportion | None
    context: Context

    def to_frame(self) -> pd.DataFrame:
        """Return the shares, a row each (and for each group): value, low, high, complete."""
        import pandas as pd

        frames = []
        for name in _SHARES:
            share = getattr(self, name)
            if share is not None:
                frame = share.to_frame().drop(columns=list(share.PARTS))
                frame.insert(0, "measure", name)
                frames.append(frame)
        whole: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return whole

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        if not isinstance(other, Coverage):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the number of contacts and of channels."""
        contacts = int(self.mix.parts["total"].sum())
        return f"Coverage({contacts} contacts, {self.mix._extent()})"

    def _repr_html_(self) -> str:
        """Show the shares as a table."""
        frame = self.to_frame()
        some = frame.head(render.ROWS)
        labels = {
            str(name): some[name].astype(object).where(some[name].notna(), None).tolist()
            for name in some.columns.drop([*_BOUNDS, "complete"])
        }
        shown = {name: [render.percent(v) for v in some[name].tolist()] for name in _BOUNDS}
        faint = (~some["complete"]).tolist()
        return render.rows_html(self.context.title, labels, shown, faint, len(frame))

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        parts = {name: getattr(self, name) + getattr(other, name) for name in _FIELDS[:-1]}
        overdue = None if self.overdue is None else self.overdue + other.overdue
        return attrs.evolve(self, **parts, overdue=overdue, context=context)


def coverage(
    log: InteractionLog,
    *,
    contacts: Rule | str | Collection[str] | None = None,
    overdue_after: dt.timedelta | None = None,
    unit: dt.timedelta = dt.timedelta(days=1),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> Coverage:
    """Say on which channels customers are contacted, how often, by whom, and who waits (触达覆盖).

    Parameters
    ----------
    log : InteractionLog
        The events, with their channel.
    contacts : Rule, str or collection of str, optional
        Which events are contacts: ``direction == "outbound"``, say. Left out, all are.
    overdue_after : timedelta, optional
        For longer than this, elapsed, a customer should not be without a contact. Left out, it is
        not asked who is.
    unit : timedelta
        What the times between contacts are counted in.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only contacts inside it. One that follows another counts by its own instant; the one
        before may lie before the window. Who is overdue is about `as_of`, whatever the window.
    by : str or Grouping, optional
        A customer attribute or a grouping.

    Returns
    -------
    Coverage
        ``.mix`` (``.share()`` of contacts, ``.reach()`` of customers), ``.cross_channel``,
        ``.handovers``, ``.actor_handovers``, ``.cadence`` and ``.overdue``.

    Raises
    ------
    InvalidInputError
        If the log has no channels, `overdue_after` or `unit` is not longer than zero, or as_of is
        not known.

    Notes
    -----
    Contacts cluster within customers: the shares of contacts have intervals with the customer as
    the unit. A contact whose channel is missing is in the mix, under None, but no handover leads
    to it or from it, and it makes nobody cross-channel.

    A customer is overdue whose last contact is longer ago than `overdue_after`, and so is one
    without any contact who has been known for longer than that.

    The cadence holds the times between contacts that took place. Who is contacted often has more of
    them, and the time since the last contact is in none: `customerops.metrics.gap_times` says
    how long a customer waits.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import coverage
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 9, 2)],
    ...     kind=["message", "call", "call", "message"],
    ...     channel=["email", "phone", "phone", "email"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> found = coverage(log, overdue_after=dt.timedelta(days=25))
    >>> found.mix.to_frame()[["channel", "contacts", "customers"]].values.tolist()
    [['email', 2, 2], ['phone', 2, 1]]
    >>> found.cross_channel.value, found.handovers.value, found.cadence.mean, found.overdue.value
    (0.5, 0.5, 4.0, 0.5)
    """
    rule = always if contacts is None else as_rule(contacts, name="contacts", level="event")
    tick = micros(positive_duration("unit", unit))
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    group, _, axes = groups_of(known, by)
    rows = rows_of(known, rule)
    customer, at = known.codes[rows], known.at[rows]
    inside = np.ones(len(rows), np.bool_) if over is None else over.mask(at)
    follows = inside.copy()
    follows[:1] = False
    follows[1:] &= customer[1:] == customer[:-1]
    later = np.flatnonzero(follows)
    context = Context(
        "coverage",
        unit="interaction",
        as_of=asked.as_of,
        over=over,
        by=by,
        options={"contacts": rule, "overdue_after": overdue_after, "tick": unit},
    )
    of_customers = attrs.evolve(context, unit="customer")
    channel = known.coded("channel")
    codes = channel.codes[rows]
    actors = known.columns.get("actor_kind")
    assert actors is None or isinstance(actors, Coded)
    by_whom = np.full(len(rows), -1, np.int8) if actors is None else actors.codes[rows]

    def changed(name: str, labels: NDArray[Any]) -> ClusteredShare:
        both = later[(labels[later] >= 0) & (labels[later - 1] >= 0)]
        other = both[labels[both] != labels[both - 1]]
        n = known.n_customers
        return ClusteredShare.from_rows(
            np.bincount(customer[other], minlength=n),
            np.bincount(customer[both], minlength=n),
            axes=axes,
            codes=group,
            context=attrs.evolve(context, metric=f"coverage.{name}"),
        )

    return Coverage(
        mix=channel_mix(channel, customer[inside], codes[inside], group, axes, context),
        cross_channel=cross_channel(customer[inside], codes[inside], group, axes, of_customers),
        handovers=changed("handovers", codes),
        actor_handovers=changed("actor_handovers", by_whom),
        cadence=Distribution.from_rows(
            (at[later] - at[later - 1]) / tick,
            outer=axes,
            codes=group[customer[later]],
            context=attrs.evolve(context, metric="coverage.cadence"),
        ),
        overdue=None
        if overdue_after is None
        else _overdue(asked, customer, at, overdue_after, group, axes, of_customers),
        context=context,
    )


def _overdue(
    asked: Asked,
    customer: NDArray[np.int32],
    at: NDArray[np.int64],
    after: dt.timedelta,
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> Proportion:
    since = asked.log.entered.copy()
    since[customer] = at  # by time: the last one stays
    late = asked.as_of - since > micros(positive_duration("overdue_after", after))
    everybody = np.ones(len(group), np.bool_)
    context = attrs.evolve(context, metric="coverage.overdue", over=None)
    return share_of(late, everybody, group, axes, context)
