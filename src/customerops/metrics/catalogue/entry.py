"""What the catalogue says of a metric, and the words it says it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, each, one_of, text, validator

__all__ = [
    "ADDITIVITIES",
    "BETTER",
    "CUSTOMERS",
    "CUSTOMERS_AND_TIME",
    "KINDS",
    "TAGS",
    "UNITS",
    "MetricDefinition",
    "MetricSpec",
]

UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "any": ("the unit of what is given", "与输入相同"),
        "count": ("a number of customers, cases or events", "数量"),
        "currency": ("major units of one currency", "金额"),
        "currency_per_day": ("major units of one currency a day", "金额/天"),
        "date": ("a date", "日期"),
        "duration": ("elapsed time", "时长"),
        "fraction": ("a fraction; a share lies in 0 to 1", "比例"),
        "loyalty_points": ("points of a loyalty scheme", "会员积分"),
        "number": ("a pure number", "无量纲数"),
        "periods": ("a number of periods", "期数"),
        "points": ("points from -100 to 100", "分 (-100 至 100)"),
        "scale_points": ("points of the scale that was asked on", "量表分"),
        "score": ("points that the caller gives", "评分"),
        "several": ("several measures of unlike units", "多个指标"),
    }
)
"""What a value is counted in, each in English and Chinese."""

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "conversion": ("who went on to something in time, of those who could", "转化"),
        "cumulative": ("a level built up until an instant", "累计"),
        "derived": ("computed from other measures, or by a model", "衍生"),
        "ratio": ("one sum by another", "比率"),
        "simple": ("one count or one sum", "简单"),
    }
)
"""How a value comes about, each in English and Chinese."""

TAGS: Mapping[str, str] = MappingProxyType(
    {
        "acquisition": "获客",
        "affinity": "关联推荐",
        "campaign": "营销活动",
        "churn": "流失",
        "comparison": "对比",
        "data quality": "数据质量",
        "engagement": "活跃",
        "experiment": "实验",
        "funnel": "漏斗",
        "health": "健康度",
        "journey": "客户旅程",
        "lifecycle": "生命周期",
        "lifetime value": "客户终身价值",
        "loyalty": "会员积分",
        "pipeline": "销售管道",
        "purchase": "购买",
        "retention": "留存",
        "revenue": "经常性收入",
        "segment": "客户分群",
        "service": "客户服务",
        "survey": "客户反馈",
        "survival": "生存分析",
        "tier": "会员等级",
        "unit economics": "单位经济",
        "value": "客户价值",
    }
)
"""What a metric is about (标签), each with its Chinese word."""

BETTER = ("higher", "lower", "neither")

CUSTOMERS = ("customers",)
CUSTOMERS_AND_TIME = ("customers", "time")
ADDITIVITIES = ((), CUSTOMERS, CUSTOMERS_AND_TIME)


def _within(options: Iterable[str]) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    known = tuple(options)
    return validator(lambda name, value: one_of(name, value, known))


def _texts(values: object) -> tuple[str, ...]:
    return tuple(text("text", one) for one in each("texts", values))


@attrs.frozen(kw_only=True)
class MetricDefinition:
    """One of the named definitions of a metric.

    Parameters
    ----------
    meaning, meaning_zh : str
        What it measures, in English and in Chinese.
    aliases : sequence of str
        Names that vendors and authors use; the function takes them for this definition.
    authority : str
        Who uses it, or where it is from; empty where it is everybody's.
    unit : str, optional
        What its values are counted in, where that is not the unit of the metric.

    Raises
    ------
    InvalidInputError
        If a text is empty, or the unit is unknown.

    Examples
    --------
    >>> from customerops.metrics.catalogue import MetricDefinition
    >>> MetricDefinition(
    ...     meaning="lost by the opening base", meaning_zh="流失 / 期初", aliases=["textbook"]
    ... ).aliases
    ('textbook',)
    """

    meaning: str = attrs.field(validator=validator(text))
    meaning_zh: str = attrs.field(validator=validator(text))
    aliases: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    authority: str = ""
    unit: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(_within(UNITS))
    )


def _pairs(given: object) -> tuple[tuple[str, MetricDefinition], ...]:
    if not isinstance(given, Mapping):
        raise InvalidInputError("definitions", "must be a mapping", came(given))
    for name, definition in given.items():
        text("definitions", name)
        if not isinstance(definition, MetricDefinition):
            requirement = "must be MetricDefinitions by name"
            raise InvalidInputError("definitions", requirement, came(definition))
    return tuple(given.items())


@attrs.frozen(kw_only=True)
class MetricSpec:
    """What there is to know of a metric before it is computed.

    Parameters
    ----------
    key : str
        Its name: that of the function or of the method, with a word before it where two share it.
    home : str
        The callable, with dots: ``"customerops.metrics.churn_rate"``.
    label, label_zh : str
        What people call it, in English and in Chinese.
    description, description_zh : str
        What it says, in one sentence.
    unit : str
        What its values are counted in; one of `UNITS`.
    kind : {"simple", "ratio", "derived", "cumulative", "conversion"}
        How a value comes about; see `KINDS`.
    numerator, denominator : str
        What is divided by what; empty where nothing is. By definition where there are several.
    additivity : tuple of str
        Over what results add with ``+``, from which their values are made anew: nothing,
        ``("customers",)`` (results of disjoint customers), or ``("customers", "time")`` where the
        numerators and denominators of consecutive periods sum to those of the whole, too.
    better : {"higher", "lower", "neither"}
        Which way is good news.
    definitions : mapping of str to MetricDefinition
        What ``definition=`` takes; empty where the metric has but one meaning.
    tags : sequence of str
        What it is about; words of `TAGS`, the main one first.
    names : sequence of str
        Other names, abbreviations and vendors' words, in either language, to find it by.

    Raises
    ------
    InvalidInputError
        If a text that is needed is empty, or a word is not one of its closed set.

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> rate = catalogue.spec("grr")
    >>> rate.label_zh, rate.unit, rate.better, rate.additivity
    ('毛收入留存率', 'fraction', 'higher', ('customers',))
    >>> rate.definition("per_customer").aliases
    ('dbt', 'saas_metrics')
    """

    key: str = attrs.field(validator=validator(text))
    home: str = attrs.field(validator=validator(text))
    label: str = attrs.field(validator=validator(text))
    label_zh: str = attrs.field(validator=validator(text))
    description: str = attrs.field(validator=validator(text))
    description_zh: str = attrs.field(validator=validator(text))
    unit: str = attrs.field(validator=_within(UNITS))
    kind: str = attrs.field(validator=_within(KINDS))
    numerator: str = ""
    denominator: str = ""
    additivity: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    better: str = attrs.field(default="neither", validator=_within(BETTER))
    _definitions: tuple[tuple[str, MetricDefinition], ...] = attrs.field(
        default=MappingProxyType({}), converter=_pairs, alias="definitions"
    )
    tags: tuple[str, ...] = attrs.field(converter=_texts)
    names: tuple[str, ...] = attrs.field(default=(), converter=_texts)

    def __attrs_post_init__(self) -> None:
        if self.additivity not in ADDITIVITIES:
            options = ", ".join(map(repr, ADDITIVITIES))
            raise InvalidInputError("additivity", f"must be one of {options}")
        if not self.tags:
            raise InvalidInputError("tags", "must not be empty")
        for tag in self.tags:
            one_of("tags", tag, TAGS)
        if self.kind in ("ratio", "conversion") and not (self.numerator and self.denominator):
            raise InvalidInputError(
                "numerator and denominator", f"must be given for a {self.kind}"
            )

    @property
    def definitions(self) -> Mapping[str, MetricDefinition]:
        """What ``definition=`` takes, in the order of the documentation."""
        return MappingProxyType(dict(self._definitions))

    def definition(self, name: str) -> MetricDefinition:
        """Return a definition by its name, or by that of a vendor.

        Raises
        ------
        InvalidInputError
            If the metric has none of that name.

        Examples
        --------
        >>> from customerops.metrics import catalogue
        >>> catalogue.spec("churn_rate").definition("paddle").meaning_zh
        '期内流失过的期初客户 / 期初客户, 之后是否回来都算'
        """
        known = dict(self._definitions)
        named = {alias: own for own in known.values() for alias in own.aliases} | known
        return named[one_of("definition", name, named)]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON's plain types.

        Examples
        --------
        >>> from customerops.metrics import catalogue
        >>> catalogue.spec("roi").to_dict()["label"]
        {'en': 'return on investment (ROI)', 'zh': '投资回报率'}
        """
        return {
            "key": self.key,
            "home": self.home,
            "label": {"en": self.label, "zh": self.label_zh},
            "description": {"en": self.description, "zh": self.description_zh},
            "unit": self.unit,
            "kind": self.kind,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "additivity": list(self.additivity),
            "better": self.better,
            "definitions": {
                name: {
                    "meaning": {"en": one.meaning, "zh": one.meaning_zh},
                    "aliases": list(one.aliases),
                    "authority": one.authority,
                    "unit": one.unit or self.unit,
                }
                for name, one in self._definitions
            },
            "tags": [{"en": tag, "zh": TAGS[tag]} for tag in self.tags],
            "names": list(self.names),
        }
