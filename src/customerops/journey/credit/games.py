"""Attribution by Shapley value: what each channel adds, on average over all orders of joining."""

from __future__ import annotations

from math import comb
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.models import Block, Credit, Model
from customerops.model.values import exact
from customerops.model.values.checks import one_of, whole
from customerops.model.values.runs import first_of_run

__all__ = ["GAMES", "Game", "Shapley"]

Floats = NDArray[np.float64]
Int = NDArray[np.int64]
Game = Literal["conversions_of_subsets", "rate_of_exact_coalition", "rate_of_subsets"]

GAMES: tuple[str, ...] = ("conversions_of_subsets", "rate_of_exact_coalition", "rate_of_subsets")
_MOST = 20  # channels: 2**20 coalitions


def _game(game: object) -> str:
    return one_of("game", game, GAMES)


def _samples(samples: object) -> int | None:
    return None if samples is None else whole("samples", samples, least=1, most=10**7)


@attrs.frozen
class Shapley(Model):
    """Credit by Shapley value of a game in which channels are the players.

    Parameters
    ----------
    game : {"conversions_of_subsets", "rate_of_exact_coalition", "rate_of_subsets"}
        What a coalition S of channels is worth: the conversions of all paths with no channel
        outside S; the conversion rate of the paths with exactly the channels of S; or the rate of
        all paths with no channel outside S. Paths that are not there are worth 0.
    samples : int, optional
        Estimate a rate game from so many random orders of the channels instead of all coalitions;
        needed for more than 20 channels, and `attribute` then needs `rng`.

    Raises
    ------
    InvalidInputError
        If the game or the number is not valid; in use, if a rate game has more than 20 channels
        and is not sampled, or `rng` is missing or not needed.

    Notes
    -----
    ``phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))``, with the
    channels that occur as players. In the first game that is an equal part of every path's
    conversions for each of its distinct channels, at any number of channels. Values of a rate
    game add up to the rate of the whole coalition; credit is conversions in that proportion, and
    NaN where it is 0 (no path has all channels, in the game of exact coalitions). A channel that
    lowers rates has a negative value. The game of value takes what is paid in the place of
    conversions.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II,
    307-317. Zhao, K., Mahboobi, S. H. and Bagheri, S. R. (2018). Shapley value methods for
    attribution modeling in online advertising. arXiv:1804.05327. Castro, J., Gomez, D. and
    Tejada, J. (2009). Polynomial calculation of the Shapley value based on sampling. Computers &
    Operations Research 36(5), 1726-1730.

    Examples
    --------
    >>> from customerops.journey import PathTable, Shapley, attribute
    >>> paths = PathTable.from_counts(["ad", "ad > mail"], [1, 2], separator=">")
    >>> attribute(paths, Shapley()).to_frame()[["channel", "conversions"]]
      channel  conversions
    0      ad          2.0
    1    mail          1.0
    """

    game: str = attrs.field(default="conversions_of_subsets", converter=_game)
    samples: int | None = attrs.field(default=None, converter=_samples)

    def __attrs_post_init__(self) -> None:
        if self.samples is not None and self.game == "conversions_of_subsets":
            raise InvalidInputError("samples", "must not be given where the value is known")

    def credit(self, block: Block, rng: np.random.Generator | None) -> Credit:
        """Return the credit by Shapley value, with the values."""
        path, channel = _members(block)
        n = len(block.labels)
        gains = (block.conversions, block.value)
        totals = [float(gain.sum()) for gain in gains]
        if self.game == "conversions_of_subsets":
            part = 1 / np.bincount(path)
            each = [
                block.per_channel((gain.astype(np.float64) * part)[path], channel)
                for gain in gains
            ]
            return Credit(each[0], each[1], {"shapley": each[0]})
        columns = (*gains, block.conversions + block.nulls)
        whole = self.game == "rate_of_exact_coalition"
        if rng is not None and self.samples is not None:
            worth, grand = _sampled(path, channel, columns, n, self.samples, rng, whole=whole)
        elif n > _MOST:
            problem = f"got {n}; sample it with samples= and rng="
            raise InvalidInputError("channels", f"must be at most {_MOST} in a rate game", problem)
        else:
            worth, grand = _enumerated(path, channel, columns, n, whole=whole)
        given = [_shared(*three) for three in zip(worth, grand, totals, strict=True)]
        return Credit(given[0], given[1], {"shapley": worth[0]})


Columns = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Of each path: conversions, what they paid, and how many took it."""


def _members(block: Block) -> tuple[Int, Int]:
    """Return the distinct channels of every path, as pairs in the order of paths."""
    n = len(block.labels)
    return np.divmod(np.unique(block.path * n + block.codes), n)


def _enumerated(
    path: Int, channel: Int, columns: Columns, n: int, *, whole: bool
) -> tuple[Floats, Floats]:
    """Return the value of each player and the worth of all together, from every coalition.

    A coalition is a number whose bit i says whether player i is in it.
    """
    mask = np.bitwise_or.reduceat(np.int64(1) << channel, np.flatnonzero(first_of_run(path)))
    sums = np.stack([exact.group_sum(mask, x, 1 << n).astype(np.float64) for x in columns])
    if not whole:
        for player in range(n):  # sums over all subsets, one player after the other
            halves = sums.reshape(len(sums), -1, 2, 1 << player)
            halves[:, :, 1] += halves[:, :, 0]
    worth = _rates(sums)
    size = np.zeros(1 << n, np.int64)
    for player in range(n):
        size += np.arange(1 << n) >> player & 1
    weight = np.array([1 / (n * comb(n - 1, s)) for s in range(n)])
    out = np.empty((2, n))
    for player in range(n):
        halves = worth.reshape(2, -1, 2, 1 << player)
        others = size.reshape(-1, 2, 1 << player)[:, 0]
        added = weight[others] * (halves[:, :, 1] - halves[:, :, 0])
        out[:, player] = added.sum(axis=(1, 2))
    return out, worth[:, -1]


def _sampled(
    path: Int,
    channel: Int,
    columns: Columns,
    n: int,
    samples: int,
    rng: np.random.Generator,
    *,
    whole: bool,
) -> tuple[Floats, Floats]:
    """Return the same from random orders of joining: the mean of what each player adds."""
    starts = np.flatnonzero(first_of_run(path))
    size = np.diff(np.append(starts, len(path)))
    total, worth = np.zeros((2, n)), np.zeros((2, n))
    place = np.empty(n, np.int64)
    for _ in range(samples):
        order = rng.permutation(n)
        place[order] = np.arange(n)
        complete = np.maximum.reduceat(place[channel], starts)  # when the last of a path joins
        some = complete + 1 == size if whole else np.ones(len(size), np.bool_)
        sums = np.stack(
            [exact.group_sum(complete[some], x[some], n).astype(np.float64) for x in columns]
        )
        worth = _rates(sums if whole else np.cumsum(sums, axis=1))
        total[:, order] += np.diff(worth, prepend=0.0, axis=1)
    return total / samples, worth[:, -1]


def _rates(sums: Floats) -> Floats:
    """Return conversions and value by path; nothing where there is no path."""
    rates: Floats = np.divide(sums[:2], sums[2], out=np.zeros_like(sums[:2]), where=sums[2] > 0)
    return rates


def _shared(worth: Floats, grand: float, total: float) -> Floats:
    """Return a total in proportion to values; nothing where there is nothing to share."""
    if total == 0:
        return np.zeros(len(worth))
    return np.full(len(worth), np.nan) if grand == 0 else total * worth / grand
