"""Contacts and customers by channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import ClusteredShare, Proportion
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.columns import Coded
from customerops.model.values.labels import Label, label_key

__all__ = [
    "ChannelMix",
    "ChannelReach",
    "ChannelShare",
    "channel_mix",
    "cross_channel",
    "share_of",
]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ChannelShare(ClusteredShare):
    """The share of each channel in all contacts, with the customer as the unit.

    A group has one total, whichever channels occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("n", "y", "yy"), ("group",)
    )

    def _arrays(self) -> list[NDArray[Any]]:
        return [self._spread(name) for name in self.PARTS]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ChannelReach(Proportion):
    """The share of the customers with a contact who had one on each channel."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ChannelMix(Table):
    """Contacts and customers by channel (after the group); a missing channel is one like others.

    Attributes
    ----------
    contacts : ndarray of int
        Contacts on each channel.
    customers : ndarray of int
        Customers with a contact on it.
    reached : int or ndarray of int
        Customers with a contact on any.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("contacts", "customers", "reached", "total"),
        *("contacts_squared", "product", "total_squared"),
    )
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("reached", "total", "total_squared"), ("group",)
    )

    @property
    def contacts(self) -> Count:
        """Contacts on each channel."""
        return self._part("contacts")

    @property
    def customers(self) -> Count:
        """Customers with a contact on each channel."""
        return self._part("customers")

    def share(self) -> ChannelShare:
        """Return the share of each channel in all contacts."""
        p = self.parts
        return ChannelShare(
            axes=self.axes,
            parts={
                "n": p["reached"],
                "x": p["contacts"],
                "y": p["total"],
                "xx": p["contacts_squared"],
                "yy": p["total_squared"],
                "xy": p["product"],
            },
            context=attrs.evolve(self.context, metric="coverage.channel_share"),
        )

    def reach(self) -> ChannelReach:
        """Return the share of the customers with a contact who had one on each channel."""
        return ChannelReach(
            axes=self.axes,
            parts={"count": self.parts["customers"], "total": self.parts["reached"]},
            context=attrs.evolve(self.context, metric="coverage.channel_reach", unit="customer"),
        )

    def _columns(self) -> dict[str, NDArray[Any]]:
        hidden = ("contacts_squared", "product", "total_squared")
        return {k: v for k, v in super()._columns().items() if k not in hidden}


def _per_channel(
    customer: NDArray[np.int32], codes: NDArray[Any], channels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair of customer and channel (0 if missing), and its contacts."""
    key = customer.astype(np.int64) * (channels + 1) + codes + 1
    pairs, contacts = np.unique(key, return_counts=True)
    who, on = np.divmod(pairs, channels + 1)
    return who, on, contacts.astype(np.int64)


def channel_mix(
    channel: Coded,
    customer: NDArray[np.int32],
    codes: NDArray[Any],
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> ChannelMix:
    """Return the contacts and customers of each channel that occurs."""
    who, on, contacts = _per_channel(customer, codes, len(channel.labels))
    table: list[Label] = [None, *channel.labels]
    occur = sorted(np.unique(on).tolist(), key=lambda code: label_key(table[code]))
    place = np.zeros(len(table), np.int64)
    place[occur] = np.arange(len(occur))
    groups = len(axes[0]) if axes else 1
    total = np.bincount(customer, minlength=len(group)).astype(np.int64)
    cell, cells = group[who] * len(occur) + place[on], groups * len(occur)
    shape = tuple(len(axis) for axis in axes)
    spans = {
        "contacts": exact.group_sum(cell, contacts, cells),
        "customers": exact.group_count(cell, cells),
        "contacts_squared": exact.group_dot(cell, contacts, contacts, cells),
        "product": exact.group_dot(cell, contacts, total[who], cells),
    }
    own = {
        "reached": exact.group_count(group[total > 0], groups),
        "total": exact.group_sum(group, total, groups),
        "total_squared": exact.group_dot(group, total, total, groups),
    }
    return ChannelMix(
        axes=(*axes, Axis("channel", [table[code] for code in occur], "state")),
        parts={
            **{name: part.reshape(*shape, len(occur)) for name, part in spans.items()},
            **{name: part.reshape(shape) for name, part in own.items()},
        },
        context=attrs.evolve(context, metric="coverage.mix"),
    )


def cross_channel(
    customer: NDArray[np.int32],
    codes: NDArray[Any],
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> Proportion:
    """Return the share of customers with contacts on several channels."""
    some = codes >= 0
    who, _, _ = _per_channel(customer[some], codes[some], int(codes.max(initial=0)) + 1)
    return share_of(
        np.bincount(who, minlength=len(group)) > 1,
        np.bincount(who, minlength=len(group)) > 0,
        group,
        axes,
        attrs.evolve(context, metric="coverage.cross_channel"),
    )


def share_of(
    count: NDArray[np.bool_],
    total: NDArray[np.bool_],
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> Proportion:
    """Return how many of whom, in each group."""
    groups, shape = len(axes[0]) if axes else 1, tuple(len(axis) for axis in axes)
    return Proportion(
        axes=axes,
        parts={
            "count": np.bincount(group[count], minlength=groups).reshape(shape),
            "total": np.bincount(group[total], minlength=groups).reshape(shape),
        },
        context=context,
    )
