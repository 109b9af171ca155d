"""Coverage against walking from contact to contact."""

from __future__ import annotations

import datetime as dt
import pickle
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.journey import Coverage, coverage
from customerops.model import Customer, Interaction, InteractionLog, Ratio, Window, channel
from tests.reference import maps as slow
from tests.reference.metrics import histories

UTC = dt.UTC
DAY = dt.datetime(2024, 3, 30, tzinfo=UTC)
DAYS = dt.timedelta(days=1)
FAR = dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC)


def contact(who: str, day: float, channel: str | None = "web", **more: Any) -> Interaction:
    return Interaction(
        customer_id=who, at=DAY + day * DAYS, kind=more.pop("kind", "x"), channel=channel, **more
    )


def log_of(rows: list[Interaction], people: list[Customer] | None = None) -> InteractionLog:
    log = InteractionLog.from_interactions(rows)
    return log if people is None else log.with_customers(people)


def draw(seed: int) -> tuple[list[Interaction], list[Customer]]:
    pick = random.Random(seed)
    rows = [
        contact(
            pick.choice("abcd"),
            pick.choice([0, 0, 1, 1.5, 2, 2, 3, 4, 9]),
            pick.choice([None, "web", "web", "store", "mail"]),
            actor_kind=pick.choice([None, "human", "bot"]),
            kind=pick.choice("xxy"),
        )
        for _ in range(pick.randrange(30))
    ]
    people = [
        Customer(id=one, created_at=DAY + pick.choice([0, 2, 5]) * DAYS, country=pick.choice("XY"))
        for one in "abce"
    ]
    return rows, people


@pytest.mark.parametrize("seed", range(60))
def test_coverage_equals_walking_from_contact_to_contact(seed: int) -> None:
    rows, people = draw(seed)
    as_of = DAY + (seed % 12) * DAYS
    over = Window(DAY + DAYS, DAY + 4 * DAYS) if seed % 2 else None
    edges = (DAY + DAYS, DAY + 4 * DAYS) if seed % 2 else FAR
    known = histories(rows, as_of)
    entered: dict[Any, dt.datetime] = {
        one.id: one.created_at
        for one in people
        if one.created_at is not None and one.created_at <= as_of
    }
    for who, events in known.items():
        entered[who] = min(entered.get(who, as_of), events[0].at)
    own = {who: [one for one in known.get(who, []) if one.kind == "x"] for who in entered}
    walked = {who: slow.contacts(events, *edges) for who, events in own.items()}
    found = coverage(
        log_of(rows, people), contacts="x", overdue_after=3 * DAYS, as_of=as_of, over=over
    )

    labels = {label for one in walked.values() for label in one.channels}
    assert set(found.mix.axes[0].labels) == labels
    shares, reach = found.mix.share(), found.mix.reach()
    some = [one for one in walked.values() if one.channels]
    for label in labels:
        cell = found.mix.select(channel=label)
        assert cell.contacts == sum(one.channels.count(label) for one in some)
        assert cell.customers == sum(label in one.channels for one in some)
        counts = [(one.channels.count(label), len(one.channels)) for one in some]
        slowly = Ratio.from_rows(*zip(*counts, strict=True), context=shares.context)
        assert all(shares.select(channel=label).parts[k] == v for k, v in slowly.parts.items())
        assert reach.select(channel=label).total == len(some)
    several = [set(one.channels) - {None} for one in some]
    assert found.cross_channel.count == sum(len(one) > 1 for one in several)
    assert found.cross_channel.total == sum(len(one) > 0 for one in several)
    for name, field in (("handovers", "known"), ("actor_handovers", "actors")):
        pairs = [getattr(one, field) for one in walked.values()]
        changed = [sum(a != b for a, b in one) for one in pairs]
        ratio = getattr(found, name)
        assert (ratio.x, ratio.y) == (sum(changed), sum(map(len, pairs)))
        assert ratio.parts["xx"] == sum(n * n for n in changed)
        assert ratio.n == sum(len(one) > 0 for one in pairs)
    gaps = Counter(gap / DAYS for one in walked.values() for gap in one.gaps)
    assert dict(zip(found.cadence.points, found.cadence.count, strict=True)) == gaps
    assert found.overdue is not None
    last = {who: walked[who].last or first for who, first in entered.items()}
    late = [as_of - one for one in last.values()]
    assert found.overdue.count == sum(gap > 3 * DAYS for gap in late)
    assert found.overdue.total == len(entered)


@pytest.mark.parametrize("seed", range(20))
def test_parts_add_up(seed: int) -> None:
    rows, people = draw(seed)
    asked: dict[str, Any] = {"as_of": DAY + 9 * DAYS, "by": "country", "overdue_after": DAYS}
    parts = [
        coverage(
            log_of(
                [row for row in rows if str(row.customer_id) in own],
                [one for one in people if str(one.id) in own],
            ),
            **asked,
        )
        for own in ("ab", "cde")
    ]
    whole = coverage(log_of(rows, people), **asked)
    assert parts[0] + parts[1] == whole == sum(reversed(parts))
    assert whole.mix.share() == parts[0].mix.share() + parts[1].mix.share()
    assert pickle.loads(pickle.dumps(whole)) == whole
    for label in whole.cross_channel.axes[0].labels:
        some = [one for one in people if one.country == label]
        ids = {one.id for one in people} - {one.id for one in some}
        own = [
            r
            for r in rows
            if (r.customer_id not in ids) and (label is None) == (r.customer_id == "d")
        ]
        alone = coverage(log_of(own, some), as_of=asked["as_of"], overdue_after=DAYS)
        for name in ("cross_channel", "handovers", "actor_handovers", "overdue"):
            one, other = getattr(whole, name).select(country=label), getattr(alone, name)
            assert dict(one.parts) == dict(other.parts)


def test_a_customer_on_two_channels_with_two_handovers() -> None:
    rows = [contact("a", day, on) for day, on in enumerate(["web", "store", "store", "web"])]
    rows += [contact("b", 0), contact("b", 4), contact("c", 2, None)]
    found = coverage(log_of(rows), as_of=DAY + 7 * DAYS, overdue_after=3 * DAYS)
    assert found.mix.share().select(channel="web").value == pytest.approx(4 / 7)
    assert found.mix.reach().select(channel="web").value == pytest.approx(2 / 3)
    assert found.cross_channel.value == 0.5  # c's channel is not known
    assert found.handovers.value == 0.5  # 2 of 3 and 0 of 1
    assert found.cadence.quantile([0.5, 1]).tolist() == [1, 4]
    assert found.overdue is not None
    assert found.overdue.value == pytest.approx(2 / 3)  # last seen on day 3, 4 and 2 of 7
    exactly = coverage(log_of(rows), as_of=DAY + 7 * DAYS, overdue_after=4 * DAYS).overdue
    assert exactly is not None
    assert exactly.count == 1  # four days to the microsecond are not too long


def test_contacts_by_whom() -> None:
    rows = [
        contact("a", i, actor_kind=who) for i, who in enumerate(["bot", "human", "human", None])
    ]
    found = coverage(log_of(rows), as_of=DAY + 9 * DAYS)
    assert found.actor_handovers.value == 0.5
    assert found.overdue is None
    silent = InteractionLog.from_arrays(
        customer_id=["a", "a"], at=[DAY, DAY], kind=["x", "x"], channel=["web", "web"]
    )
    none = coverage(silent, as_of=DAY).actor_handovers
    assert (none.y, np.isnan(none.value)) == (0, True)


def test_a_share_of_contacts_is_as_certain_as_there_are_customers() -> None:
    rows = [contact(f"{i}", d, "web" if i < 5 else "mail") for i in range(10) for d in range(50)]
    low, high = coverage(log_of(rows), as_of=DAY + 99 * DAYS).mix.share().interval()
    assert (high - low > 0.5).all()  # ten customers, not 500 contacts


def test_it_is_shown_as_shares() -> None:
    people = [Customer(id="a", country="X")]
    found = coverage(
        log_of([contact("a", 0), contact("b", 1)], people), as_of=DAY + DAYS, by="country"
    )
    frame = found.to_frame()
    assert list(frame) == ["measure", "country", "value", "low", "high", "complete"]
    assert frame["measure"].tolist() == sorted(
        ["cross_channel", "handovers", "actor_handovers"] * 2,
        key=["cross_channel", "handovers", "actor_handovers"].index,
    )
    html = found._repr_html_()
    assert "cross_channel" in html
    assert "nan" not in html.lower()
    assert "None" not in html
    assert repr(found) == "Coverage(2 contacts, axes=country[2] x channel[1])"
    assert found != 1
    empty = coverage(log_of([]), as_of=DAY)
    assert np.isnan(empty.cross_channel.value)
    assert isinstance(empty + empty, Coverage)
    assert list(found.mix.to_frame()) == [
        "country",
        "channel",
        "contacts",
        "customers",
        "reached",
        "total",
        "complete",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overdue_after": 0 * DAYS}, "overdue_after must be longer than zero"),
        ({"overdue_after": 30}, "overdue_after must be a timedelta"),
        ({"unit": 0 * DAYS}, "unit must be longer than zero"),
        ({"contacts": 5}, "contacts must be"),
        ({"as_of": None}, "as_of must be given"),
        ({"over": "June"}, "over must be a Window"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        coverage(log_of([contact("a", 0)]), **{"as_of": DAY, **options})


def test_a_log_without_channels_is_refused() -> None:
    log = InteractionLog.from_arrays(customer_id=["a"], at=[DAY], kind=["x"])
    with pytest.raises(InvalidInputError, match="column must be one the log was built with"):
        coverage(log, as_of=DAY)
    assert coverage(
        log_of([contact("a", 0)]), contacts=channel == "mail", as_of=DAY
    ).mix.shape == (0,)
