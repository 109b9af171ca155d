"""The catalogue's entries on how customers are won: activation, trials, referrals."""

from __future__ import annotations

from customerops.metrics.catalogue.entry import CUSTOMERS, MetricDefinition, MetricSpec

__all__ = ["ENTRIES"]

ENTRIES = (
    MetricSpec(
        key="activation_rate",
        home="customerops.metrics.activation_rate",
        label="activation rate",
        label_zh="激活率",
        description="Share of sign-ups that did the key action in time.",
        description_zh="注册后在限期内完成关键动作的占比; 限期未到者不计。",
        unit="fraction",
        kind="conversion",
        numerator="customers who did the key action in time",
        denominator="customers who started and whose time is up",
        additivity=CUSTOMERS,
        better="higher",
        tags=("acquisition", "funnel"),
        names=("lead conversion", "线索转化率", "AARRR"),
    ),
    MetricSpec(
        key="trial_conversion",
        home="customerops.metrics.trial_conversion",
        label="trial conversion",
        label_zh="试用转付费率",
        description="Share of trials that became paying customers.",
        description_zh="试用转为付费客户的占比, 须指明口径。",
        unit="fraction",
        kind="conversion",
        numerator="trials paid for, or customers who first paid",
        denominator="trials that ended, or that started",
        additivity=CUSTOMERS,
        better="higher",
        definitions={
            "cohort": MetricDefinition(
                meaning="of the trials that ended in the period, the share that was paid for",
                meaning_zh="当期结束的试用中转为付费的占比",
                authority="cohort reports",
            ),
            "same_window": MetricDefinition(
                meaning="first paid in the period / trials started in it; may exceed 1",
                meaning_zh="当期首次付费客户 / 当期开始的试用, 可能超过 1",
                authority="Baremetrics, over 30 days",
            ),
        },
        tags=("acquisition", "funnel"),
        names=("trial to paid", "free-to-paid", "试用转化"),
    ),
    MetricSpec(
        key="referral_rate",
        home="customerops.metrics.referral_rate",
        label="referral rate",
        label_zh="转介绍率",
        description="Share of customers who brought another one in the period.",
        description_zh="当期带来新客户的客户占比 (转介绍率)。",
        unit="fraction",
        kind="ratio",
        numerator="customers with a referral",
        denominator="customers at the end of the period",
        additivity=CUSTOMERS,
        better="higher",
        tags=("acquisition",),
        names=("转介绍率", "word of mouth", "老带新"),
    ),
    MetricSpec(
        key="k_factor",
        home="customerops.metrics.k_factor",
        label="viral coefficient (K-factor)",
        label_zh="K 因子 (病毒系数)",
        description="How many new customers each new customer brings.",
        description_zh="每个新客户带来的新客户数: 人均邀请数 * 邀请转化率。",
        unit="number",
        kind="ratio",
        numerator="invites accepted in time",
        denominator="customers whose time is up",
        additivity=CUSTOMERS,
        better="higher",
        tags=("acquisition",),
        names=("K-factor", "virality", "病毒系数", "裂变系数"),
    ),
)
