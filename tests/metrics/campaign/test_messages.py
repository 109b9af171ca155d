"""What becomes of messages: by hand, by published figures, and against records read one by one."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import CampaignSummary, MessageCounts, campaign_summary
from customerops.metrics.campaign.rates import LINKED
from customerops.model import (
    Axis,
    Context,
    Customer,
    Interaction,
    InteractionLog,
    Window,
    actor_kind,
    outcome,
)
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, utc
from tests.reference import campaign as slow

WEEK = 7 * DAY
END = utc("2026-06-01")
RULES: dict[str, Any] = {
    "hard": outcome == "hard",
    "machine": actor_kind == "bot",
    "replies": "message",
    "conversions": "purchase",
}
c: Any = campaign_summary


def event(
    who: str, what: str, at: str, campaign: str | None = "spring", **more: Any
) -> Interaction:
    return Interaction(customer_id=who, kind=what, at=utc(at), campaign_id=campaign, **more)


def log_of(rows: list[Interaction], as_of: dt.datetime = END) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


def summary_of(
    rows: list[Interaction], as_of: dt.datetime = END, **options: Any
) -> CampaignSummary:
    return campaign_summary(log_of(rows, as_of), within=WEEK, **RULES, **options)


def counts(summary: CampaignSummary) -> dict[str, Any]:
    return {
        name: count.tolist() if isinstance(count, np.ndarray) else count
        for name in summary.outcomes
        if (count := summary.messages(name)) is not None
    }


SPRING = [
    event("a", "send", "2026-03-01"),
    event("a", "deliver", "2026-03-01"),
    event("a", "open", "2026-03-01", actor_kind="bot"),
    event("a", "open", "2026-03-02"),
    event("a", "open", "2026-03-03"),
    event("a", "click", "2026-03-03"),
    event("a", "purchase", "2026-03-05", campaign=None),
    event("b", "send", "2026-03-01"),
    event("b", "open", "2026-03-01", actor_kind="bot"),
    event("b", "unsubscribe", "2026-03-07"),
    event("c", "send", "2026-03-01"),
    event("c", "bounce", "2026-03-01", outcome="soft"),
    event("c", "bounce", "2026-03-02", outcome="hard"),
    event("c", "purchase", "2026-03-02", campaign=None),
    event("d", "send", "2026-03-01"),
    event("d", "bounce", "2026-03-01", outcome="soft"),
    event("d", "message", "2026-03-04"),
    event("d", "complain", "2026-03-04"),
    event("e", "send", "2026-03-01"),
    event("e", "click", "2026-03-02"),
    event("f", "send", "2026-03-01"),
    event("f", "purchase", "2026-03-08", campaign=None),  # a week later, to the instant
]


def test_one_campaign_by_hand() -> None:
    spring = summary_of(SPRING).select(campaign="spring")
    assert counts(spring) == {
        "sent": 6,
        "delivered": 5,  # c bounced; d bounced and answered
        "bounced": 2,
        "hard_bounced": 1,
        "soft_bounced": 1,
        "opened": 2,
        "opened_by_people": 1,
        "clicked": 2,
        "clicked_by_people": 2,
        "opened_clicked": 1,
        "opened_clicked_by_people": 1,
        "replied": 1,
        "unsubscribed": 1,
        "complained": 1,
        "converted": 1,  # not c, to whom nothing came
    }
    assert list(counts(spring)) == list(spring.outcomes)
    rates = [
        (spring.delivery_rate(), 5 / 6),
        (spring.bounce_rate(definition="all"), 2 / 6),
        (spring.bounce_rate(definition="hard"), 1 / 6),
        (spring.bounce_rate(definition="soft"), 1 / 6),
        (spring.open_rate(), 2 / 5),
        (spring.open_rate(basis="sent"), 2 / 6),
        (spring.open_rate(machine="exclude"), 1 / 5),
        (spring.click_rate(basis="sent", machine="exclude"), 2 / 6),
        (spring.click_to_open(), 1 / 2),
        (spring.click_to_open(machine="exclude"), 1 / 1),
        (spring.reply_rate(), 1 / 5),
        (spring.unsubscribe_rate(), 1 / 5),
        (spring.complaint_rate(basis="sent"), 1 / 6),
        (spring.conversion_after(), 1 / 5),
        (spring.conversion_after(basis="sent"), 1 / 6),
    ]
    for rate, value in rates:
        assert rate.value == value


def test_events_before_and_after_their_message() -> None:
    rows = [
        event("a", "open", "2026-02-28"),  # before
        event("a", "send", "2026-03-01"),
        event("a", "open", "2026-03-08"),  # a week later, to the instant
        event("a", "click", "2026-03-02", campaign="summer"),  # of another campaign
        event("b", "open", "2026-03-02"),  # never sent
        event("b", "open", "2026-03-02", campaign=None),
    ]
    summary = summary_of(rows)
    assert summary.axes[0].labels == ("spring", "summer", None)
    assert np.asarray(summary.unlinked("opened")).tolist() == [2, 0, 1]
    assert np.asarray(summary.unlinked("clicked")).tolist() == [0, 1, 0]
    assert np.asarray(summary.late("opened")).tolist() == [1, 0, 0]
    assert np.asarray(summary.messages("opened")).tolist() == [0, 0, 0]
    later = campaign_summary(log_of(rows), within=WEEK + US)
    assert np.asarray(later.messages("opened")).tolist() == [1, 0, 0]


@pytest.mark.parametrize(("early", "other"), ["ab", "ba"])
def test_nobody_gets_what_belongs_to_somebody_else(early: str, other: str) -> None:
    rows = [
        event(other, "send", "2026-03-01"),
        event(early, "open", "2026-03-02"),  # before one's own, after the other's
        event(early, "send", "2026-03-03"),
        event(early, "open", "2026-03-02", campaign="later"),
        event(early, "send", "2026-03-03", campaign="later"),
    ]
    one = summary_of(rows, split=None)
    assert (one.messages("sent"), one.messages("opened"), one.unlinked("opened")) == (3, 0, 2)


def test_what_names_no_campaign_is_linked_to_nothing() -> None:
    rows = [
        event("a", "send", "2026-03-01", campaign=None),
        event("a", "open", "2026-03-02", campaign=None),
        event("a", "click", "2026-03-02"),
        event("a", "purchase", "2026-03-02", campaign=None),
        event("b", "send", "2026-03-01"),
        event("b", "open", "2026-03-02", campaign=None),
    ]
    summary = summary_of(rows)
    assert summary.axes[0].labels == ("spring", None)
    assert np.asarray(summary.messages("sent")).tolist() == [1, 1]
    assert np.asarray(summary.messages("opened")).tolist() == [0, 0]
    assert np.asarray(summary.unlinked("opened")).tolist() == [0, 2]
    assert np.asarray(summary.unlinked("clicked")).tolist() == [1, 0]
    assert np.asarray(summary.messages("converted")).tolist() == [0, 1]  # by the customer alone


def test_events_at_one_instant_stand_in_any_order() -> None:
    rows = [event("a", "deliver", "2026-03-01"), event("a", "send", "2026-03-01")]
    for some in (rows, rows[::-1]):
        one = summary_of(some, delivery="reported", split=None)
        assert (one.messages("delivered"), one.unlinked("delivered")) == (1, 0)


def test_the_latest_of_several_messages() -> None:
    rows = [
        event("a", "send", "2026-03-01", thread_id="m1", channel="email"),
        event("a", "send", "2026-03-03", thread_id="m2", channel="sms"),
        event("a", "open", "2026-03-04", thread_id="m1", channel="email"),
        event("a", "click", "2026-03-04", thread_id=None, channel="email"),
        event("a", "purchase", "2026-03-05", campaign=None),
    ]
    by_campaign = summary_of(rows, split="channel")
    assert by_campaign.axes[0].labels == ("email", "sms")
    assert np.asarray(by_campaign.messages("opened")).tolist() == [0, 1]
    by_thread = summary_of(rows, split="channel", link="thread")
    assert np.asarray(by_thread.messages("opened")).tolist() == [1, 0]
    assert np.asarray(by_thread.unlinked("clicked")).tolist() == [1, 0]
    both = summary_of(rows, split="channel", link={"campaign", "channel"})
    assert np.asarray(both.messages("clicked")).tolist() == [1, 0]
    for summary in (by_campaign, by_thread, both):  # one purchase, one message
        assert np.asarray(summary.messages("converted")).tolist() == [0, 1]


@pytest.mark.parametrize("axis", ["campaign", "outcome"])
def test_campaigns_are_not_rolled_up(axis: str) -> None:
    """One customer gets several, whose squares do not add up to the square of their sum."""
    with pytest.raises(InvalidInputError, match=f"^{axis} must have each customer in one cell"):
        SUMMARY.rollup(axis)


def test_messages_whose_time_is_not_up() -> None:
    end = utc("2026-03-08")
    young = summary_of(SPRING, end - 2 * US).select(campaign="spring")
    assert (young.messages("sent"), young.messages("opened"), young.pending) == (0, 0, 6)
    assert np.isnan(young.open_rate().value)
    ripe = summary_of(SPRING, end - US).select(campaign="spring")
    assert (ripe.messages("sent"), ripe.pending) == (6, 0)


def test_a_period_with_pending_messages_is_not_complete() -> None:
    rows = [
        *SPRING,
        event("a", "send", "2026-03-30", campaign="late"),
        event("a", "open", "2026-03-31"),
    ]
    table = summary_of(rows, utc("2026-04-02"), split=None, period="month")
    # midnight of 1 March in London is still February in New York
    assert table.axes[0].labels == tuple(dt.date(2026, month, 1) for month in (2, 3, 4))
    assert np.asarray(table.pending).tolist() == [0, 1, 0]
    assert table.complete[:, 0].tolist() == [True, False, False]
    for unit in ("message", "customer"):
        rate: Any = table.open_rate(unit=unit)
        assert rate.complete.tolist() == [True, False, False]
        assert rate.value[0] == 2 / 5
        assert np.isnan(rate.value[1:]).all()
        assert rate.pending.tolist() == [0, 1, 0]
    march = Window(utc("2026-03-01"), utc("2026-03-02"))
    assert summary_of(rows, split=None, over=march).messages("sent") == 6


def test_customers_count_once() -> None:
    rows = [
        event("a", "send", "2026-03-01"),
        event("a", "send", "2026-03-10"),
        event("a", "open", "2026-03-11"),
        event("b", "send", "2026-03-01"),
    ]
    summary = summary_of(rows, split=None)
    assert summary.open_rate().value == 1 / 3
    share: Any = summary.open_rate(unit="customer")
    assert (share.count, share.total, share.value) == (1, 2, 0.5)
    assert (summary.customers("sent"), summary.customers("opened")) == (2, 1)
    assert share.interval() == pytest.approx((0.0945, 0.9055), abs=5e-5)  # Wilson, 1 of 2


def test_intervals_take_the_customer_as_the_unit() -> None:
    """Half the customers open everything they get: as many messages do not make it surer."""

    def mails(often: int) -> list[Interaction]:
        rows = []
        for who in range(40):
            for day in range(1, often + 1):
                rows.append(event(f"c{who}", "send", f"2026-03-{day:02}", campaign=f"m{day}"))
                if who % 2:
                    rows.append(event(f"c{who}", "open", f"2026-03-{day:02}", campaign=f"m{day}"))
        return rows

    once, often = (summary_of(mails(n), split=None).open_rate() for n in (1, 10))
    assert once.value == often.value == 0.5
    assert once.interval() == pytest.approx(often.interval())


def test_groups_and_wide_frame() -> None:
    people = [Customer(id=who, country="CN" if who < "c" else "FR") for who in "abcdef"]
    log = log_of(SPRING).with_customers(people)
    summary = campaign_summary(log, within=WEEK, by="country")
    wide = summary.wide()
    assert wide.columns.tolist() == [
        *("country", "campaign", "sent", "delivered", "bounced", "opened", "clicked"),
        *("opened_clicked", "unsubscribed", "complained", "pending"),
    ]
    assert wide["sent"].tolist() == [2, 4]
    assert wide["opened"].tolist() == [2, 0]
    whole = campaign_summary(log, within=WEEK)
    assert summary.rollup("country") == whole
    tidy = whole.to_frame()
    assert tidy.columns.tolist() == ["campaign", "outcome", "count", "customers", "complete"]
    assert len(whole.wide()) == 1


def test_all_of_them_may_be_counted() -> None:
    names = ("sent", "delivered", "opened", "clicked", "opened_clicked", "converted")
    report = MessageCounts(**dict.fromkeys(names, 7))
    rates = (report.delivery_rate(), report.open_rate(), report.click_to_open())
    assert [rate.value for rate in rates] == [1.0, 1.0, 1.0]


def test_klaviyo_and_mailchimp_divide_by_different_things() -> None:
    """https://community.klaviyo.com/analytics-and-deliverability-72 (184): 100 sent, 98 delivered."""
    cases = json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
    case = next(one for one in cases if one["id"] == "open-rate-denominator")
    counted = case["inputs"]
    report = MessageCounts(
        sent=counted["sent"], delivered=counted["delivered"], opened=counted["unique_opens"]
    )
    assert report.open_rate(basis=counted["basis"]).value == case["expected"] == 0.5
    assert report.open_rate(basis="sent").value == 0.49
    rows = []
    for i in range(100):
        rows.append(event(f"c{i}", "send", "2026-03-01"))
        if i >= 98:
            rows.append(event(f"c{i}", "bounce", "2026-03-01", outcome="hard"))
        elif i < 49:
            rows.append(event(f"c{i}", "open", "2026-03-02"))
    spring = summary_of(rows).select(campaign="spring")
    assert (spring.open_rate().value, spring.open_rate(basis="sent").value) == (0.5, 0.49)


def test_figures_of_sender() -> None:
    """Sender, "Report statistics: understanding the bounce counter": 0.41 % hard, 2.70 % soft."""
    report = MessageCounts(
        sent=76_506, delivered=74_127, bounced=310 + 2_069, hard_bounced=310, soft_bounced=2_069
    )
    hard = report.bounce_rate(definition="hard")
    soft = report.bounce_rate(definition="soft")
    assert (round(float(hard), 4), round(float(soft), 4)) == (0.0041, 0.0270)
    assert float(report.delivery_rate()) == 1 - float(report.bounce_rate(definition="all"))


def test_figures_of_mailjet() -> None:
    """Mailjet's forum, "Campaign engagement rates are calculated wrongly": both sets of rates."""
    report = MessageCounts(sent=1000, delivered=900, opened=200, clicked=20, unsubscribed=5)
    assert float(report.delivery_rate()) == 0.9
    assert [round(float(report.open_rate(basis=b)), 3) for b in ("delivered", "sent")] == [
        0.222,
        0.2,
    ]
    assert float(report.click_to_open()) == 0.1
    assert float(report.click_rate(basis="sent")) == 0.02
    assert round(float(report.unsubscribe_rate()), 4) == 0.0056
    assert float(report.unsubscribe_rate(basis="sent")) == 0.005
    customers: Any = report.open_rate(unit="customer")
    assert customers.interval() == pytest.approx((0.1963, 0.2505), abs=5e-5)  # Wilson, 200 of 900


KINDS = ("send", "send", "send", *sorted(set(slow.KINDS.values())))


@st.composite
def happenings(draw: st.DrawFn) -> Interaction:
    return Interaction(
        customer_id=draw(st.sampled_from("abc")),
        kind=draw(st.sampled_from(KINDS)),
        at=draw(INSTANTS),
        campaign_id=draw(st.sampled_from(["x", "y", None])),
        thread_id=draw(st.sampled_from(["m1", "m2", None])),
        outcome=draw(st.sampled_from(["hard", "soft"])),
        actor_kind=draw(st.sampled_from(["bot", "human"])),
    )


LENGTHS = st.sampled_from([US, dt.timedelta(hours=1), DAY, 20 * DAY, 45 * DAY])
LINKS = st.sampled_from([("campaign",), ("thread",), ("campaign", "thread")])
HISTORY = st.lists(happenings(), max_size=30)


@given(HISTORY, LENGTHS, INSTANTS, LINKS, st.sampled_from(["not_bounced", "reported"]))
def test_as_message_by_message(
    rows: list[Interaction],
    within: dt.timedelta,
    as_of: dt.datetime,
    link: tuple[str, ...],
    delivery: Any,
) -> None:
    summary = campaign_summary(
        log_of(rows, as_of), within=within, delivery=delivery, link=link, **RULES
    )
    attributes = tuple(f"{field}_id" for field in link)
    messages, unlinked, late = slow.followed(rows, as_of, within, attributes)
    own: dict[Any, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    pending: Counter[Any] = Counter()
    for one in messages:
        if one.ripe:
            own[one.send.campaign_id][one.who].update(one.outcomes(delivery))
        else:
            pending[one.send.campaign_id] += 1
    astray = Counter((one.campaign_id, name) for name, one in unlinked)
    tardy = Counter((one.send.campaign_id, name) for name, one in late)
    labels = {one.send.campaign_id for one in messages} | {label for label, _ in astray}
    assert set(summary.axes[0].labels) == labels
    for label in labels:
        cell = summary.select(campaign=label)
        people = own[label].values()
        assert cell.pending == pending[label]
        for name in summary.outcomes:
            assert cell.messages(name) == sum(one[name] for one in people)
            assert cell.customers(name) == sum(one[name] > 0 for one in people)
            if name in LINKED:
                assert cell.unlinked(name) == astray[label, name]
                assert cell.late(name) == tardy[label, name]
        for rate, part, total in (
            (cell.open_rate(machine="exclude"), "opened_by_people", "delivered"),
            (cell.click_to_open(), "opened_clicked", "opened"),
            (
                cell.click_to_open(machine="exclude"),
                "opened_clicked_by_people",
                "opened_by_people",
            ),
            (cell.conversion_after(basis="sent"), "converted", "sent"),
            (cell.bounce_rate(definition="soft"), "soft_bounced", "sent"),
        ):
            sums = [int(rate.parts[name]) for name in ("n", "x", "y", "xx", "yy", "xy")]
            assert sums == list(slow.sums(people, part, total))


@given(HISTORY, LENGTHS, INSTANTS)
def test_counts_of_campaigns_add_up_and_never_rise(
    rows: list[Interaction], within: dt.timedelta, as_of: dt.datetime
) -> None:
    log = log_of(rows, as_of)
    by_campaign = campaign_summary(log, within=within, **RULES)
    together = campaign_summary(log, within=within, split=None, **RULES)
    for name in together.outcomes:
        assert np.asarray(by_campaign.messages(name)).sum() == together.messages(name)
        if name in LINKED:
            assert np.asarray(by_campaign.unlinked(name)).sum() == together.unlinked(name)
        assert together.customers(name) <= together.messages(name)
    assert np.asarray(by_campaign.pending).sum() == together.pending
    hard, soft = together.messages("hard_bounced"), together.messages("soft_bounced")
    assert hard + soft == together.messages("bounced")
    longer = campaign_summary(log, within=within, split=None, opens={"open", "click"}, **RULES)
    assert longer.messages("opened_clicked") == longer.messages("clicked")


SUMMARY = summary_of(SPRING)
BARE_LOG = InteractionLog.from_arrays(
    customer_id=["a"], kind=["send"], at=[END], campaign=["spring"], calendar=NEW_YORK
).until(END)
BARE = campaign_summary(log_of(SPRING), within=WEEK)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: c(log_of(SPRING), within=7), "within must be a timedelta: got int"),
        (lambda: c(log_of(SPRING), within=WEEK, delivery="sent"), "delivery must be one of"),
        (lambda: c(log_of(SPRING), within=WEEK, link=()), "link must be a field of events"),
        (
            lambda: c(log_of(SPRING), within=WEEK, link=7),
            "link must be a field of events, or several: got int",
        ),
        (lambda: c(log_of(SPRING), within=WEEK, link="at"), "link must be one of .*: got 'at'"),
        (
            lambda: c(log_of(SPRING), within=WEEK, split="customer_id"),
            r"split must be one of .*, thread, attributes\.<name>: got 'customer_id'",
        ),
        (
            lambda: c(log_of(SPRING), within=WEEK, split="attributes.theme"),
            "attribute.'theme'. must be loaded in the log: build it with attributes=",
        ),
        (
            lambda: c(BARE_LOG, within=WEEK, link="thread"),
            "thread must be loaded in the log: build it with thread=",
        ),
        (
            lambda: c(log_of(SPRING), within=WEEK, split="value"),
            "split must be a field that holds",
        ),
        (
            lambda: SUMMARY.unlinked("converted"),
            r"outcome must be one of \['delivered', .*: 'converted' is no event that names its",
        ),
        (lambda: SUMMARY.late("opened_by_people"), "'opened_by_people' is no event that names"),
        (lambda: BARE.late("replied"), "replied must be told by replies="),
        (BARE.reply_rate, "replied must be told by replies="),
        (BARE.conversion_after, "converted must be told by conversions="),
        (lambda: BARE.bounce_rate(definition="hard"), "hard_bounced must be told by hard="),
        (lambda: BARE.open_rate(machine="exclude"), "opened_by_people must be told by machine="),
        (lambda: BARE.messages("opend"), "outcome must be one of .* did you mean 'opened'"),
        (lambda: SUMMARY.select(outcome="sent").open_rate(), "axis must be one of"),
        (lambda: SUMMARY.open_rate(basis="opened"), "basis must be one of"),  # type: ignore[arg-type]
        (lambda: SUMMARY.open_rate(machine="drop"), "machine must be one of"),  # type: ignore[arg-type]
        (lambda: SUMMARY.open_rate(unit="person"), "unit must be one of"),  # type: ignore[arg-type]
        (lambda: SUMMARY.bounce_rate(definition="firm"), "definition must be one of"),  # type: ignore[arg-type]
        (lambda: MessageCounts(sent=-1), "sent must be at least 0"),
        (lambda: MessageCounts(sent=1.5), "sent must be an int"),  # type: ignore[arg-type]
        (lambda: MessageCounts(sent=5, delivered=6), "delivered must not exceed sent: got 6 of 5"),
        (lambda: MessageCounts(sent=5).open_rate(), "opened must be given for the open_rate"),
        (
            lambda: MessageCounts(opened=5).click_to_open(),
            "clicked must be given for the click_to",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_parts_must_agree() -> None:
    axis = Axis("outcome", ["delivered", "sent"], "state")
    parts: dict[str, Any] = {name: [0, 0] for name in CampaignSummary.PARTS}
    parts["pending"] = 0
    context = Context("campaign_summary")
    with pytest.raises(InvalidInputError, match="delivered must not exceed sent"):
        CampaignSummary(axes=[axis], parts={**parts, "count": [2, 1]}, context=context)
    with pytest.raises(InvalidInputError, match="late must not be negative"):
        CampaignSummary(axes=[axis], parts={**parts, "late": [0, -1]}, context=context)


def test_an_empty_log_is_neutral() -> None:
    nothing = summary_of([])
    assert nothing.axes[0].labels == ()
    assert nothing + SUMMARY == SUMMARY
    assert np.isnan(float(summary_of([], split=None).open_rate()))
