"""Two regimes as shipped: the GDPR with its law of electronic messages, and China's PIPL.

Restated rule by rule, with the article of each, for the purposes that customer operations has.
They are readings to start from, not legal advice; member states and authorities fill gaps.

References
----------
Regulation (EU) 2016/679 (GDPR). Directive 2002/58/EC (ePrivacy), article 13; in the United Kingdom
the Privacy and Electronic Communications (EC Directive) Regulations 2003 (PECR), regulations 19 to
24. 中华人民共和国个人信息保护法 (PIPL, 2021). 中华人民共和国广告法 (Advertising Law), article 43.
通信短信息服务管理规定 (Provisions on short message services, 2015), articles 18 and 20.
互联网电子邮件服务管理办法 (Measures on e-mail services, 2006), articles 13 and 14.
"""

from __future__ import annotations

import attrs

from customerops.model.rights.regimes import (
    Basis,
    CategoryRule,
    ChannelRule,
    GuardianRule,
    Obligation,
    PurposeRule,
    Regime,
)

__all__ = ["GDPR", "PIPL"]

# ------------------------------------------------------------------ what needs no consent

_CONTRACT = ("order_confirmation", "delivery", "account", "service", "payment_reminder")
_DUTY = ("invoice", "privacy_notice", "recall", "security_notice")


def _needed(contract: str, duty: str) -> tuple[PurposeRule, ...]:
    """Return the purposes that a contract or a legal duty requires."""
    return (
        *(PurposeRule(purpose=one, stands_on="contract", article=contract) for one in _CONTRACT),
        *(PurposeRule(purpose=one, stands_on="legal_obligation", article=duty) for one in _DUTY),
    )


# ------------------------------------------------------------------ GDPR and ePrivacy

_EU = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
    "IS LI NO EU EEA GB UK"
)

_MESSAGES = ("app", "chat", "email", "push", "sms", "social", "wechat", "wecom")
"""What reaches an inbox counts as electronic mail (Court of Justice, C-102/20)."""

_SAY_WHO = Obligation(
    key="sender",
    text="say who sends it, and an address at which to ask that it stop",
    article="ePrivacy art. 13(4); PECR reg. 23",
)
_WAY_OUT = Obligation(
    key="opt_out",
    text="offer in each message a free and easy way to refuse more",
    article="ePrivacy art. 13(2), 13(4); PECR reg. 22(3)(c)",
)
_TELL_RIGHT = Obligation(
    key="right_to_object",
    text="tell of the right to object at the latest with the first message, apart from the rest",
    article="GDPR art. 21(4)",
)
_MARKETING_EU = PurposeRule(
    purpose="marketing",
    bases=frozenset({"consent", "legitimate_interests"}),
    channels=(
        ChannelRule(
            channels=frozenset(_MESSAGES),
            bases=frozenset({"consent", "soft_opt_in"}),
            obligations=(_SAY_WHO, _WAY_OUT),
            article="ePrivacy art. 13(1)-(2); PECR reg. 22",
        ),
        ChannelRule(
            channels=frozenset({"phone"}),
            bases=frozenset({"consent"}),
            obligations=(_SAY_WHO,),
            article="ePrivacy art. 13(1), 13(3); PECR reg. 19, 21",
        ),
    ),
    obligations=(_TELL_RIGHT,),
    objection="absolute",
    article="GDPR art. 21(2)-(3), recital 47",
)

GDPR = Regime(
    key="GDPR",
    name="General Data Protection Regulation, with the ePrivacy Directive and PECR",
    jurisdictions=frozenset(_EU.split()),
    bases=(
        Basis(key="consent", article="GDPR art. 6(1)(a)"),
        Basis(key="contract", article="GDPR art. 6(1)(b)"),
        Basis(key="legal_obligation", article="GDPR art. 6(1)(c)"),
        Basis(key="vital_interests", article="GDPR art. 6(1)(d)"),
        Basis(key="public_task", article="GDPR art. 6(1)(e)"),
        Basis(key="legitimate_interests", article="GDPR art. 6(1)(f)"),
    ),
    exemptions=(
        # rests on 6(1)(f) of the GDPR; ePrivacy spares it the consent
        Basis(key="soft_opt_in", article="ePrivacy art. 13(2); PECR reg. 22(3)"),
    ),
    purposes=(
        *_needed("GDPR art. 6(1)(b)", "GDPR art. 6(1)(c)"),
        _MARKETING_EU,
        attrs.evolve(_MARKETING_EU, purpose="personalised_marketing", part_of="marketing"),
    ),
    categories=tuple(
        CategoryRule(
            category=category,
            bases=frozenset({"consent", "vital_interests"}),
            separate=True,
            article="GDPR art. 9(1), 9(2)(a), 9(2)(c)",
        )
        for category in (
            "user.biometric",
            "user.demographic.political_opinion",
            "user.demographic.race_ethnicity",
            "user.demographic.religious_belief",
            "user.demographic.sexual_orientation",
            "user.genetic",
            "user.health_and_medical",
        )
    ),
    guardian=GuardianRule(under=16, article="GDPR art. 8(1)"),
    articles={
        "default": "GDPR art. 6(1)",
        "expiry": "GDPR art. 4(11), 5(1)(b)",
        "notice": "GDPR art. 4(11), 7(1), recital 32",
        "recipient": "GDPR art. 4(11), 13(1)(e)",
        "withdrawal": "GDPR art. 7(3), 21(3)",
    },
)
"""The GDPR with the ePrivacy Directive and PECR: six bases, the soft opt-in, absolute objection.

Calls by phone are left to the member states (ePrivacy art. 13(3)): the stricter answer, consent,
is taken here. Children consent from 16 on; a member state may lower that to 13 (art. 8(1)).
"""

# ------------------------------------------------------------------ PIPL

_REFUSE_CN = Obligation(
    key="opt_out",
    text="say in each message how to refuse more, and make it easy",
    article="广告法 art. 43(2)",
)
_SENDER_CN = Obligation(
    key="sender",
    text="say truly who sends it and how to reach them",
    article="广告法 art. 43(2)",
)
_UNTARGETED = Obligation(
    key="untargeted_option",
    text="offer what is not aimed at the person's traits, or an easy way to refuse",
    article="PIPL art. 24(2)",
)
_CONSENTED = frozenset({"consent"})
_MARKETING_CN = PurposeRule(
    purpose="marketing",
    bases=_CONSENTED,
    channels=(
        ChannelRule(
            channels=frozenset({"sms"}),
            bases=_CONSENTED,
            obligations=(
                _SENDER_CN,
                attrs.evolve(_REFUSE_CN, article="通信短信息服务管理规定 art. 20; 广告法 art. 43(2)"),
            ),
            article="通信短信息服务管理规定 art. 18",
        ),
        ChannelRule(
            channels=frozenset({"email"}),
            bases=_CONSENTED,
            obligations=(
                _SENDER_CN,
                attrs.evolve(_REFUSE_CN, article="互联网电子邮件服务管理办法 art. 14; 广告法 art. 43(2)"),
                Obligation(
                    key="label",
                    text='mark the subject as advertising: "广告" or "AD"',
                    article="互联网电子邮件服务管理办法 art. 13",
                ),
            ),
            article="互联网电子邮件服务管理办法 art. 13",
        ),
        ChannelRule(
            channels=frozenset({"app", "chat", "phone", "push", "social", "wechat", "wecom"}),
            bases=_CONSENTED,
            obligations=(_SENDER_CN, _REFUSE_CN),
            article="广告法 art. 43(2)",
        ),
    ),
    article="PIPL art. 15; 广告法 art. 43(1)",
)  # fmt: skip


def _apart(category: str) -> CategoryRule:
    return CategoryRule(category=category, separate=True, article="PIPL art. 28, 29")


PIPL = Regime(
    key="PIPL",
    name="Personal Information Protection Law, 中华人民共和国个人信息保护法",
    jurisdictions=frozenset({"CN"}),
    bases=(
        Basis(key="consent", article="PIPL art. 13(1)"),
        Basis(key="contract", article="PIPL art. 13(2)"),
        Basis(key="legal_obligation", article="PIPL art. 13(3)"),
        Basis(key="vital_interests", article="PIPL art. 13(4)"),
        Basis(key="public_interest_reporting", article="PIPL art. 13(5)"),
        Basis(key="public_information", article="PIPL art. 13(6), 27"),
        Basis(key="other_law", article="PIPL art. 13(7)"),
    ),
    purposes=(
        *_needed("PIPL art. 13(2)", "PIPL art. 13(3)"),
        _MARKETING_CN,
        attrs.evolve(
            _MARKETING_CN,
            purpose="personalised_marketing",
            part_of="marketing",
            obligations=(_UNTARGETED,),
            article="PIPL art. 15, 24(2); 广告法 art. 43(1)",
        ),
        PurposeRule(
            purpose="publication", bases=_CONSENTED, separate=True, article="PIPL art. 25"
        ),
        PurposeRule(purpose="transfer_abroad", separate=True, article="PIPL art. 38, 39"),
    ),
    categories=tuple(
        _apart(category)
        for category in (
            "user.biometric",
            "user.demographic.religious_belief",
            "user.financial",
            "user.genetic",
            "user.government_id",
            "user.health_and_medical",
            "user.location.precise",
        )
    ),
    guardian=GuardianRule(under=14, separate=True, article="PIPL art. 28, 29, 31"),
    separate_recipient=True,
    articles={
        "default": "PIPL art. 13",
        "expiry": "PIPL art. 17(1)(2), 19",
        "notice": "PIPL art. 14(2)",
        "recipient": "PIPL art. 23",
        "withdrawal": "PIPL art. 15",
    },
)
"""The PIPL: seven bases and no legitimate interests, separate consent, guardians under 14.

The data of a child under 14 is sensitive as such (art. 28), so that the guardian's consent (art.
31) must be separate too (art. 29).
"""
