"""What every model of attribution reads and gives, and the models that weigh touches by rule."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.distinct import spread
from customerops.journey.credit.naming import channel_key
from customerops.model.values import exact
from customerops.model.values.checks import came, each, finite, positive_duration, validator
from customerops.model.values.instants import micros
from customerops.model.values.labels import Label, label_key

__all__ = [
    "Block",
    "Credit",
    "Custom",
    "First",
    "Last",
    "LastNonDirect",
    "Linear",
    "Model",
    "Participation",
    "PositionBased",
    "TimeDecay",
    "Weights",
]

Floats = NDArray[np.float64]
Int = NDArray[np.int64]
_NOTHING: Mapping[str, Floats] = {}


@attrs.frozen(eq=False)
class Block:
    """The paths of one group that have a touch and an outcome; there is at least one.

    Attributes
    ----------
    labels : tuple of Label
        The channels.
    codes : ndarray of int
        The touches of all paths one after another, as places among the channels.
    offsets : ndarray of int, shape (paths + 1,)
        Where each path begins there; none is empty.
    ages : ndarray of int or None
        How long before the conversion each touch was, in units of `unit`.
    unit : timedelta or None
        What ages are counted in.
    conversions, nulls : ndarray of int, shape (paths,)
        How many took the path and converted, or did not.
    value : ndarray of int, shape (paths,)
        What the conversions paid, in minor units.
    """

    labels: tuple[Label, ...]
    codes: Int
    offsets: Int
    ages: Int | None
    unit: dt.timedelta | None
    conversions: Int
    nulls: Int
    value: NDArray[Any]

    @property
    def path(self) -> Int:
        """The path of each touch."""
        return spread(self.offsets)

    @property
    def length(self) -> Int:
        """How many touches each path has."""
        return np.diff(self.offsets)

    def per_channel(self, weights: Floats, channel: Int) -> Floats:
        """Return the sum of some weights in each channel, rounded once."""
        return exact.float_sum(channel, weights, len(self.labels))


@attrs.frozen(eq=False)
class Credit:
    """What a model gives to each channel.

    Attributes
    ----------
    conversions, value : ndarray of float64, shape (channels,)
        Credited conversions, and value in minor units.
    columns : mapping of str to ndarray
        Further numbers of the model, one a channel.
    detail : object
        What else the model found; a chain.
    """

    conversions: Floats
    value: Floats
    columns: Mapping[str, Floats] = _NOTHING
    detail: Any = None


class Model(ABC):
    """A model of attribution: how conversions are shared out over channels."""

    __slots__ = ()

    @abstractmethod
    def credit(self, block: Block, rng: np.random.Generator | None) -> Credit:
        """Return the credit of each channel."""


class Weights(Model):
    """A model that shares each conversion over the touches of its own path."""

    __slots__ = ()

    def credit(self, block: Block, rng: np.random.Generator | None) -> Credit:
        """Return the sum over paths of their conversions times the weights of their touches."""
        weight, path = self.weights(block), block.path
        conversions = block.conversions.astype(np.float64)[path] * weight
        value = block.value.astype(np.float64)[path] * weight
        return Credit(
            block.per_channel(conversions, block.codes), block.per_channel(value, block.codes)
        )

    @abstractmethod
    def weights(self, block: Block) -> Floats:
        """Return the weight of every touch."""


@attrs.frozen
class First(Weights):
    """All credit to the first touch: what made the customer come.

    Examples
    --------
    >>> from customerops.journey import First, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail > ad"], [6], separator=">")
    >>> attribute(paths, First()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          6.0
    1    mail          0.0
    """

    def weights(self, block: Block) -> Floats:
        """Return 1 at the first touch of each path."""
        return _one_at(block, block.offsets[:-1])


@attrs.frozen
class Last(Weights):
    """All credit to the last touch: what came just before the conversion.

    Examples
    --------
    >>> from customerops.journey import Last, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail"], [6], separator=">")
    >>> attribute(paths, Last()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          0.0
    1    mail          6.0
    """

    def weights(self, block: Block) -> Floats:
        """Return 1 at the last touch of each path."""
        return _one_at(block, block.offsets[1:] - 1)


def _labels(direct: Collection[Label] | str) -> tuple[Label, ...]:
    given = (direct,) if isinstance(direct, str) else tuple(each("direct", direct))
    return tuple(sorted(given, key=lambda label: channel_key("direct", label)))


@attrs.frozen
class LastNonDirect(Weights):
    """All credit to the last touch that was not direct; to the last touch if all were.

    Parameters
    ----------
    direct : str or collection of labels
        The channels that are direct: ``"direct"``, or ``{"direct", None}`` where no channel was
        recorded for them.

    Raises
    ------
    InvalidInputError
        If they are not plain labels.

    Examples
    --------
    >>> from customerops.journey import LastNonDirect, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail > direct"], [6], separator=">")
    >>> attribute(paths, LastNonDirect()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          0.0
    1  direct          0.0
    2    mail          6.0
    """

    direct: tuple[Label, ...] = attrs.field(default=("direct",), converter=_labels)

    def weights(self, block: Block) -> Floats:
        """Return 1 at that touch of each path."""
        keys = {label_key(label) for label in self.direct}
        direct = np.array([label_key(label) in keys for label in block.labels], np.bool_)
        step = np.arange(len(block.codes))
        start = block.offsets[:-1]
        other = np.maximum.reduceat(np.where(direct[block.codes], -1, step), start)
        return _one_at(block, np.where(other >= 0, other, block.offsets[1:] - 1))


@attrs.frozen
class Linear(Weights):
    """Equal credit to every touch; a channel touched twice has two shares.

    Examples
    --------
    >>> from customerops.journey import Linear, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail > ad"], [6], separator=">")
    >>> attribute(paths, Linear()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          4.0
    1    mail          2.0
    """

    def weights(self, block: Block) -> Floats:
        """Return 1 / touches."""
        return (1 / block.length)[block.path]


@attrs.frozen
class Participation(Weights):
    """A full conversion to every distinct channel of the path: credits add up to more than there are.

    Examples
    --------
    >>> from customerops.journey import Participation, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail > ad"], [6], separator=">")
    >>> attribute(paths, Participation()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          6.0
    1    mail          6.0
    """

    def weights(self, block: Block) -> Floats:
        """Return 1 at the first touch of each channel on each path."""
        key = block.path * len(block.labels) + block.codes
        weight = np.zeros(len(key))
        weight[np.unique(key, return_index=True)[1]] = 1.0
        return weight


@attrs.frozen
class PositionBased(Weights):
    """So much to the first touch, so much to the last, the rest in equal parts to those between.

    Parameters
    ----------
    first, middle, last : float
        Shares that add up to 1; 0.4, 0.2 and 0.4 are called U-shaped.

    Raises
    ------
    InvalidInputError
        If a share is negative, they do not add up to 1, or neither end has any.

    Notes
    -----
    With two touches the ratio is that of first to last; one touch has all.

    Examples
    --------
    >>> from customerops.journey import PathTable, PositionBased, attribute
    >>> paths = PathTable.from_counts(["ad > mail > ad"], [10], separator=">")
    >>> attribute(paths, PositionBased()).to_frame()[["channel", "conversions"]].round(6)
      channel  conversions
    0      ad          8.0
    1    mail          2.0
    """

    first: float = attrs.field(default=0.4, validator=validator(finite))
    middle: float = attrs.field(default=0.2, validator=validator(finite))
    last: float = attrs.field(default=0.4, validator=validator(finite))

    def __attrs_post_init__(self) -> None:
        shares = (self.first, self.middle, self.last)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            raise InvalidInputError("first, middle and last", "must be shares that add up to 1")
        if self.first + self.last == 0:
            problem = "a path of two touches has no other"
            raise InvalidInputError("first and last", "must not both be 0", problem)

    def weights(self, block: Block) -> Floats:
        """Return the shares by the place of each touch, made to add up to 1 on every path."""
        between = np.maximum(block.length - 2, 1)
        weight = (self.middle / between)[block.path]
        weight[block.offsets[1:] - 1] = self.last
        weight[block.offsets[:-1]] = self.first
        weight[block.offsets[:-1][block.length == 1]] = 1.0
        return _normalised(block, weight)


@attrs.frozen
class TimeDecay(Weights):
    """Credit that halves with every half-life between the touch and the conversion.

    Parameters
    ----------
    half_life : timedelta
        Adobe Analytics takes a week by default, and Google's former model was fixed at one.

    Notes
    -----
    ``2 ** (-age / half_life)``, made to add up to 1 on every path. Needs a table with ages:
    ``paths_to_conversion(..., ages=timedelta(days=1))``; ages are whole units, rounded down.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import TimeDecay, attribute, paths_to_conversion
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 4)],
    ...     kind=["visit", "visit", "purchase"],
    ...     channel=["ad", "mail", None],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> paths = paths_to_conversion(
    ...     log, "purchase", lookback=dt.timedelta(days=7), ages=dt.timedelta(days=1)
    ... )
    >>> credit = attribute(paths, TimeDecay(dt.timedelta(days=2)))  # two days apart: 1 to 2
    >>> credit.to_frame()[["channel", "conversions"]].round(3)
      channel  conversions
    0      ad        0.333
    1    mail        0.667
    """

    half_life: dt.timedelta = attrs.field(validator=validator(positive_duration))

    def weights(self, block: Block) -> Floats:
        """Return the weights by age."""
        if block.ages is None or block.unit is None:
            problem = "ask paths_to_conversion for them with ages="
            raise InvalidInputError("paths", "must have ages of touches for TimeDecay", problem)
        ages = block.ages - np.minimum.reduceat(block.ages, block.offsets[:-1])[block.path]
        halvings = ages * (micros(block.unit) / micros(self.half_life))
        return _normalised(block, np.exp2(-halvings))


def _function(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not callable(value):
        raise InvalidInputError(attribute.name, "must be a function of a path", came(value))


@attrs.frozen
class Custom(Weights):
    """Credit by a rule of your own.

    Parameters
    ----------
    rule : callable
        Takes a path, a tuple of channels, and returns a weight for each touch: not negative, and
        not all zero. They are made to add up to 1.

    Examples
    --------
    >>> from customerops.journey import Custom, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail > shop"], [6], separator=">")
    >>> later_is_more = Custom(lambda path: range(1, len(path) + 1))
    >>> attribute(paths, later_is_more).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          1.0
    1    mail          2.0
    2    shop          3.0
    """

    rule: Callable[[tuple[Label, ...]], Sequence[float]] = attrs.field(validator=_function)

    def weights(self, block: Block) -> Floats:
        """Return what the rule says of every distinct path."""
        weight = np.zeros(len(block.codes))
        known: dict[tuple[int, ...], Floats] = {}  # paths that differ by ages are asked once
        for start, stop in pairwise(block.offsets.tolist()):
            path = tuple(block.codes[start:stop].tolist())
            if path not in known:
                known[path] = _told(self.rule(tuple(block.labels[code] for code in path)), path)
            weight[start:stop] = known[path]
        return _normalised(block, weight)


def _told(weights: Sequence[float], path: tuple[int, ...]) -> Floats:
    told = np.asarray([finite("weights", one) for one in each("weights", weights)])
    if len(told) != len(path):
        problem = f"got {len(told)} for {len(path)} touches"
        raise InvalidInputError("weights", "must be one per touch", problem)
    if (told < 0).any() or not told.any():
        raise InvalidInputError("weights", "must not be negative, nor all zero")
    scaled: Floats = np.ldexp(told, -np.frexp(told.max())[1])  # exact, and so that sums are finite
    return scaled


def _one_at(block: Block, steps: Int) -> Floats:
    weight = np.zeros(len(block.codes))
    weight[steps] = 1.0
    return weight


def _normalised(block: Block, weight: Floats) -> Floats:
    """Return weights that add up to 1 on every path."""
    return weight / np.add.reduceat(weight, block.offsets[:-1])[block.path]
