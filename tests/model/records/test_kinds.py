"""Constants of the open vocabularies."""

import json
from typing import Any

import pytest

from customerops.model.records.kinds import ROLES, Channel, IdentifierType, Kind

# The practitioners' list, by role.
LISTED = {
    "discover": "view search impression click",
    "reach": "send deliver bounce open unsubscribe complain",
    "engage": "message call meeting visit event_attended use login follow unfollow group_join "
    "group_leave",
    "commit": "signup trial_start cart checkout purchase refund renew payment_failed pause resume "
    "cancel cancel_at_period_end balance",
    "service": "case_open case_reply case_status case_resolve case_reopen",
    "sales": "stage_change",
    "voice": "survey_invite survey_response review referral",
    "loyalty": "points_earn points_burn points_expire coupon_issue coupon_redeem",
    "data": "erase",
}


def test_kinds_are_listed_by_role() -> None:
    assert {role: " ".join(kinds) for role, kinds in ROLES.items()} == LISTED


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_plays_one_role(kind: Any) -> None:
    assert [role for role, kinds in ROLES.items() if kind in kinds] == [kind.role]


def test_members_are_their_strings() -> None:
    assert Kind("purchase") is Kind.PURCHASE
    counts: dict[str, int] = {Kind.PURCHASE: 1}
    assert counts["purchase"] == 1
    assert json.dumps([Kind.CART, Channel.WECOM, IdentifierType.TAX_ID]) == (
        '["cart", "wecom", "tax_id"]'
    )
    assert " ".join(Channel) == (
        "web app email sms phone chat store social wechat wecom push mail event partner "
        "marketplace community"
    )
