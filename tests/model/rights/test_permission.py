"""Permission: which record answers, told as a table, and what must hold of any records."""

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.records.records import Consent
from customerops.model.rights.permission import Permission, Standing, permitted
from tests.reference.permission import allowed

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def day(n: int) -> dt.datetime:
    return START + n * dt.timedelta(days=1)


def said(status: str, at: int, channel: str | None = None, **rest: Any) -> Consent:
    if "ends" in rest:
        rest["expires_at"] = day(rest.pop("ends"))
    fields = {"customer_id": "c-9", "purpose": "marketing", **rest}
    return Consent(status=status, at=day(at), channel=channel, **fields)  # type: ignore[arg-type]


def ask(*records: Consent, at: int = 10, channel: str | None = "sms") -> Permission:
    return permitted(records, purpose="marketing", channel=channel, at=day(at))


GRANT, DENY, BACK = "granted", "denied", "withdrawn"

# the question is always: marketing, by sms, on day 10
TABLE: list[tuple[str, list[Consent], Standing]] = [
    ("nothing was said", [], Standing.MISSING),
    ("granted for any channel", [said(GRANT, 1)], Standing.GRANTED),
    ("granted for this channel", [said(GRANT, 1, "sms")], Standing.GRANTED),
    ("granted for another channel", [said(GRANT, 1, "email")], Standing.MISSING),
    ("granted for another purpose", [said(GRANT, 1, purpose="service")], Standing.MISSING),
    ("granted this instant", [said(GRANT, 10)], Standing.GRANTED),
    ("granted later", [said(GRANT, 11)], Standing.MISSING),
    ("denied", [said(DENY, 1)], Standing.DENIED),
    ("withdrawn", [said(GRANT, 1), said(BACK, 5)], Standing.WITHDRAWN),
    ("withdrawn this instant", [said(GRANT, 1), said(BACK, 10)], Standing.WITHDRAWN),
    ("withdrawn later: not retroactive", [said(GRANT, 1), said(BACK, 11)], Standing.GRANTED),
    ("withdrawn and granted again", [said(BACK, 1), said(GRANT, 5)], Standing.GRANTED),
    ("order of the records is nothing", [said(BACK, 5), said(GRANT, 1)], Standing.WITHDRAWN),
    ("expires later", [said(GRANT, 1, ends=11)], Standing.GRANTED),
    ("expires this instant", [said(GRANT, 1, ends=10)], Standing.EXPIRED),
    ("an expired one replaced the first", [said(GRANT, 1), said(GRANT, 2, ends=5)], Standing.EXPIRED),
    ("expired, then granted again", [said(GRANT, 1, ends=5), said(GRANT, 6)], Standing.GRANTED),
    ("a refusal that has expired", [said(GRANT, 1), said(DENY, 2, ends=5)], Standing.EXPIRED),
    # a channel and any channel
    ("channel refused, any granted before", [said(GRANT, 1), said(BACK, 5, "sms")], Standing.WITHDRAWN),
    ("channel refused, any granted after", [said(DENY, 1, "sms"), said(GRANT, 5)], Standing.DENIED),
    ("channel granted, any refused before", [said(DENY, 1), said(GRANT, 5, "sms")], Standing.GRANTED),
    ("channel granted, any refused after", [said(GRANT, 1, "sms"), said(BACK, 5)], Standing.WITHDRAWN),
    ("channel and any refused", [said(DENY, 1, "sms"), said(BACK, 5)], Standing.WITHDRAWN),
    ("any refused, then the channel too", [said(BACK, 1), said(DENY, 5, "sms")], Standing.DENIED),
    ("channel expired, any granted before", [said(GRANT, 1), said(GRANT, 2, "sms", ends=5)], Standing.EXPIRED),
    ("channel expired, any granted after", [said(GRANT, 1, "sms", ends=5), said(GRANT, 2)], Standing.GRANTED),
    ("channel refusal expired, any after", [said(DENY, 1, "sms", ends=5), said(GRANT, 2)], Standing.GRANTED),
    ("channel lasts, any has expired", [said(GRANT, 2, "sms"), said(GRANT, 1, ends=5)], Standing.GRANTED),
    ("channel lasts, any has expired after", [said(GRANT, 1, "sms"), said(GRANT, 2, ends=5)], Standing.EXPIRED),
    ("another channel refused", [said(GRANT, 1), said(BACK, 5, "email")], Standing.GRANTED),
    # at one instant
    ("refused and granted at once", [said(DENY, 1), said(GRANT, 1)], Standing.DENIED),
    ("channel granted, any refused at once", [said(DENY, 1), said(GRANT, 1, "sms")], Standing.DENIED),
    ("channel refused, any granted at once", [said(GRANT, 1), said(DENY, 1, "sms")], Standing.DENIED),
    ("channel ended, any granted at once", [said(GRANT, 1), said(GRANT, 1, "sms", ends=5)], Standing.EXPIRED),
    ("of two grants the one that ends first", [said(GRANT, 1), said(GRANT, 1, ends=5)], Standing.EXPIRED),
    ("of two refusals the one that ends last", [said(DENY, 1, ends=5), said(DENY, 1)], Standing.DENIED),
    # narrower than the question
    ("for a recipient", [said(GRANT, 1, recipient="partner")], Standing.MISSING),
    ("for a category of data", [said(GRANT, 1, data_category="user.location")], Standing.MISSING),
    ("not for a recipient", [said(GRANT, 1), said(DENY, 5, recipient="partner")], Standing.GRANTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "standing"), [pytest.param(r, s, id=name) for name, r, s in TABLE]
)
def test_which_record_answers(records: list[Consent], standing: Standing) -> None:
    answer = ask(*records)
    assert answer.standing is standing
    assert answer.allowed is (standing is Standing.GRANTED)
    for other in itertools.permutations(records):
        assert ask(*other) == answer


def test_the_basis_is_that_of_the_record() -> None:
    assert ask(said(GRANT, 1)) == Permission(
        allowed=True, basis="consent", standing=Standing.GRANTED, reasons=()
    )
    assert ask(said(GRANT, 1, legal_basis="contract")).basis == "contract"
    both = [said(GRANT, 1, legal_basis=basis) for basis in ("contract", "consent")]
    assert ask(*both).basis == ask(*reversed(both)).basis == "contract"


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([], "permission for marketing by sms was never given"),
        ([said(DENY, 1)], "permission for marketing by sms was denied"),
        ([said(BACK, 1)], "permission for marketing by sms was withdrawn"),
        ([said(GRANT, 1, ends=5)], "permission for marketing by sms has expired"),
    ],
)
def test_the_reason_in_words(records: list[Consent], reason: str) -> None:
    answer = ask(*records)
    assert (answer.reasons, answer.basis) == ((reason,), None)


def test_without_a_channel_only_records_for_any_channel_count() -> None:
    assert ask(said(GRANT, 1), said(DENY, 2, "sms"), channel=None).allowed
    answer = ask(said(GRANT, 1, "sms"), channel=None)
    assert answer.reasons == ("permission for marketing was never given",)


def test_any_iterable_will_do() -> None:
    one = (record for record in [said(GRANT, 1)])
    assert permitted(one, purpose="marketing", channel="sms", at=day(2)).allowed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"purpose": ""}, "purpose must not be empty: got ''"),
        ({"purpose": None}, "purpose must be a str: got None"),
        ({"channel": ""}, "channel must not be empty: got ''"),
        ({"channel": 3}, "channel must be a str: got int"),
        ({"at": START.replace(tzinfo=None)}, "at must be timezone-aware: got a naive datetime"),
        ({"at": dt.date(2026, 1, 1)}, "at must be a datetime: got date"),
        ({"consents": ["granted"]}, r"consents\[0\] must be a Consent: got str"),
        (
            {"consents": [said(GRANT, 1), said(GRANT, 1, purpose="x", customer_id="c-8")]},
            "consents must be of one customer: the one at position 1 is of another",
        ),
    ],
)
def test_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    asked = {"consents": [], "purpose": "marketing", "channel": "sms", "at": day(1), **arguments}
    with pytest.raises(InvalidInputError, match=message) as caught:
        permitted(asked.pop("consents"), **asked)
    assert "c-8" not in str(caught.value)


# ------------------------------------------------------------------ of any records

RECORDS = st.lists(
    st.builds(
        lambda status, at, channel, lasts, purpose: said(
            status, at, channel, purpose=purpose, **({"ends": at + lasts} if lasts else {})
        ),
        st.sampled_from([GRANT, GRANT, DENY, BACK]),
        st.integers(0, 6),
        st.sampled_from([None, None, "sms", "email"]),
        st.sampled_from([0, 0, 1, 3]),
        st.sampled_from(["marketing", "marketing", "marketing", "service"]),
    ),
    max_size=7,
)


@given(RECORDS, st.integers(0, 10))
def test_agrees_with_the_rules_read_one_by_one(records: list[Consent], at: int) -> None:
    assert ask(*records, at=at).allowed == allowed(records, "marketing", "sms", day(at))


@given(RECORDS, st.integers(0, 10), st.randoms())
def test_the_order_of_records_is_nothing(records: list[Consent], at: int, random: Any) -> None:
    shuffled = random.sample(records, len(records))
    assert ask(*shuffled, at=at) == ask(*records, at=at)


@given(RECORDS, RECORDS, st.integers(0, 10))
def test_what_is_said_later_changes_nothing(
    records: list[Consent], more: list[Consent], at: int
) -> None:
    later = [record for record in more if record.at > day(at)]
    assert ask(*records, *later, at=at) == ask(*records, at=at)


@given(RECORDS, st.integers(0, 10))
def test_without_a_grant_in_force_there_is_no_more(records: list[Consent], at: int) -> None:
    """A grant that has not run out can only allow: taking it away allows nothing."""
    if ask(*records, at=at).allowed:
        return
    for i, record in enumerate(records):
        if record.status == GRANT and (record.expires_at is None or record.expires_at > day(at)):
            assert not ask(*records[:i], *records[i + 1 :], at=at).allowed


@given(RECORDS, st.integers(0, 10), st.sampled_from([None, "sms"]), st.integers(0, 10))
def test_a_refusal_never_allows_more(
    records: list[Consent], at: int, channel: str | None, when: int
) -> None:
    if not ask(*records, at=at).allowed:
        assert not ask(*records, said(DENY, when, channel), at=at).allowed
