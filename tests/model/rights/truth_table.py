"""The truth table of permission: situations, and what each regime must say; the docs show it.

``python -m tests.model.rights.truth_table`` prints the table as docs/explanation/permission.md
has it. The bases are written by hand from the articles; the articles beside them are the code's.
"""

import datetime as dt
from typing import Any

import attrs

from customerops.model.records.records import Consent
from customerops.model.rights.permission import permitted
from customerops.model.rights.standing import Permission

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LAWS = ("GDPR", "PIPL")
NO = "no"


def day(n: int) -> dt.datetime:
    return START + n * dt.timedelta(days=1)


def said(status: str, at: int, **rest: Any) -> Consent:
    fields = {"customer_id": "c-9", "purpose": "marketing", "channel": "email", **rest}
    return Consent(status=status, at=day(at), **fields)  # type: ignore[arg-type]


def yes(at: int = 1, **rest: Any) -> Consent:
    return said("granted", at, **rest)


def soft(at: int = 1, **rest: Any) -> Consent:
    return yes(at, legal_basis="soft_opt_in", **rest)


def refused(at: int, **rest: Any) -> Consent:
    return said("withdrawn", at, **rest)


@attrs.frozen
class Row:
    """A situation, always about marketing by e-mail on day 10 unless `asked` says otherwise."""

    rule: str
    situation: str
    records: list[Consent]
    gdpr: str
    pipl: str
    asked: dict[str, Any] = attrs.field(factory=dict)

    def answer(self, law: str) -> Permission:
        question = {"purpose": "marketing", "channel": "email", "at": day(10), **self.asked}
        return permitted(self.records, regime=law, **question)  # type: ignore[arg-type]

    def expected(self, law: str) -> str:
        return self.gdpr if law == "GDPR" else self.pipl


ORDER = {"purpose": "order_confirmation"}
HEALTH: dict[str, Any] = {"purpose": "advice", "data_category": "user.health_and_medical"}
PARTNER = {"recipient": "partner"}

ROWS = [
    Row("default deny", "nothing was said", [], NO, NO),
    Row("default deny", "granted by another channel", [yes(channel="sms")], NO, NO),
    Row("default deny", "granted for another purpose", [yes(purpose="survey")], NO, NO),
    Row("latest wins", "granted", [yes()], "consent", "consent"),
    Row("latest wins", "granted, then denied", [yes(), said("denied", 5)], NO, NO),
    Row("latest wins", "withdrawn, then granted again", [refused(1), yes(5)], "consent", "consent"),
    Row("expiry", "granted until day 20", [yes(expires_at=day(20))], "consent", "consent"),
    Row("expiry", "granted until day 10", [yes(expires_at=day(10))], NO, NO),
    Row("expiry", "granted; again, until day 5", [yes(), yes(2, expires_at=day(5))], NO, NO),
    Row("withdrawal", "withdrawn on day 5", [yes(), refused(5)], NO, NO),
    Row("withdrawal", "withdrawn on day 5, asked of day 3", [yes(), refused(5)], "consent", "consent", {"at": day(3)}),
    Row("withdrawal", "granted on day 5, asked of day 3", [yes(5)], NO, NO, {"at": day(3)}),
    Row("contract", "order confirmation, nothing said", [], "contract", "contract", ORDER),
    Row("contract", "order confirmation, marketing withdrawn", [yes(), refused(5)], "contract", "contract", ORDER),
    Row("contract", "order confirmation, refused itself", [refused(5, **ORDER)], "contract", "contract", ORDER),
    Row("legal duty", "invoice, nothing said", [], "legal_obligation", "legal_obligation", {"purpose": "invoice"}),
    Row("bases", "post, our interests recorded", [yes(channel="mail", legal_basis="legitimate_interests")], "legitimate_interests", NO, {"channel": "mail"}),
    Row("bases", "e-mail, our interests recorded", [yes(legal_basis="legitimate_interests")], NO, NO),
    Row("bases", "research, our interests recorded", [yes(purpose="research", legal_basis="legitimate_interests")], "legitimate_interests", NO, {"purpose": "research"}),
    Row("bases", "research, on what the person made public", [yes(purpose="research", legal_basis="public_information")], NO, "public_information", {"purpose": "research"}),
    Row("soft opt-in", "bought, could refuse, did not", [soft()], "soft_opt_in", NO),
    Row("soft opt-in", "the same, by phone", [soft(channel="phone")], NO, NO, {"channel": "phone"}),
    Row("soft opt-in", "bought, then refused", [soft(), refused(5)], NO, NO),
    Row("absolute objection", "refused, bought again since", [refused(1), soft(5)], NO, NO),
    Row("absolute objection", "refused until day 5, bought before", [soft(), refused(2, expires_at=day(5))], NO, NO),
    Row("absolute objection", "refused until day 3, bought since", [refused(1, expires_at=day(3)), soft(5)], NO, NO),
    Row("absolute objection", "refused, consented since", [refused(1), yes(5)], "consent", "consent"),
    Row("absolute objection", "marketing refused, personalised asked", [yes(purpose="personalised_marketing"), refused(5)], NO, NO, {"purpose": "personalised_marketing"}),
    Row("separate consent", "to a partner, granted in general", [yes()], NO, NO, PARTNER),
    Row("separate consent", "to a partner, named", [yes(recipient="partner")], "consent", NO, PARTNER),
    Row("separate consent", "to a partner, named and separate", [yes(recipient="partner", separate=True)], "consent", "consent", PARTNER),
    Row("separate consent", "health data, granted with the rest", [yes(**HEALTH)], NO, NO, HEALTH),
    Row("separate consent", "health data, separate", [yes(separate=True, **HEALTH)], "consent", "consent", HEALTH),
    Row("separate consent", "abroad, with the rest", [yes(purpose="transfer_abroad")], "consent", NO, {"purpose": "transfer_abroad"}),
    Row("guardian", "13, consented alone", [yes(separate=True)], NO, NO, {"age": 13}),
    Row("guardian", "13, the guardian consented", [yes(guardian_id="g-1")], "consent", NO, {"age": 13}),
    Row("guardian", "13, the guardian, separately", [yes(guardian_id="g-1", separate=True)], "consent", "consent", {"age": 13}),
    Row("guardian", "14, consented alone", [yes()], NO, "consent", {"age": 14}),
    Row("guardian", "16, consented alone", [yes()], "consent", "consent", {"age": 16}),
    Row("notice", "consented under notice 1, now 2", [yes(notice_version="1")], NO, NO, {"notice_version": "2"}),
    Row("notice", "again, under notice 2", [yes(notice_version="1"), yes(5, notice_version="2")], "consent", "consent", {"notice_version": "2"}),
    Row("notice", "consented, notice not known", [yes()], NO, NO, {"notice_version": "2"}),
    Row("text message", "consented to messages", [yes(channel="sms")], "consent", "consent", {"channel": "sms"}),
]  # fmt: skip


def cell(answer: Permission) -> str:
    """Return an answer as the table shows it."""
    articles = "; ".join(answer.articles)
    if not answer.allowed:
        return f"no ({articles})"
    must = ", ".join(one.key for one in answer.obligations)
    return f"**yes**, {answer.basis} ({articles})" + (f"; must: {must}" if must else "")


def table() -> str:
    """Return the rows as Markdown."""
    lines = [f"| rule | situation | {' | '.join(LAWS)} |", "|---|---|---|---|"]
    for row in ROWS:
        cells = " | ".join(cell(row.answer(law)) for law in LAWS)
        lines.append(f"| {row.rule} | {row.situation} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201
