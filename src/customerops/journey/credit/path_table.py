"""Path tables: the distinct paths of touches, and how often each led to a conversion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.counted import counted
from customerops.journey.credit.distinct import distinct_paths
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import axis_index, disjoint_index, without
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Count, Statistic
from customerops.model.values import exact
from customerops.model.values.labels import Label
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PathTable"]

_MOST = 2**53  # paths: a float holds every count below
Ints = NDArray[Any]


def _frozen(array: ArrayLike) -> NDArray[np.int64]:
    own = np.array(array, dtype=np.int64)
    own.flags.writeable = False
    return own


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PathTable(Statistic):
    """Distinct paths of touches, with how many converted, how many did not, and what was paid.

    Made by `paths_to_conversion`, or from counts by `from_counts`.

    Attributes
    ----------
    outer : tuple of Axis
        The groups, if there are any.
    channels : Axis
        The channels that occur in a path.
    codes : ndarray of int
        The touches of all paths one after another, as places on `channels`.
    offsets : ndarray of int, shape (paths + 1,)
        The touches of path p are ``codes[offsets[p]:offsets[p + 1]]``. A path may be empty: it
        holds the conversions before which no touch was seen.
    ages : ndarray of int or None
        How long before the conversion each touch was, in whole units of the option `ages`; -1 on
        paths that did not convert. None where ages are not kept.
    cell : ndarray of int, shape (paths,)
        The group of each path.
    parts : mapping of str to ndarray of int, shape (paths,)
        ``conversions``; ``nulls``, paths that did not convert in time; ``open``, paths that still
        may; ``value``, what the conversions paid, in minor units.
    context : Context
        What it is about.

    Notes
    -----
    Kept sorted by group, length and channels, each path once, paths that were never taken left
    out: equal tables are equal arrays. ``a + b`` joins them exactly; it is commutative and
    associative, and an empty table is neutral. Values in a currency and plain numbers do not add.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("conversions", "nulls", "open", "value")

    outer: tuple[Axis, ...] = ()
    channels: Axis
    codes: Ints
    offsets: Ints
    ages: Ints | None = None
    cell: Ints
    parts: Mapping[str, Ints]
    context: Context

    def __attrs_post_init__(self) -> None:
        cell, offsets = np.asarray(self.cell, np.int64), np.asarray(self.offsets, np.int64)
        columns = [(self.codes, len(self.channels))]
        if self.ages is not None:
            columns.append((self.ages + 1, int(self.ages.max(initial=0)) + 2))
        lead, place = distinct_paths(cell, offsets, columns)
        parts = {
            name: exact.group_sum(place, exact.canon(self.parts[name], name), len(lead))
            for name in self.PARTS
        }
        taken = np.any([parts[name] != 0 for name in self.PARTS[:3]], axis=0)
        lead, parts = lead[taken], {name: exact.canon(p[taken]) for name, p in parts.items()}
        length = np.diff(offsets)[lead]
        steps = ranges(offsets[lead], length)
        channels, codes = _occurring(self.channels, np.asarray(self.codes)[steps])
        if sum(int(exact.sum_along(parts[name], 0)) for name in self.PARTS[:3]) >= _MOST:
            raise InvalidInputError("paths", "must be less than 2**53 together")
        made: dict[str, Any] = {
            "channels": channels,
            "codes": _frozen(codes),
            "offsets": _frozen(np.append(0, np.cumsum(length))),
            "ages": None if self.ages is None else _frozen(self.ages[steps]),
            "cell": _frozen(cell[lead]),
            "parts": MappingProxyType(parts),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_counts(
        cls,
        paths: Iterable[Sequence[Label] | str],
        conversions: ArrayLike,
        nulls: ArrayLike | None = None,
        values: ArrayLike | None = None,
        *,
        separator: str | None = None,
        currency: str | None = None,
    ) -> Self:
        """Return the table of paths that are counted already.

        Parameters
        ----------
        paths : iterable of sequences of labels, or of str
            The channels of each path in order; an empty one for conversions without any touch.
        conversions : array_like of int
            How many conversions each path led to.
        nulls : array_like of int, optional
            How many did not convert; left out, none: every path converts.
        values : array_like of int, optional
            What the conversions of each path paid together, in minor units.
        separator : str, optional
            What stands between channels where paths are text: ``">"`` for ``"search > mail"``.
            Spaces around channels are no part of them.
        currency : str, optional
            ISO 4217 code of `values`; without it they are plain numbers.

        Raises
        ------
        InvalidInputError
            If a path is text and there is no separator, counts are not whole, negative or not one
            a path, a path that never converted has a value, or an empty one did not convert.

        Notes
        -----
        Ages of touches are not known, so `TimeDecay` refuses such a table.

        Examples
        --------
        >>> from customerops.journey import PathTable
        >>> table = PathTable.from_counts(["ad > mail", "ad"], [3, 1], [7, 4], separator=">")
        >>> table.paths, table.parts["nulls"].tolist()
        ((('ad',), ('ad', 'mail')), [4, 7])
        """
        return cls(**counted(paths, conversions, nulls, values, separator, currency))

    # -- reading ------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of distinct paths."""
        return len(self.cell)

    @property
    def paths(self) -> tuple[tuple[Label, ...], ...]:
        """The channels of each path, from the first touch to the last."""
        labels = [self.channels.labels[code] for code in self.codes.tolist()]
        return tuple(tuple(labels[a:b]) for a, b in pairwise(self.offsets.tolist()))

    @property
    def conversions(self) -> Count:
        """Conversions, those without a touch among them, by group."""
        return self._total("conversions")

    @property
    def nulls(self) -> Count:
        """Paths that did not convert in time, by group."""
        return self._total("nulls")

    @property
    def open(self) -> Count:
        """Paths that have not converted and still may, by group; no model reads them."""
        return self._total("open")

    @property
    def untouched(self) -> Count:
        """Conversions before which no touch was seen, by group; no channel is credited with them."""
        return self._total("conversions", np.diff(self.offsets) == 0)

    def open_as_nulls(self) -> Self:
        """Return the table that takes every path that may still convert for one that did not.

        Examples
        --------
        It is the only way to nulls where the lookback has no limit, and says that nobody who has
        not converted ever will.
        """
        nulls = exact.add(self.parts["nulls"], self.parts["open"])
        parts = {**self.parts, "nulls": nulls, "open": np.zeros(len(self), np.int64)}
        return self._with(parts=parts, context=self.context.with_options(open="nulls"))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per distinct path: group, path, ages if they are kept, and the parts.

        Returns
        -------
        pandas.DataFrame
            ``path`` is a tuple of channels; ``value`` is in minor units.
        """
        import pandas as pd

        columns: dict[str, Any] = {"path": _objects(self.paths)}
        if self.ages is not None:
            ages = self.ages.tolist()
            steps = (tuple(ages[a:b]) for a, b in pairwise(self.offsets.tolist()))
            columns["ages"] = _objects(steps)
        columns.update(self.parts)
        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PathTable):
            return NotImplemented
        arrays = ((getattr(x, name) for name in _ARRAYS) for x in (self, other))
        return (
            (self.context, self.outer, self.channels)
            == (other.context, other.outer, other.channels)
            and all(_same(a, b) for a, b in zip(*arrays, strict=True))
            and all(np.array_equal(self.parts[name], other.parts[name]) for name in self.PARTS)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = [f"{name}={int(exact.sum_along(self.parts[name], 0))}" for name in self.PARTS[:3]]
        said = [f"paths={len(self)}", *counts]
        return f"PathTable(metric={self.context.metric!r}, {', '.join(said)})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        return (_rebuilt, (self.outer, self.channels, *arrays, dict(self.parts), self.context))

    def _repr_html_(self) -> str:
        """Show the first paths as a table."""
        some = slice(render.ROWS)
        labels: dict[str, Sequence[Label]] = {
            axis.name: [axis.labels[i] for i in at[some].tolist()] for axis, at in self._grid()
        }
        told = [
            " > ".join("missing" if c is None else str(c) for c in p) for p in self.paths[some]
        ]
        labels["path"] = [path or "no touch" for path in told]
        columns = {
            name: [render.number(v) for v in part[some].tolist()]
            for name, part in self.parts.items()
        }
        faint = [False] * len(told)
        return render.rows_html(self.context.title, labels, columns, faint, len(self))

    # -- cutting and rolling up -----------------------------------------------------------------

    def select(self, **labels: Label) -> Self:
        """Return the paths of one group: ``table.select(country="DE")``.

        Raises
        ------
        InvalidInputError
            If there is no such axis or no such label.
        """
        table = self
        for name, wanted in labels.items():
            i = axis_index(table.outer, name)
            axis = table.outer[i]
            position = int(axis.positions([wanted])[0])
            keep = table.cell == position
            context = table.context.with_options(**{SELECTED + name: axis.at([position])})
            table = table._with(
                outer=(), cell=np.zeros(len(table), np.int64), keep=keep, context=context
            )
        return table

    def rollup(self, axis: str) -> Self:
        """Return the paths of all groups together.

        Raises
        ------
        InvalidInputError
            If there is no such axis.
        """
        i = disjoint_index(self.outer, axis)
        return self._with(
            outer=(),
            cell=np.zeros(len(self), np.int64),
            context=without(self.outer[i], self.context),
        )

    # -- helpers ----------------------------------------------------------------------------------

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self.outer)

    def _total(self, name: str, some: NDArray[np.bool_] | None = None) -> Count:
        part = self.parts[name] if some is None else np.where(some, self.parts[name], 0)
        sums = exact.group_sum(self.cell, part, prod(self._shape))
        return sums.reshape(self._shape) if self.outer else int(sums[0])

    def _grid(self) -> list[tuple[Axis, Ints]]:
        return [(axis, self.cell) for axis in self.outer]  # there is one at most: the groups

    def _with(self, *, keep: NDArray[np.bool_] | None = None, **changes: Any) -> Self:
        """Return the table with other parts, or of some paths."""
        parts = changes.pop("parts", self.parts)
        if keep is not None:
            parts = {name: np.where(keep, part, 0) for name, part in parts.items()}
        return attrs.evolve(self, parts=parts, **changes)

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        for one in (self, other):  # None joins any currency where it says that nothing was paid
            if one.context.currency != context.currency and one.parts["value"].any():
                problem = f"got {context.currency!r}, and values without a currency"
                raise InvalidInputError("currency", "must be the same to add results", problem)
        outer = tuple(a.join(b) for a, b in zip(self.outer, other.outer, strict=True))
        channels = self.channels.join(other.channels)
        both = (self, other)
        cell = [outer[0].places(x.outer[0])[x.cell] if outer else x.cell for x in both]
        codes = [channels.places(x.channels)[x.codes] for x in both]
        ages = [x.ages for x in both if x.ages is not None]
        shifted = other.offsets[1:] + self.offsets[-1]
        return type(self)(
            outer=outer,
            channels=channels,
            codes=np.concatenate(codes),
            offsets=np.concatenate([self.offsets, shifted]),
            ages=np.concatenate(ages) if ages else None,
            cell=np.concatenate(cell),
            parts={name: np.concatenate([x.parts[name] for x in both]) for name in self.PARTS},
            context=context,
        )


_ARRAYS = ("codes", "offsets", "ages", "cell")


def _occurring(channels: Axis, codes: Ints) -> tuple[Axis, Ints]:
    """Return the channels that occur, and the codes among them."""
    seen = np.bincount(codes, minlength=len(channels)) > 0
    return channels.at(np.flatnonzero(seen).tolist()), (np.cumsum(seen) - 1)[codes]


def _objects(values: Iterable[object]) -> NDArray[Any]:
    """Return tuples as an array of objects: numpy would make rows of those of one length."""
    given = list(values)
    array = np.empty(len(given), object)
    array[:] = given
    return array


def _same(a: Ints | None, b: Ints | None) -> bool:
    return a is b if a is None or b is None else np.array_equal(a, b)


def _rebuilt(
    outer: tuple[Axis, ...],
    channels: Axis,
    codes: Ints,
    offsets: Ints,
    ages: Ints | None,
    cell: Ints,
    parts: dict[str, Ints],
    context: Context,
) -> PathTable:
    return PathTable(
        outer=outer,
        channels=channels,
        codes=codes,
        offsets=offsets,
        ages=ages,
        cell=cell,
        parts=parts,
        context=context,
    )
