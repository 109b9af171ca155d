"""Lead scores of a log: points for what customers did, which fade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.checks import came, each, finite, positive_duration
from customerops.model.values.instants import micros

__all__ = ["LeadScores", "lead_scores"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class LeadScores(PerCustomer):
    """The score of each customer: one row a customer, sorted by id.

    Attributes
    ----------
    ids : ndarray
        The customers.
    columns : mapping
        ``score``, in points; ``acts``, how many events count.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("score", "acts")


def lead_scores(
    log: InteractionLog,
    *,
    points: Sequence[tuple[Rule | str | Collection[str], float]],
    half_life: dt.timedelta,
    cap: float | None = None,
    as_of: dt.datetime | None = None,
) -> LeadScores:
    """Return the lead score of every customer (线索评分): points for what they did, which fade.

    Parameters
    ----------
    log : InteractionLog
        A log of customers, not by thread.
    points : sequence of (Rule, str or collection of str, float)
        Which events count, and how much; below 0 for what speaks against a lead. An event for
        which several hold counts for each.
    half_life : timedelta
        After which half of the points of an event are left.
    cap : float, optional
        The most that comes out.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    LeadScores
        Everybody who is known, also with 0; ``.top(n, by="score")`` gives whom to call.

    Raises
    ------
    InvalidInputError
        If `points` are no such pairs, the half-life is not above zero, a number is not finite, or
        as_of is not known.

    Notes
    -----
    ``sum of points * 2 ** (-age / half_life)``, the age of each event as of `as_of`; summed exactly
    and rounded once, so that the order of events does not show. See `lead_score` for what a score
    does not say.

    References
    ----------
    HubSpot, help on lead scores: points that decay with time, there in steps.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import lead_scores
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["visit", "demo", "visit"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (1, 8, 8)],
    ... ).until(dt.datetime(2026, 1, 8, tzinfo=dt.UTC))
    >>> scores = lead_scores(log, points=[("visit", 4), ("demo", 20)], half_life=dt.timedelta(days=7))
    >>> scores.columns["score"].tolist()
    [22.0, 4.0]
    """
    given = [_pair(pair) for pair in each("points", points)]
    half = micros(positive_duration("half_life", half_life))
    most = None if cap is None else finite("cap", cap)
    asked = ask(log, as_of=as_of)
    known = asked.log
    rows = [np.flatnonzero(rule.mask(known)) for rule, _ in given]
    owner = np.concatenate([np.zeros(0, np.int64), *(known.codes[some] for some in rows)])
    worth = np.concatenate(
        [
            np.zeros(0),
            *(
                point * np.exp2((known.at[some] - asked.as_of) / half)
                for some, (_, point) in zip(rows, given, strict=True)
            ),
        ]
    )
    score = exact.float_sum(owner.astype(np.intp), worth, known.n_customers)
    acts = exact.group_count(owner.astype(np.intp), known.n_customers)
    return LeadScores(
        ids=known.customers,
        columns={"score": score if most is None else np.minimum(score, most), "acts": acts},
        context=Context(
            "lead_scores",
            as_of=asked.as_of,
            options={"points": tuple(given), "half_life": half_life, "cap": most},
        ),
    )


def _pair(pair: Any) -> tuple[Rule, float]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise InvalidInputError("points", "must be pairs of a rule and points", came(pair))
    return as_rule(pair[0], name="points", level="event"), finite("points", pair[1])
