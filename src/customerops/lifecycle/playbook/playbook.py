"""The playbook: what is done for whom, and what holds it back, as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.care import CareDate
from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours, all_day
from customerops.lifecycle.playbook.plays import Action, Offer
from customerops.model.records.base import shape_of
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.serial import read
from customerops.model.values.zones import as_zone, zone_key

__all__ = ["Playbook"]

SCHEMA = 1
_SHAPES = {
    "key": shape_of(str),
    "actions": shape_of(tuple[Action, ...]),
    "tz": shape_of(str),
    "caps": shape_of(tuple[Cap, ...]),
    "quiet_hours": shape_of(tuple[QuietHours, ...]),
    "care_dates": shape_of(tuple[CareDate, ...]),
    "holdout": shape_of(Holdout | None),
}


def _zone_key(tz: dt.tzinfo | str) -> str:
    key = zone_key(as_zone("tz", tz))
    if key is None:
        raise InvalidInputError("tz", "must have a key to be written", came(tz))
    return key


@attrs.frozen(kw_only=True)
class Playbook:
    """What is done for customers in which situation, and what holds it back.

    Parameters
    ----------
    key : str
        Its name.
    actions : tuple of Action
        No two with one key.
    tz : tzinfo or str
        The zone of customers whose own is not known.
    caps : tuple of Cap
        Frequency caps (频控); no two of one channel and window.
    quiet_hours : tuple of QuietHours
        When nobody is disturbed (免打扰). Every channel must have some of the day left.
    care_dates : tuple of CareDate
        What `Situation.due` speaks of; no two with one key.
    holdout : Holdout, optional
        For whom nothing is done.

    Attributes
    ----------
    zone : tzinfo
        That of `tz`.
    by_stage, cap_sentences, caps_by_channel, quiet_by_channel
        What every decision would work out again: the actions of each stage by priority, the caps
        in words, and their positions and the quiet hours for each channel.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a key comes twice, two offers share one, an action speaks of a care date that is
        not there, or quiet hours leave nothing of the day.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import WAKE, Action, Cap, Playbook, QuietHours
    >>> playbook = Playbook(
    ...     key="win-back",
    ...     tz="Asia/Shanghai",
    ...     actions=(Action(key="wake-sms", when=WAKE, purpose="marketing", channels=("sms",)),),
    ...     caps=(Cap(limit=3, window=dt.timedelta(days=7), channel="sms"),),
    ...     quiet_hours=(QuietHours("22:00", "08:00"),),
    ... )
    >>> Playbook.from_dict(playbook.to_dict()) == playbook
    True
    """

    key: str
    actions: tuple[Action, ...]
    tz: str = attrs.field(converter=_zone_key)
    caps: tuple[Cap, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    care_dates: tuple[CareDate, ...] = ()
    holdout: Holdout | None = None
    zone: dt.tzinfo = attrs.field(init=False, eq=False, repr=False)
    by_stage: Mapping[str, tuple[Action, ...]] = attrs.field(init=False, eq=False, repr=False)
    cap_sentences: tuple[str, ...] = attrs.field(init=False, eq=False, repr=False)
    caps_by_channel: Mapping[str, tuple[int, ...]] = attrs.field(init=False, eq=False, repr=False)
    quiet_by_channel: Mapping[str, tuple[QuietHours, ...]] = attrs.field(
        init=False, eq=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            object.__setattr__(self, name, shape.accept(name, getattr(self, name)))
        _unique("actions", "key", (action.key for action in self.actions))
        _unique("care_dates", "key", (one.key for one in self.care_dates))
        _unique("caps", "channel and window", ((cap.channel, cap.window) for cap in self.caps))
        self._check_due()
        self._check_offers()
        for name, value in self._prepared().items():
            object.__setattr__(self, name, value)
        if any(map(all_day, self.quiet_by_channel.values())):
            raise InvalidInputError(
                "quiet_hours", "must leave some of the day", "a channel has none"
            )

    def _prepared(self) -> dict[str, Any]:
        """Return what every decision would work out again."""
        channels = {channel for action in self.actions for channel in action.channels}
        by_stage: dict[str, tuple[Action, ...]] = {}
        for action in sorted(self.actions, key=lambda one: one.priority):
            for stage in action.when.asked_stages:
                by_stage[stage] = (*by_stage.get(stage, ()), action)
        caps = {
            channel: tuple(i for i, cap in enumerate(self.caps) if cap.channel in (None, channel))
            for channel in channels
        }
        quiet = {
            channel: tuple(q for q in self.quiet_hours if not q.channels or channel in q.channels)
            for channel in channels
        }
        return {
            "zone": as_zone("tz", self.tz),
            "by_stage": MappingProxyType(by_stage),
            "cap_sentences": tuple(f"frequency cap: {cap.describe()}" for cap in self.caps),
            "caps_by_channel": MappingProxyType(caps),
            "quiet_by_channel": MappingProxyType(quiet),
        }

    def _check_due(self) -> None:
        known = [one.key for one in self.care_dates]
        for i, action in enumerate(self.actions):
            for key in sorted(action.when.due.difference(known)):
                said = f"got {key!r}{did_you_mean(key, known)}"
                raise InvalidInputError(
                    f"actions[{i}].when.due", "must name care dates of the playbook", said
                )

    def _check_offers(self) -> None:
        offers: dict[str, Offer] = {}
        for i, action in enumerate(self.actions):
            form = action.personalisation
            for offer in (action.offer, None if form is None else form.offer):
                if offer is not None and offers.setdefault(offer.key, offer) != offer:
                    raise InvalidInputError(
                        f"actions[{i}]", "must mean one offer by one key", "another has the same"
                    )

    def to_dict(self) -> dict[str, Any]:
        """Return the playbook in plain JSON types, without loss."""
        written = {name: shape.dump(getattr(self, name)) for name, shape in _SHAPES.items()}
        return {"schema": SCHEMA, **written}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the playbook that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, a value is not what its field takes, or another
            version wrote it; the message has the path.
        """
        given = read("Playbook", data, ["schema", *_SHAPES])
        if given.pop("schema") != SCHEMA:
            raise InvalidInputError(
                "Playbook.schema", f"must be {SCHEMA}", "another version wrote it"
            )
        return cls(**{name: _SHAPES[name].load(name, value) for name, value in given.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what `to_dict` writes."""
        return (type(self).from_dict, (self.to_dict(),))


def _unique(name: str, what: str, keys: Iterable[object]) -> None:
    given = list(keys)
    for i, key in enumerate(given):
        if key in given[:i]:
            raise InvalidInputError(
                f"{name}[{i}]", f"must have a {what} of its own", "one before it has the same"
            )
