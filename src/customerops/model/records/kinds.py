"""Names for what happens, where, and by what a customer is known: constants of open vocabularies.

A kind or a channel is any string; these are the ones the library's defaults, examples and adapters
speak of. Members equal their strings: ``Kind.PURCHASE == "purchase"``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ROLES", "Channel", "IdentifierType", "Kind"]


class Kind(enum.StrEnum):
    """Kinds of interaction, by the role they play for the customer.

    What ``amount``, ``value`` and ``until`` of an `Interaction` mean goes with the kind: of a
    purchase, what was paid; of a refund, the same, negative; of a survey response, the score; of a
    renewal, how long is paid; of points, how many; of a balance, what stands in the account.

    Examples
    --------
    >>> from customerops.model import Kind
    >>> Kind.PURCHASE == "purchase", Kind.PURCHASE.role
    (True, 'commit')
    """

    # discover, the customer looks around
    VIEW = "view"
    SEARCH = "search"
    IMPRESSION = "impression"
    CLICK = "click"
    # reach, a message goes out and what becomes of it
    SEND = "send"
    DELIVER = "deliver"
    BOUNCE = "bounce"
    OPEN = "open"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAIN = "complain"
    # engage, the two sides meet or the product is used
    MESSAGE = "message"
    CALL = "call"
    MEETING = "meeting"
    VISIT = "visit"
    EVENT_ATTENDED = "event_attended"
    USE = "use"
    LOGIN = "login"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    GROUP_JOIN = "group_join"
    GROUP_LEAVE = "group_leave"
    # commit, about money and contracts
    SIGNUP = "signup"
    TRIAL_START = "trial_start"
    CART = "cart"
    CHECKOUT = "checkout"
    PURCHASE = "purchase"
    REFUND = "refund"
    RENEW = "renew"
    PAYMENT_FAILED = "payment_failed"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    CANCEL_AT_PERIOD_END = "cancel_at_period_end"
    BALANCE = "balance"
    # service, about cases
    CASE_OPEN = "case_open"
    CASE_REPLY = "case_reply"
    CASE_STATUS = "case_status"
    CASE_RESOLVE = "case_resolve"
    CASE_REOPEN = "case_reopen"
    # sales, about opportunities
    STAGE_CHANGE = "stage_change"
    # voice, what the customer says
    SURVEY_INVITE = "survey_invite"
    SURVEY_RESPONSE = "survey_response"
    REVIEW = "review"
    REFERRAL = "referral"
    # loyalty, about points and coupons
    POINTS_EARN = "points_earn"
    POINTS_BURN = "points_burn"
    POINTS_EXPIRE = "points_expire"
    COUPON_ISSUE = "coupon_issue"
    COUPON_REDEEM = "coupon_redeem"
    # data, about the record itself
    ERASE = "erase"

    @property
    def role(self) -> str:
        """The role it plays: a key of `ROLES`."""
        return next(role for role, kinds in ROLES.items() if self in kinds)


def _between(first: Kind, last: Kind) -> tuple[Kind, ...]:
    members = list(Kind)
    return tuple(members[members.index(first) : members.index(last) + 1])


ROLES: Mapping[str, tuple[Kind, ...]] = MappingProxyType(
    {
        "discover": _between(Kind.VIEW, Kind.CLICK),
        "reach": _between(Kind.SEND, Kind.COMPLAIN),
        "engage": _between(Kind.MESSAGE, Kind.GROUP_LEAVE),
        "commit": _between(Kind.SIGNUP, Kind.BALANCE),
        "service": _between(Kind.CASE_OPEN, Kind.CASE_REOPEN),
        "sales": (Kind.STAGE_CHANGE,),
        "voice": _between(Kind.SURVEY_INVITE, Kind.REFERRAL),
        "loyalty": _between(Kind.POINTS_EARN, Kind.COUPON_REDEEM),
        "data": (Kind.ERASE,),
    }
)
"""Role to the kinds that play it; each kind plays one."""


class Channel(enum.StrEnum):
    """Where an interaction takes place.

    Examples
    --------
    >>> from customerops.model import Channel
    >>> Channel.WECOM == "wecom"
    True
    """

    WEB = "web"
    APP = "app"
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    CHAT = "chat"
    STORE = "store"
    SOCIAL = "social"
    WECHAT = "wechat"
    WECOM = "wecom"
    PUSH = "push"
    MAIL = "mail"
    EVENT = "event"
    PARTNER = "partner"
    MARKETPLACE = "marketplace"
    COMMUNITY = "community"


class IdentifierType(enum.StrEnum):
    """By what a customer is known: the type of an `Identifier`.

    Examples
    --------
    >>> from customerops.model import IdentifierType
    >>> IdentifierType.EMAIL == "email"
    True
    """

    EMAIL = "email"
    PHONE = "phone"
    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"
    DEVICE_ID = "device_id"
    WECHAT_OPENID = "wechat_openid"
    WECHAT_UNIONID = "wechat_unionid"
    WECOM_EXTERNAL_USERID = "wecom_external_userid"
    LOYALTY_NO = "loyalty_no"
    TAX_ID = "tax_id"
