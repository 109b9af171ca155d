"""Contacts that are due: who has not been spoken to for longer than was meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import as_rule
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import came, positive_duration, scalar
from customerops.model.values.instants import micros
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule

__all__ = ["OverdueContacts", "overdue_contacts"]

_DAY = 86_400_000_000


@attrs.frozen(eq=False, repr=False, kw_only=True)
class OverdueContacts(PerCustomer):
    """When each customer is due for a contact: one row a customer, sorted by id.

    It shows how many are overdue, and nobody's id.

    Attributes
    ----------
    ids : ndarray
        The customers who are to be contacted at all.
    columns : mapping
        ``last``, the last contact, in microseconds UTC, None for never; ``due``, until when the next
        one is in time; ``overdue``, whether that has passed.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("last", "due", "overdue")

    @property
    def share(self) -> Proportion:
        """The share of these customers who are overdue, with an interval."""
        return Proportion(
            parts={"count": int(self.columns["overdue"].sum()), "total": len(self)},
            context=attrs.evolve(self.context, metric="overdue_contacts.share"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per customer: ``customer_id``, ``last`` and ``due`` in UTC, ``overdue``.

        ``days_late`` is how long ago a contact was due, below 0 for what is not yet.
        """
        import pandas as pd

        frame = super().to_frame()
        for name in ("last", "due"):
            us = pd.array([None if x is None else int(x) for x in self.columns[name]], "Int64")
            frame[name] = pd.to_datetime(pd.Series(us), unit="us", utc=True)
        assert self.context.as_of is not None
        late = (self.context.as_of - self.columns["due"].astype(np.int64)) / _DAY
        return frame.assign(days_late=late)

    def _repr_html_(self) -> str:
        """Show how many customers are overdue."""
        share = self.share
        never = sum(1 for one in self.columns["last"].tolist() if one is None)
        shown = [len(self), share.count, never]
        return render.rows_html(
            self.context.title,
            {"": ["customers", "overdue", "never contacted"]},
            {"count": [render.number(x) for x in shown]},
            [False] * 3,
            3,
        )


def overdue_contacts(
    log: InteractionLog,
    *,
    contact: Rule | str | Collection[str],
    every: dt.timedelta | Mapping[Any, dt.timedelta | None],
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
) -> OverdueContacts:
    """Return who has not been contacted for longer than was meant (逾期未联系, 回访).

    Parameters
    ----------
    log : InteractionLog
        The events.
    contact : Rule, str or collection of str
        Which events are a contact: ``"meeting"``, ``{"call", "visit"}``.
    every : timedelta, or mapping of group to timedelta or None
        How long after a contact the next one is due; for the groups of `by` one each, None for a
        group that is not contacted.
    by : str or Grouping, optional
        What `every` is told by: a tier, a segment, the missing group as None.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    OverdueContacts
        Everybody who is to be contacted; ``.share`` is how many are overdue. Those of disjoint
        customers add.

    Raises
    ------
    InvalidInputError
        If `every` is not longer than zero, is a mapping without `by` or the other way round, or
        leaves out a group that there is; or if as_of is not known.

    Notes
    -----
    A contact at t makes the next one due at ``t + every``, and it is overdue after that instant.
    Who was never contacted is due so long after they became known.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import overdue_contacts
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["signup", "call", "signup"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 20, 5)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> due = overdue_contacts(log, contact="call", every=dt.timedelta(days=14))
    >>> due.share.count, due.to_frame()["overdue"].tolist()
    (1, [False, True])
    """
    rule = as_rule(contact, name="contact", level="event")
    cadence = _cadence(every, by)
    asked = ask(log, as_of=as_of)
    known = asked.log
    group, _, axes = groups_of(known, by)
    waits = _waits(cadence, axes[0].labels if axes else (None,))
    rows = rows_of(known, rule)
    last = np.full(known.n_customers, None, object)
    since = known.entered.copy()
    since[known.codes[rows]] = known.at[rows]  # rows rise, so the last stays
    last[known.codes[rows]] = known.at[rows]
    wait = waits[group]
    meant = np.flatnonzero(wait >= 0)
    due = since[meant] + wait[meant]
    return OverdueContacts(
        ids=known.customers[meant],
        columns={"last": last[meant], "due": due, "overdue": due < asked.as_of},
        context=Context(
            "overdue_contacts",
            as_of=asked.as_of,
            by=by,
            options={"contact": rule, "every": cadence},
        ),
    )


def _cadence(every: Any, by: Any) -> Any:
    """Return what was meant: a timedelta, or pairs of a label and one, sorted."""
    if isinstance(every, Mapping) != (by is not None):
        problem = "by is not" if by is None else "by is given"
        raise InvalidInputError(
            "every", "must be a mapping where by is given, and only there", problem
        )
    if not isinstance(every, Mapping):
        return positive_duration("every", every)
    pairs = [
        (_label(label), None if one is None else positive_duration("every", one))
        for label, one in every.items()
    ]
    return tuple(sorted(pairs, key=lambda pair: label_key(pair[0])))


def _label(given: Any) -> Label:
    """Return the label of a group, or say that it is none."""
    if given is None:
        return None
    if isinstance(given, dt.date | UUID):
        return given
    try:
        return scalar("every", given)
    except InvalidInputError:
        raise InvalidInputError("every", "must have groups as keys", came(given)) from None


def _waits(cadence: Any, labels: tuple[Label, ...]) -> NDArray[np.int64]:
    """Return how long each group waits, in microseconds; -1 for one that is not contacted."""
    if isinstance(cadence, dt.timedelta):
        return np.array([micros(cadence)])
    meant = {label_key(label): one for label, one in cadence}
    keys = [label_key(label) for label in labels]
    missing = sum(key not in meant for key in keys)
    if missing:
        problem = f"{missing} of {len(keys)} groups have none"
        raise InvalidInputError("every", "must say it for each group", problem)
    waits = [meant[key] for key in keys]
    return np.array([-1 if one is None else micros(one) for one in waits], np.int64)
