"""Permission under regimes: the truth table, what the docs show of it, and regimes as data."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    GDPR,
    PIPL,
    Basis,
    CategoryRule,
    ChannelRule,
    Consent,
    PurposeRule,
    Regime,
    Standing,
    permitted,
    permitted_all,
)
from tests.model.rights.truth_table import LAWS, NO, ROWS, Row, day, refused, said, table, yes

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "permission.md"


def ask(*records: Consent, regime: Any = "GDPR", **rest: Any) -> Any:
    question = {"purpose": "marketing", "channel": "email", "at": day(10), **rest}
    return permitted(records, regime=regime, **question)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("row", [pytest.param(r, id=f"{r.rule}: {r.situation}") for r in ROWS])
def test_the_truth_table(row: Row, law: str) -> None:
    answer = row.answer(law)
    assert (answer.basis if answer.allowed else NO) == row.expected(law)
    assert answer.allowed is not bool(answer.reasons)
    assert all(re.search(r"\(.+(art\.|reg\.).+\)$", reason) for reason in answer.reasons)
    assert answer.articles
    if not answer.allowed:
        assert answer.obligations == ()


def test_the_page_shows_the_table() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


def test_a_published_case_of_withdrawal_and_contract() -> None:
    """GDPR art. 6(1)(a)-(b), 7(3); PIPL art. 13(1)-(2), 15."""

    def on(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    mail = {"customer_id": 1, "purpose": "marketing", "channel": "email"}
    records = [
        Consent(status="granted", legal_basis="consent", at=on("2024-01-01"), **mail),  # type: ignore[arg-type]
        Consent(status="withdrawn", at=on("2024-02-01"), **mail),  # type: ignore[arg-type]
    ]
    asked = [
        ("marketing", "email", "2023-12-31", "GDPR", False),
        ("marketing", "email", "2024-01-15", "GDPR", True),
        ("marketing", "email", "2024-02-15", "GDPR", False),
        ("marketing", "email", "2024-01-15", "PIPL", True),
        ("marketing", "email", "2024-02-15", "PIPL", False),
        ("marketing", "sms", "2024-01-15", "PIPL", False),
        ("order_confirmation", "email", "2024-02-15", "GDPR", True),
        ("order_confirmation", "email", "2024-02-15", "PIPL", True),
    ]
    for purpose, channel, at, regime, expected in asked:
        answer = permitted(records, purpose=purpose, channel=channel, at=on(at), regime=regime)  # type: ignore[arg-type]
        assert answer.allowed is expected


def test_a_commercial_text_message_in_china_comes_with_an_opt_out() -> None:
    answer = ask(yes(channel="sms"), regime=PIPL, channel="sms")
    (way_out,) = [one for one in answer.obligations if one.key == "opt_out"]
    assert "通信短信息服务管理规定 art. 20" in way_out.article
    assert ask(regime=PIPL, purpose="invoice", channel="sms").obligations == ()


def test_the_bases_are_those_of_the_law() -> None:
    assert (len(GDPR.bases), len(PIPL.bases)) == (6, 7)
    assert PIPL.ground("legitimate_interests") is None
    assert GDPR.ground("soft_opt_in") not in GDPR.bases


# ------------------------------------------------------------------ what the table does not show


def test_a_grant_under_another_law_is_not_read_but_a_refusal_is() -> None:
    assert ask(yes(jurisdiction="DE")).allowed
    cited = "GDPR art. 21(2)-(3), recital 47; ePrivacy art. 13(1)-(2); PECR reg. 22"
    assert ask(yes(jurisdiction="CN")).reasons == (
        "permission for marketing by email was never given (GDPR art. 6(1))",
        f"what was granted has no basis that will do here ({cited})",
    )
    assert not ask(yes(), refused(5, jurisdiction="CN")).allowed


def test_a_grant_passed_over_where_the_law_has_no_row() -> None:
    answer = ask(yes(purpose="research", legal_basis="whim"), purpose="research")
    assert answer.reasons[1] == "what was granted has no basis that will do here (GDPR art. 6(1))"
    assert "whim" not in str(answer)


@pytest.mark.parametrize(
    ("granted", "data", "allowed"),
    [
        (None, None, True),
        (None, "user.contact.email", True),  # no rule names it: any data will do
        ("user.contact", "user.contact.email", True),
        ("user.contact.email", "user.contact", False),
        ("user.contact", "user.contacts", False),
        ("user.contact", None, False),
        (None, "user.health_and_medical.record", False),  # singled out: the grant must name it
        ("user.health_and_medical", "user.health_and_medical.record", True),
        ("user", "user.health_and_medical", True),
    ],
)
def test_which_data_a_grant_covers(granted: str | None, data: str | None, allowed: bool) -> None:
    grant = yes(data_category=granted, separate=True)
    assert ask(grant, data_category=data).allowed is allowed


@pytest.mark.parametrize(
    ("refusal", "data", "allowed"),
    [
        (None, "user.contact.email", False),
        ("user.contact", "user.contact.email", False),
        ("user.contact.email", "user.contact", False),
        ("user.contact.phone", "user.contact.email", True),
        ("user.contact", None, True),
    ],
)
def test_which_data_a_refusal_touches(
    refusal: str | None, data: str | None, allowed: bool
) -> None:
    answer = ask(yes(), refused(5, data_category=refusal), data_category=data)
    assert answer.allowed is allowed


def test_special_data_is_not_used_on_a_contract() -> None:
    asked = {"purpose": "service", "data_category": "user.health_and_medical"}
    assert not ask(**asked).allowed
    assert ask(**asked, regime=PIPL).basis == "contract"  # PIPL limits consent only
    assert not ask(purpose="delivery", recipient="courier").allowed


def test_a_refusal_for_one_recipient_is_for_that_one() -> None:
    grant = yes(recipient="partner")
    assert ask(grant, refused(5, recipient="other"), recipient="partner").allowed
    assert not ask(grant, refused(5, recipient="partner"), recipient="partner").allowed
    assert not ask(grant, refused(5), recipient="partner").allowed


def test_what_a_no_record_purpose_says_of_the_records() -> None:
    asked = {"purpose": "invoice", "channel": "email"}
    assert ask(**asked).standing is Standing.MISSING
    answer = ask(said("denied", 1, purpose="invoice"), **asked)
    assert (answer.allowed, answer.standing) == (True, Standing.DENIED)


def test_all_that_is_against_a_consent_is_told() -> None:
    answer = ask(
        yes(notice_version="1", recipient="p"),
        regime=PIPL,
        recipient="p",
        age=12,
        notice_version="2",
    )
    assert answer.reasons == (
        "the consent was not asked for separately (PIPL art. 23)",
        "under 14 a guardian must consent (PIPL art. 28, 29, 31)",
        "the guardian's consent was not asked for separately (PIPL art. 28, 29, 31)",
        "the privacy notice has changed since the consent (PIPL art. 14(2))",
    )
    assert answer.standing is Standing.GRANTED


def test_without_guardian_rules_an_age_changes_nothing() -> None:
    assert ask(yes(), regime=attrs.evolve(GDPR, guardian=None), age=3).allowed


# ------------------------------------------------------------------ regimes as data


@pytest.mark.parametrize("regime", [GDPR, PIPL])
def test_a_regime_survives_json(regime: Regime) -> None:
    assert Regime.from_dict(json.loads(json.dumps(regime.to_dict()))) == regime


def test_a_house_adds_its_own_rules() -> None:
    rule = PurposeRule(purpose="warranty", stands_on="contract", article="BGB 443")
    ours = GDPR.with_purposes(rule, attrs.evolve(rule, purpose="marketing"))
    assert ask(regime=ours, purpose="warranty").articles == ("GDPR art. 6(1)(b)", "BGB 443")
    assert ask(regime=ours).allowed
    assert GDPR.purpose("warranty") is None


def broken(**change: Any) -> Regime:
    return attrs.evolve(PIPL, **change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: broken(bases=[*PIPL.bases, Basis(key="consent", article="x")]),
            r"bases must have each key once: got \['consent'\] more than once",
        ),
        (
            lambda: broken(articles={"default": "x", "expiry": "x"}),
            r"articles must cite \['default', .*\]: without \['notice', 'recipient', 'withdrawal'\]",
        ),
        (
            lambda: PIPL.with_purposes(PurposeRule(purpose="a", stands_on="contrat", article="x")),
            r"purposes\[13\]\.stands_on must be listed in the regime: got 'contrat', did you mean",
        ),
        (
            lambda: PIPL.with_purposes(PurposeRule(purpose="a", bases={"whim"}, article="x")),  # type: ignore[arg-type]
            r"purposes\[13\]\.bases must be listed",
        ),
        (
            lambda: PIPL.with_purposes(
                PurposeRule(
                    purpose="a",
                    article="x",
                    channels=(ChannelRule(channels={"sms"}, bases={"whim"}, article="x"),),  # type: ignore[arg-type]
                )
            ),
            r"purposes\[13\]\.channels\[0\]\.bases must be listed",
        ),
        (
            lambda: broken(categories=(CategoryRule(category="a", bases={"whim"}, article="x"),)),  # type: ignore[arg-type]
            r"categories\[0\]\.bases must be listed",
        ),
        (
            lambda: PIPL.with_purposes(PurposeRule(purpose="a", part_of="b", article="x")),
            r"purposes\[13\]\.part_of must be listed",
        ),
        (
            lambda: PIPL.with_purposes(
                PurposeRule(purpose="a", part_of="b", article="x"),
                PurposeRule(purpose="b", part_of="a", article="x"),
            ),
            r"purposes\[13\]\.part_of must not lead back to the purpose itself",
        ),
        (
            lambda: PurposeRule(purpose="a", part_of="a", article="x"),
            "part_of must be another purpose",
        ),
    ],
)
def test_a_regime_that_contradicts_itself_is_refused(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"regime": "gdpr"}, "regime must be one of 'GDPR', 'PIPL': got 'gdpr', did you mean"),
        ({"regime": 3}, "regime must be a Regime or the name of one: got int"),
        ({"regime": None, "age": 3}, "age must be given with a regime: the records alone"),
        ({"regime": None, "recipient": "x"}, "recipient must be given with a regime"),
        ({"regime": None, "notice_version": "x"}, "notice_version must be given with a regime"),
        ({"regime": None, "data_category": "x"}, "data_category must be given with a regime"),
        ({"age": -1}, "age must be at least 0"),
        ({"recipient": ""}, "recipient must not be empty"),
        ({"notice_version": 2}, "notice_version must be a str"),
    ],
)
def test_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ask(**arguments)


# ------------------------------------------------------------------ a population


def records(customers: int = 4) -> st.SearchStrategy[list[Consent]]:
    made = st.builds(
        lambda who, status, at, lasts, **rest: said(
            status, at, customer_id=who, **({"expires_at": day(at + lasts)} if lasts else {}), **rest
        ),
        st.integers(1, customers),
        st.sampled_from(["granted", "granted", "denied", "withdrawn"]),
        st.integers(0, 12),
        st.sampled_from([0, 0, 3]),
        purpose=st.sampled_from(["marketing", "marketing", "personalised_marketing", "survey"]),
        channel=st.sampled_from([None, "email", "sms"]),
        legal_basis=st.sampled_from([None, "consent", "soft_opt_in", "legitimate_interests"]),
        separate=st.booleans(),
        recipient=st.sampled_from([None, None, "partner"]),
        notice_version=st.sampled_from([None, "2"]),
        guardian_id=st.sampled_from([None, "g"]),
    )  # fmt: skip
    return st.lists(made, max_size=12)


QUESTIONS = st.fixed_dictionaries(
    {
        "purpose": st.sampled_from(["marketing", "personalised_marketing", "survey", "invoice"]),
        "channel": st.sampled_from([None, "email", "sms"]),
        "regime": st.sampled_from(["GDPR", "PIPL"]),
        "recipient": st.sampled_from([None, "partner"]),
        "notice_version": st.sampled_from([None, "2"]),
    }
)


@given(records(), QUESTIONS, st.dictionaries(st.integers(1, 4), st.integers(10, 17)))
def test_a_population_is_answered_as_its_customers_are(
    given_: list[Consent], question: dict[str, Any], ages: dict[int, int]
) -> None:
    everyone = permitted_all(
        given_, customers=range(6), at=day(10), ages=dict[Any, int](ages), **question
    )
    assert len(everyone) == 6
    for one in range(6):
        own = [record for record in given_ if record.customer_id == one]
        alone = permitted(own, at=day(10), age=ages.get(one), **question)
        assert everyone.of(one) == alone
        assert everyone.allowed[one] == alone.allowed
    assert sum(everyone.counts) == 6


@given(records(1), QUESTIONS)
def test_after_an_objection_only_consent_counts(
    given_: list[Consent], question: dict[str, Any]
) -> None:
    """GDPR art. 21(3): nothing of ours brings marketing back."""
    question |= {"regime": "GDPR", "purpose": "marketing"}
    objection = refused(10, customer_id=1, channel=None)
    later = [attrs.evolve(r, at=r.at + dt.timedelta(days=20), expires_at=None) for r in given_]
    ours = [r for r in later if r.legal_basis not in (None, "consent")]
    before = [r for r in given_ if r.at <= objection.at]  # who consents after it has consented
    assert not permitted([objection, *before, *ours], at=day(50), **question).allowed


def test_a_population_in_a_frame() -> None:
    said_so = [yes(customer_id="b"), said("denied", 1, customer_id="a")]
    found = permitted_all(said_so, purpose="marketing", channel="email", at=day(10), regime=PIPL)
    frame = found.to_frame()
    assert frame["basis"].isna().tolist() == [True, False]
    assert frame.drop(columns="basis").to_dict("list") == {
        "customer_id": ["a", "b"],
        "allowed": [False, True],
        "standing": ["denied", "granted"],
        "reasons": ["permission for marketing by email was denied (PIPL art. 15)", ""],
    }
    assert repr(found) == "Permissions(1 of 2 customers allowed)"
    only = permitted_all(
        said_so, customers=["b"], purpose="marketing", channel="email", at=day(10), regime=PIPL
    )
    assert only.customers == ("b",)
    with pytest.raises(ValueError, match="read-only"):
        only.codes[0] = 1


def test_nobody_to_ask_about() -> None:
    none = permitted_all([], purpose="marketing", channel=None, at=day(1))
    assert (len(none), none.counts, none.allowed.tolist()) == (0, (), [])
    assert len(none.to_frame()) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"consents": ["x"]}, r"consents\[0\] must be a Consent: got str"),
        ({"customers": "abc"}, "customers must be an iterable of values"),
        ({"customers": [None]}, r"customers\[0\] must be an int, a str or a UUID"),
        ({"ages": [3]}, "ages must be a mapping of ids to years: got list"),
        ({"ages": {1: 3}, "regime": None}, "ages must be given with a regime"),
        ({"ages": {1: -3}}, "ages must be at least 0"),
    ],
)
def test_a_population_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {
        "consents": [],
        "purpose": "p",
        "channel": None,
        "at": day(1),
        "regime": "GDPR",
    }
    asked |= arguments
    with pytest.raises(InvalidInputError, match=message):
        permitted_all(asked.pop("consents"), **asked)


def test_who_was_not_asked_about() -> None:
    none = permitted_all([], purpose="marketing", channel=None, at=day(1))
    with pytest.raises(InvalidInputError, match="customer_id must be a customer") as caught:
        none.of("c-9")
    assert "c-9" not in str(caught.value)
