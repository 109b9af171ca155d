"""What became of messages: counts by campaign, from which every named rate derives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.campaign.rates import (
    ASKED,
    BASES,
    LINKED,
    OUTCOMES,
    CustomerShare,
    MessageRates,
    Unit,
)
from customerops.metrics.shared.settled import SettledShare
from customerops.model.tables.base import Sampled, at_least_zero
from customerops.model.tables.cells import axis_index
from customerops.model.tables.tables import Count, Table
from customerops.model.values.checks import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CampaignSummary"]


def _plain(part: NDArray[Any]) -> Count:
    return int(part.item()) if part.ndim == 0 else part


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CampaignSummary(Table, MessageRates[Sampled]):
    """What became of messages, by campaign; made by `campaign_summary`.

    Its axes are the groups, the campaigns and the periods, as far as there are any, and
    ``"outcome"``. Its parts are ``count``, the messages with each outcome, and ``customers``, those
    with at least one; over customers the sums of their counts squared, ``square``, and times those
    of a basis, ``times_sent`` and so on, which the intervals need; ``pending``, messages whose time
    is not up, which are in none of these; and of the events that found no message ``unlinked``,
    there was none before it, and ``late``, its time was up.

    The counts of campaigns add up to those of all messages. Customers do not: one may get several.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        "count",
        "customers",
        "square",
        *(f"times_{basis}" for basis in BASES),
        "pending",
        "unlinked",
        "late",
    )
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"pending": ("group", "period")}

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that were asked for, in the order in which they come about."""
        there = self.axes[axis_index(self.axes, "outcome")].labels
        return tuple(name for name in OUTCOMES if name in there)

    @property
    def pending(self) -> Count:
        """Messages that are not followed to the end of their time yet."""
        return self._part("pending")

    def messages(self, outcome: str) -> Count:
        """Return how many messages have an outcome: ``"sent"``, ``"opened"``.

        Raises
        ------
        InvalidInputError
            If there is no such outcome, or it was not asked for.
        """
        return _plain(self._of("count", outcome))

    def customers(self, outcome: str) -> Count:
        """Return how many customers have at least one such message. Raises as `messages`."""
        return _plain(self._of("customers", outcome))

    def unlinked(self, outcome: str) -> Count:
        """Return how many such events found no message before them: ``"opened"``, ``"bounced"``.

        They are placed by their own field and time. The send is missing, or came before the log
        begins, or the event does not name its campaign.

        Raises
        ------
        InvalidInputError
            As `messages`; also for an outcome that is no event which names its message: a
            conversion need not have one, and others are told by several events.
        """
        return _plain(self._strays("unlinked", outcome))

    def late(self, outcome: str) -> Count:
        """Return how many such events came when the time of their message was up. As `unlinked`."""
        return _plain(self._strays("late", outcome))

    def wide(self) -> pd.DataFrame:
        """Return one row per campaign (and group, and period) with a column for each outcome.

        Returns
        -------
        pandas.DataFrame
            Messages by outcome, in the order in which they come about, then ``pending``.
        """
        long, width = self.to_frame(), len(self.axes[axis_index(self.axes, "outcome")])
        wide = long.iloc[::width, : len(self.axes) - 1].reset_index(drop=True)
        for name in self.outcomes:
            wide[name] = self._of("count", name).ravel()
        wide["pending"] = self.parts["pending"].ravel()
        return wide

    def _strays(self, part: str, outcome: str) -> NDArray[Any]:
        found = self._of(part, outcome)
        if outcome not in LINKED:
            requirement = f"must be one of {list(LINKED)}"
            raise InvalidInputError(
                "outcome", requirement, f"{outcome!r} is no event that names its message"
            )
        return found

    def _of(self, part: str, outcome: str) -> NDArray[Any]:
        labels = self.axes[axis_index(self.axes, "outcome")].labels
        if outcome not in labels:
            if outcome in OUTCOMES:
                raise InvalidInputError(
                    outcome,
                    f"must be told by {ASKED[outcome]}=",
                    "campaign_summary was not given it",
                )
            said = f"got {outcome!r}{did_you_mean(outcome, self.outcomes)}"
            raise InvalidInputError("outcome", f"must be one of {list(self.outcomes)}", said)
        return np.asarray(self.parts[part][..., labels.index(outcome)])

    def _rate(
        self,
        metric: str,
        part: str,
        total: str,
        definition: str | None,
        unit: Unit,
        options: Mapping[str, Any],
    ) -> Sampled:
        context = attrs.evolve(
            self.context.with_options(**options), metric=metric, unit=unit, definition=definition
        )
        axes, young = self.axes[:-1], self.parts["pending"]
        if unit == "customer":
            shares = {"count": self._of("customers", part), "total": self._of("customers", total)}
            return CustomerShare(axes=axes, parts={**shares, "pending": young}, context=context)
        parts = {
            "n": self._of("customers", total),
            "x": self._of("count", part),
            "y": self._of("count", total),
            "xx": self._of("square", part),
            "yy": self._of("square", total),
            "xy": self._of(f"times_{total}", part),
        }
        return SettledShare(axes=axes, parts={**parts, "pending": young}, context=context)

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)
        for name in self.outcomes:
            wider = OUTCOMES[name]
            if (
                wider in self.outcomes
                and (self._of("count", name) > self._of("count", wider)).any()
            ):
                raise InvalidInputError(name, f"must not exceed {wider}")

    def _complete(self) -> NDArray[np.bool_]:
        closed = super()._complete()
        if any(axis.kind == "period" for axis in self.axes):
            return np.asarray(closed & (self._spread("pending") == 0))
        return closed

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        return {name: columns[name] for name in ("count", "customers", "complete")}
