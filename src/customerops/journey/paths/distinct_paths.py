"""Variants: the distinct paths customers take, and how many take each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.customers_in import in_each, runs_of
from customerops.journey.paths.path_sets import PathRows, gathered
from customerops.journey.paths.top_paths import OTHERS, Path, TopVariants
from customerops.journey.paths.walking import Steps, naming_of, units_of, walks
from customerops.model.log.log import InteractionLog
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import axis_index, closed, disjoint_index, without
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Count, Statistic
from customerops.model.values.checks import positive_duration, whole
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["PathVariants", "variants"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PathVariants(Statistic):
    """Distinct paths with how often each was taken, and by how many customers.

    Attributes
    ----------
    outer : tuple of Axis
        The axis of the groups, if there is `by`.
    rows : PathRows
        The distinct paths of every group, in an order of their own.
    parts : mapping of str to array of int
        ``count`` and ``customers``, one number a row; ``paths`` and ``visitors``, one a group: all
        paths, and the customers who have any.
    context : Context
        What it is about.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "customers", "paths", "visitors")

    outer: tuple[Axis, ...]
    rows: PathRows
    parts: Mapping[str, NDArray[np.int64]]
    context: Context

    def __attrs_post_init__(self) -> None:
        parts = {name: np.asarray(self.parts[name], np.int64) for name in self.PARTS}
        for part in parts.values():
            part.flags.writeable = False
        object.__setattr__(self, "parts", MappingProxyType(parts))

    def __len__(self) -> int:
        """Return the number of distinct paths, those of each group counted apart."""
        return len(self.rows)

    @property
    def count(self) -> NDArray[np.int64]:
        """How often each path was taken."""
        return self.parts["count"]

    @property
    def customers(self) -> NDArray[np.int64]:
        """How many customers took each path at least once."""
        return self.parts["customers"]

    @property
    def total(self) -> Count:
        """How many paths there are in all; an array where there are groups."""
        return self._by_group("paths")

    @property
    def visitors(self) -> Count:
        """How many customers have a path; an array where there are groups."""
        return self._by_group("visitors")

    @property
    def paths(self) -> list[Path]:
        """The distinct paths, each the labels of its steps, in the order of `count`."""
        return self.rows.paths(np.arange(len(self)))

    def top(self, n: int) -> TopVariants:
        """Return the most frequent paths of each group, and all others together.

        Parameters
        ----------
        n : int
            How many; of equally frequent ones, the shorter first, then by their labels.

        Returns
        -------
        TopVariants
            Those paths and, where there are more, a line ``"other"``. It does not add: the most
            frequent paths of two halves need not be those of the whole.

        Raises
        ------
        InvalidInputError
            If `n` is no whole number or negative.
        """
        whole("n", n, least=0)
        groups = len(self.parts["paths"])
        order = self._ranked()
        chosen, lines = list[NDArray[np.intp]](), list[tuple[int, bool]]()
        for group in range(groups):
            own = order[self.rows.cell[order] == group]
            chosen.append(own[:n])
            lines += [(group, False)] * len(own[:n]) + [(group, True)] * (len(own) > n)
        picked = np.concatenate([np.zeros(0, np.intp), *chosen])
        found = iter(zip(picked.tolist(), self.rows.paths(picked), strict=True))
        alone = self.parts["paths"] == self.parts["visitors"]  # one path a customer
        count, customers, paths = list[int](), list[float](), list[Path | str]()
        for group, rest in lines:
            mine = picked[self.rows.cell[picked] == group]
            if rest:
                paths.append(OTHERS)
                count.append(int(self.parts["paths"][group] - self.count[mine].sum()))
                left = int(self.parts["visitors"][group] - self.customers[mine].sum())
                customers.append(left if alone[group] else np.nan)
            else:
                row, path = next(found)
                paths.append(path)
                count.append(int(self.count[row]))
                customers.append(int(self.customers[row]))
        at = np.array([group for group, _ in lines], np.intp)
        return TopVariants(
            outer=self.outer,
            group=at,
            paths=tuple(paths),
            count=np.array(count, np.int64),
            customers=np.array(customers, np.float64),
            total=self.parts["paths"][at],
            visitors=self.parts["visitors"][at],
            complete=np.atleast_1d(closed(self.outer, self.context))[at],
            context=attrs.evolve(self.context, metric="variants.top").with_options(n=n),
        )

    def select(self, **labels: Label) -> Self:
        """Return the paths of one group, by the name of the axis and the label.

        Raises
        ------
        InvalidInputError
            If there is no such axis or no such label.
        """
        table = self
        for name, label in labels.items():
            axis = table.outer[axis_index(table.outer, name)]
            (at,) = axis.positions([label]).tolist()
            keep = np.flatnonzero(table.rows.cell == at)
            rows = table.rows.take(keep, np.zeros(len(keep), np.int64)).narrowed()
            table = attrs.evolve(
                table,
                outer=(),
                rows=rows,
                parts={
                    **{name: table.parts[name][keep] for name in ("count", "customers")},
                    **{name: table.parts[name][[at]] for name in ("paths", "visitors")},
                },
                context=table.context.with_options(**{SELECTED + name: axis.at([at])}),
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
        return self._merged(
            [self.rows.moved(np.zeros(len(self.outer[i]), np.int64))],
            {name: [self.parts[name]] for name in ("count", "customers")},
            {name: self.parts[name].sum(keepdims=True) for name in ("paths", "visitors")},
            (),
            without(self.outer[i], self.context),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a path, the most frequent first: group, path, count, customers, share.

        Returns
        -------
        pandas.DataFrame
            ``path`` holds tuples of labels, ``share`` is of all paths of the group.
        """
        return self.top(len(self)).to_frame()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PathVariants):
            return NotImplemented
        return (
            self.context == other.context
            and self.outer == other.outer
            and self.rows.same(other.rows)
            and all(np.array_equal(self.parts[name], other.parts[name]) for name in self.PARTS)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PathVariants({len(self)} distinct paths of {int(self.parts['paths'].sum())})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        state = attrs.asdict(self, recurse=False)
        return (_rebuilt, ({**state, "parts": dict(self.parts)},))

    def _repr_html_(self) -> str:
        return self.top(render.ROWS)._repr_html_()

    def _by_group(self, name: str) -> Count:
        part = self.parts[name]
        return part if self.outer else int(part[0])

    def _ranked(self) -> NDArray[np.intp]:
        """Return the rows from the most to the least frequent."""
        return self.rows.ranked(self.count)

    def _merged(
        self,
        rows: Sequence[PathRows],
        each: dict[str, list[NDArray[np.int64]]],
        groups: dict[str, NDArray[np.int64]],
        outer: tuple[Axis, ...],
        context: Context,
    ) -> Self:
        """Return the table of rows of which some are of one path."""
        every, place = gathered(rows)
        parts = {
            name: np.bincount(place, np.concatenate(columns), len(every)).astype(np.int64)
            for name, columns in each.items()
        }
        return attrs.evolve(
            self, outer=outer, rows=every, parts={**parts, **groups}, context=context
        )

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        if len(self.outer) != len(other.outer):
            raise InvalidInputError("axes", "must be the same to add results")
        outer = tuple(a.join(b) for a, b in zip(self.outer, other.outer, strict=True))
        groups = {
            name: np.zeros(len(outer[0]) if outer else 1, np.int64)
            for name in ("paths", "visitors")
        }
        rows = []
        for one in (self, other):
            place = outer[0].places(one.outer[0]) if outer else np.zeros(1, np.intp)
            rows.append(one.rows.moved(place))
            for name, part in groups.items():
                part[place] += one.parts[name]
        each = {name: [self.parts[name], other.parts[name]] for name in ("count", "customers")}
        return self._merged(rows, each, groups, outer, context)


def _rebuilt(state: dict[str, Any]) -> PathVariants:
    return PathVariants(**state)


def variants(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Steps | None = None,
    gap: dt.timedelta | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> PathVariants:
    """Count the distinct paths (路径变体) customers have taken so far.

    Parameters
    ----------
    log : InteractionLog
        The events; of a log by thread the paths of threads are counted.
    state, steps
        What is a step and what it is called, as for `transitions`.
    gap : timedelta, optional
        The longest time without a step within one path, elapsed; a pause of just that length stays
        in it, a longer one begins another path. Left out, a customer has one path.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only steps inside it.
    by : str or Grouping, optional
        A customer attribute or a grouping; paths for each group.

    Returns
    -------
    PathVariants
        ``.count``, ``.customers`` and ``.paths``; ``.top(n)`` with shares, intervals and all
        others together.

    Raises
    ------
    InvalidInputError
        When the column is not loaded or not categorical, `state` is given where steps are named,
        `gap` is not longer than zero, or as_of is not known.

    Notes
    -----
    Two paths are one variant if they have the same labels in the same order; times do not matter,
    and at one instant input order decides. Paths are told apart by a hash of 64 bits, and each is
    then compared with one representative step by step, so that two that share a hash stay two.

    ``share`` is of all paths. ``customer_share``, with Wilson's interval, is of the customers who
    have a path: where customers have several, paths cluster within them, and customers do not.

    References
    ----------
    van der Aalst, W. (2016). Process Mining: Data Science in Action, 2nd ed., section 5.2: a
    simple event log is a multiset of traces.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import variants
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 1, 3, 2)],
    ...     kind=["view", "purchase"] * 2 + ["view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = variants(log)
    >>> top = table.top(1)
    >>> top.paths, top.count.tolist()
    ((('view', 'purchase'), 'other'), [2, 1])
    """
    cut = None if gap is None else positive_duration("gap", gap)
    naming = naming_of(state, steps)
    units = units_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over, cut)
    group = units.group[found.unit].astype(np.int64)
    rows, place = gathered([PathRows(found.labels, found.state, found.starts, group)])
    n = len(rows)
    runs = runs_of(units, found.unit)
    several = cut is not None or units.unit == "thread"
    count = np.bincount(place, minlength=n)
    customers = count
    if several:
        # rows of one customer stand together, and so do the groups of rows
        customers = in_each(attrs.evolve(runs, n_groups=1), place, n)[0]
    paths = np.bincount(group, minlength=units.n_groups)
    visitors = in_each(runs, np.zeros(len(found), np.int64), 1)[:, 0]
    return PathVariants(
        outer=units.axes,
        rows=rows,
        parts={"count": count, "customers": customers, "paths": paths, "visitors": visitors},
        context=Context(
            "variants",
            unit="path",
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options={**naming.options, "of": units.unit, "gap": cut},
        ),
    )
