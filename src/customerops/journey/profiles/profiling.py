"""The profile of every customer (客户画像): who buys what, how often, where and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.maps.lasting import lasting_of
from customerops.journey.maps.standing import changes_of
from customerops.journey.profiles.preferring import Preferred, preferred
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.population.batch import replay_log
from customerops.metrics.engagement.own_gaps import next_purchase
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import rows_of
from customerops.model.records.records import Customer
from customerops.model.rules.rules import Rule, always, as_rule
from customerops.model.rules.stages import JourneyMap
from customerops.model.segments.segments import Segmentation
from customerops.model.segments.tier_columns import walk
from customerops.model.segments.tiers import TierPolicy
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.checks import came, each, identifier, one_of, positive_duration
from customerops.model.values.instants import from_us, micros, to_us
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.values.calendar import Calendar

__all__ = ["PROFILE_FEATURES", "Profiles", "profile"]

PROFILE_FEATURES = ("recency", "frequency", "monetary", "cycle", "channel", "category", "hour")
"""What a profile can say from events alone."""

_DEFAULT = ("recency", "frequency", "monetary", "cycle", "hour")

Columns = dict[str, NDArray[Any]]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Profiles(PerCustomer):
    """What a log tells of each customer; made by `profile`.

    One row per customer who had entered; which columns there are is what was asked for. Results of
    disjoint customers add. The repr shows no id.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import profile
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"], kind=["purchase"], at=[dt.date(2026, 1, 5)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> profile(log, features=["recency", "frequency"]).of("a")
    {'recency': 26.0, 'frequency': 1}
    """

    @property
    def COLUMNS(self) -> tuple[str, ...]:  # type: ignore[override] # noqa: N802 - as asked
        """The names of the columns."""
        names: tuple[str, ...] = self.context.option("columns")
        return names

    def of(self, customer_id: object) -> dict[str, Any]:
        """Return the profile of one customer: its columns as plain values, without the id.

        Raises
        ------
        InvalidInputError
            If the customer is not in it.
        """
        one = identifier("customer_id", customer_id)
        found = [i for i, own in enumerate(self.ids.tolist()) if own == one]
        if not found:
            raise InvalidInputError("customer_id", "must be a customer of the log", "it is none")
        return {
            name: self.columns[name][found[0] : found[0] + 1].tolist()[0] for name in self.COLUMNS
        }


def profile(
    log: InteractionLog,
    *,
    features: Collection[str] = _DEFAULT,
    purchases: Rule | str | Collection[str] = "purchase",
    activity: Rule | str | Collection[str] = always,
    half_life: dt.timedelta | None = dt.timedelta(days=90),
    min_gaps: int = 3,
    policy: LifecyclePolicy | None = None,
    journey_map: JourneyMap | None = None,
    segmentation: Segmentation | None = None,
    tiers: TierPolicy | None = None,
    customers: Iterable[Customer] | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Profiles:
    """Return the profile of every customer of a log.

    Parameters
    ----------
    log : InteractionLog
        The events, with the whole history of every customer.
    features : collection of {"recency", "frequency", "monetary", "cycle", "channel", "category", "hour"}
        What to say. ``"channel"`` needs that column, ``"category"`` line items, ``"monetary"``
        amounts.
    purchases : Rule, str or collection of str
        Which events are purchases: for all features but the next.
    activity : Rule, str or collection of str
        Which events show where and when a customer acts: for ``"channel"`` and ``"hour"``.
    half_life : timedelta, optional
        After how long an event weighs half in what is preferred; None: all weigh the same.
    min_gaps : int
        With fewer gaps between purchases there is no expected date.
    policy : LifecyclePolicy, optional
        Adds the lifecycle stage. Must have no scope.
    journey_map : JourneyMap, optional
        Adds the journey stage.
    segmentation : Segmentation, optional
        Adds the segment.
    tiers : TierPolicy, optional
        Adds the level.
    customers : iterable of Customer, optional
        Adds the tags of their records that had been put there by then; those without a date count.
    as_of : datetime, optional
        Timezone-aware, inclusive; left out, the log's.
    calendar : Calendar, optional
        Whose days and hours; left out, the log's.

    Returns
    -------
    Profiles
        One row for each customer who had entered, by id, with the columns

        - ``recency``: local days since the last purchase, NaN without one;
        - ``frequency``: purchases;
        - ``monetary``: their amounts summed, in minor units;
        - ``cycle`` and ``next_purchase``: the typical gap in days, and the date it leads to, NaN
          and None with too few gaps (see `next_purchase`);
        - ``channel``, ``category``, ``hour`` (0 to 23), each with ``..._share``, its part of the
          customer's weight: None and NaN without an event that has one;
        - ``lifecycle_stage``, ``journey_stage``, ``segment``, ``tier``, ``tags``, if asked for.

    Raises
    ------
    InvalidInputError
        If there is no `as_of` or calendar, a feature is not known, what it needs is not loaded, or
        an option is of another type.

    Notes
    -----
    A view of the log at an instant, not a record: ask again instead of keeping it. Everything in it
    is of one customer alone, so profiles of disjoint customers add. An event weighs
    ``2 ** -(age / half_life)``; each line item counts as one event of its category. Of labels of
    equal weight the first in order is taken.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import profile
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, amount=[10, 5, 20],
    ...     at=[dt.date(2026, 1, d) for d in (5, 12, 7)], channel=["web", "app", "web"],
    ...     currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> seen = profile(log, features=["recency", "monetary", "channel"])
    >>> seen.columns["recency"].tolist(), seen.columns["monetary"].tolist()
    ([19.0, 24.0], [1500, 2000])
    >>> seen.of("a")["channel"], round(seen.of("a")["channel_share"], 3)
    ('app', 0.513)
    """
    wanted = {
        one_of(f"features[{i}]", x, PROFILE_FEATURES)
        for i, x in enumerate(each("features", features))
    }
    bought, acts = as_rule(purchases, name="purchases"), as_rule(activity, name="activity")
    span = None if half_life is None else micros(positive_duration("half_life", half_life))
    asked = ask(log, as_of=as_of, calendar=calendar)
    columns: Columns = {}
    paid = False
    if wanted & {"recency", "frequency", "monetary"}:
        columns, paid = _purchases(asked, bought, wanted)
    if "cycle" in wanted:
        columns |= _cycle(asked, bought, min_gaps)
    for name, found in _preferences(asked, bought, acts, wanted, span):
        columns |= {name: found.label, f"{name}_share": found.share}
    given: list[tuple[str, str, object, type, Any]] = [
        ("policy", "lifecycle_stage", policy, LifecyclePolicy, _lifecycle),
        ("journey_map", "journey_stage", journey_map, JourneyMap, _journey),
        ("segmentation", "segment", segmentation, Segmentation, _segment),
        ("tiers", "tier", tiers, TierPolicy, _tier),
    ]
    options: dict[str, object] = {}
    for option, name, source, cls, read in given:
        if source is None:
            continue
        if not isinstance(source, cls):
            raise InvalidInputError(option, f"must be a {cls.__name__}", came(source))
        columns[name] = read(asked, source)
        options[option] = source
    if customers is not None:
        columns["tags"] = _tags(asked, customers)
    return Profiles(
        ids=asked.log.customers,
        columns=columns,
        context=Context(
            "profile",
            as_of=asked.as_of,
            calendar=asked.zone,
            currency=asked.log.currency if paid else None,  # later money does not show
            options={
                "columns": tuple(columns),
                "purchases": bought,
                "activity": acts,
                "half_life": span,
                "min_gaps": min_gaps,
                **options,
            },
        ),
    )


# ---------------------------------------------------------------------- from events


def _purchases(asked: Asked, bought: Rule, wanted: set[str]) -> tuple[Columns, bool]:
    """Return recency, frequency and monetary value, and whether any money was seen."""
    log, n = asked.log, asked.log.n_customers
    rows = rows_of(log, bought)
    customer = log.codes[rows].astype(np.intp)
    columns: Columns = {}
    paid = False
    if "recency" in wanted:
        days = log.ordinals("day", asked.zone)[rows].astype(np.float64)
        today = int(asked.zone.ordinals([asked.as_of], "day")[0])
        last = np.full(n, np.nan)
        last[customer] = days  # in order of time, so the last is kept
        columns["recency"] = today - last
    if "frequency" in wanted:
        columns["frequency"] = exact.group_count(customer, n)
    if "monetary" in wanted:
        amount = log.numbers("amount")
        known = np.ones(len(rows), np.bool_) if amount.valid is None else amount.valid[rows]
        columns["monetary"] = exact.group_sum(customer, np.where(known, amount.values[rows], 0), n)
        paid = bool(known.any())
    return columns, paid


def _cycle(asked: Asked, bought: Rule, min_gaps: int) -> Columns:
    """Return the typical gap and the expected date of the next purchase."""
    due = next_purchase(asked.log, purchases=bought, min_gaps=min_gaps, calendar=asked.zone)
    place = {one: i for i, one in enumerate(asked.log.customers.tolist())}
    at = [place[one] for one in due.ids.tolist()]
    cycle = np.full(len(place), np.nan)
    expected = np.full(len(place), None, object)
    cycle[at], expected[at] = due.columns["typical"], due.expected
    return {"cycle": cycle, "next_purchase": expected}


def _preferences(
    asked: Asked, bought: Rule, acts: Rule, wanted: set[str], half_life: int | None
) -> Iterable[tuple[str, Preferred]]:
    log, n = asked.log, asked.log.n_customers
    if "channel" in wanted:
        rows, column = rows_of(log, acts), log.coded("channel")
        found = (log.codes[rows], log.at[rows], column.codes[rows], column.labels)
        yield "channel", preferred(*found, n=n, half_life=half_life)
    if "category" in wanted:
        rows = rows_of(log, bought)
        lines = log.lines
        if lines is None or "category" not in lines.columns:
            raise InvalidInputError(
                "category", "must be loaded in the log", "it has no such line items"
            )
        many = np.diff(lines.offsets)[rows]
        item = ranges(lines.offsets[rows], many)
        category: Any = lines.columns["category"]
        each_row = np.repeat(rows, many)
        found = (log.codes[each_row], log.at[each_row], category.codes[item], category.labels)
        yield "category", preferred(*found, n=n, half_life=half_life)
    if "hour" in wanted:
        rows = rows_of(log, acts)
        hours = log.ordinals("hour", asked.zone)[rows].astype(np.int64) % 24
        found = (log.codes[rows], log.at[rows], hours, tuple(range(24)))
        yield "hour", preferred(*found, n=n, half_life=half_life)


# ---------------------------------------------------------------------- from what else is given


def _lifecycle(asked: Asked, policy: LifecyclePolicy) -> NDArray[Any]:
    if policy.scope is not None:
        raise InvalidInputError("policy", "must have no scope", "a customer has one profile")
    population = replay_log(asked.log, policy)
    stage = [one.value for one in population.stage_at(from_us(asked.as_of))]
    of = dict(zip(population.ids.tolist(), stage, strict=True))
    return np.array([of[one] for one in asked.log.customers.tolist()], object)


def _journey(asked: Asked, journey_map: JourneyMap) -> NDArray[Any]:
    stage, _ = changes_of(asked.log, lasting_of(journey_map, None, asked)).standing(
        asked.log.n_customers
    )
    return np.array([None, *journey_map.keys], object)[stage]


def _segment(asked: Asked, segmentation: Segmentation) -> NDArray[Any]:
    return np.array([*segmentation.keys, None], object)[segmentation.places(asked.log)]


def _tier(asked: Asked, tiers: TierPolicy) -> NDArray[Any]:
    return np.array(tiers.keys, object)[walk(asked, tiers).level]


def _tags(asked: Asked, customers: Iterable[Customer]) -> NDArray[Any]:
    """Return the names of each customer's tags, sorted; none without a record."""
    known: dict[Any, tuple[str, ...]] = {}
    for i, one in enumerate(customers):
        if not isinstance(one, Customer):
            raise InvalidInputError(f"customers[{i}]", "must be a Customer", came(one))
        if one.id in known:
            raise InvalidInputError("customers", "must be one record each", "some are repeated")
        since = [(tag.name, tag.since) for tag in one.tags]
        known[one.id] = tuple(
            sorted({name for name, at in since if at is None or to_us(at) <= asked.as_of})
        )
    tags = np.full(asked.log.n_customers, None, object)
    for i, one in enumerate(asked.log.customers.tolist()):
        tags[i] = known.get(one, ())
    return tags
