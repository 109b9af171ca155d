"""Attribution: the credit of every channel, by the rule or the model one chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.chains import Chain
from customerops.journey.credit.games import Shapley
from customerops.journey.credit.markov import Markov
from customerops.journey.credit.models import Block, Credit, Model
from customerops.journey.credit.path_table import PathTable
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result, Truth
from customerops.model.values.checks import came
from customerops.model.values.labels import Label
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONVERTED", "NULL", "Attribution", "attribute", "blocks_of"]

CONVERTED: Label = ("converted",)
"""Where a path ends that converts. A tuple, so that it never meets a channel of that name."""

NULL: Label = ("null",)
"""Where a path ends that does not."""

Floats = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Attribution(Result):
    """The credit of every channel. Derived from a path table, which adds; credits do not.

    Attributes
    ----------
    axes : tuple of Axis
        The groups if there are any, then the channels.
    conversions : ndarray of float64, of the shape of the axes
        Credited conversions. They add up to the conversions with a touch, but for
        `Participation`, and but for rate games that give none.
    value : ndarray of float64, of the same shape
        Credited value, in major units of the currency; plain numbers where there is none.
    untouched : int or ndarray of int
        Conversions before which no touch was seen, by group: nobody is credited with them.
    columns : mapping of str to ndarray
        What else the model says of each channel: ``removal_effect`` and ``value_removal_effect``
        of `Markov`, ``shapley`` of `Shapley`; NaN for a channel on no path of the group.
    context : Context
        What it is about; its option ``model`` is the model.
    """

    axes: tuple[Axis, ...]
    conversions: Floats
    value: Floats
    untouched: Any
    columns: Mapping[str, Floats]
    context: Context
    _details: tuple[tuple[tuple[Label, ...], Any], ...] = ()

    def __attrs_post_init__(self) -> None:
        for array in (self.conversions, self.value, self.untouched, *self.columns.values()):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @property
    def shares(self) -> Floats:
        """Credited conversions as shares of all that are credited to anybody, by group.

        NaN where the window is not closed; see `complete`.
        """
        total = self.conversions.sum(axis=-1, keepdims=True)
        known = (total != 0) & closed(self.axes[:-1], self.context)[..., None]
        share: Floats = np.divide(
            self.conversions, total, out=np.full(self.conversions.shape, np.nan), where=known
        )
        return share

    @property
    def complete(self) -> Truth:
        """Whether the window of each group was closed; until then credits are those so far.

        Paths that may still convert are counted apart and no model reads them: `PathTable.open`.
        """
        done = closed(self.axes[:-1], self.context)
        return bool(done) if done.ndim == 0 else done

    def transitions(self) -> pd.DataFrame:
        """Return the chain of a `Markov` model: what follows each state, how often.

        Returns
        -------
        pandas.DataFrame
            ``history``, the touches of the state, the latest last, and ``()`` where paths begin;
            ``next``, a channel, or ``("converted",)`` or ``("null",)``; ``count`` of paths;
            ``probability`` among all that were in the state. After the group, if there are any.

        Raises
        ------
        InvalidInputError
            If the model has no chain.
        """
        import pandas as pd

        if not isinstance(self.context.option("model"), Markov):
            raise InvalidInputError("model", "must be Markov to have transitions")
        groups = _product(self.axes[:-1])
        rows = [
            (*group, *row)
            for group, (labels, chain) in zip(groups, self._details, strict=True)
            for row in ([] if chain is None else _moves(labels, chain))
        ]
        names = [axis.name for axis in self.axes[:-1]]
        return pd.DataFrame(rows, columns=[*names, "history", "next", "count", "probability"])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group and channel: credited conversions, their share, value, columns.

        Returns
        -------
        pandas.DataFrame
            Without the conversions that had no touch; the last column is ``complete``.
        """
        import pandas as pd

        columns = {**self._flat(), "complete": self._complete()}
        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attribution):
            return NotImplemented
        mine, theirs = self._flat(), other._flat()
        return (
            self.context == other.context
            and self.axes == other.axes
            and np.array_equal(self.untouched, other.untouched)
            and all(np.array_equal(mine[n], theirs[n], equal_nan=True) for n in mine)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        extent = " x ".join(f"{axis.name}[{len(axis)}]" for axis in self.axes)
        return f"Attribution(model={self.context.option('model')!r}, axes={extent})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        columns = dict(self.columns)
        given = (self.axes, self.conversions, self.value, self.untouched, columns)
        return (_rebuilt, (*given, self.context, self._details))

    def _repr_html_(self) -> str:
        """Show the first channels as a table; those of groups that are not complete are grey."""
        some = slice(render.ROWS)
        labels = {
            axis.name: [axis.labels[i] for i in at[some].tolist()] for axis, at in self._grid()
        }
        columns = {
            name: [
                (render.percent if name == "share" else render.number)(v)
                for v in column[some].tolist()
            ]
            for name, column in self._flat().items()
        }
        cells = self.conversions.size
        faint = (~self._complete()[some]).tolist()
        return render.rows_html(self.context.title, labels, columns, faint, cells)

    def _complete(self) -> NDArray[np.bool_]:
        """Return whether each cell is complete."""
        done = closed(self.axes[:-1], self.context)[..., None]
        return np.broadcast_to(done, self.conversions.shape).ravel()

    def _flat(self) -> dict[str, Floats]:
        given = {"conversions": self.conversions, "share": self.shares, "value": self.value}
        return {name: array.ravel() for name, array in {**given, **self.columns}.items()}

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        at = np.indices([len(axis) for axis in self.axes], dtype=np.intp)
        return [(axis, at[i].ravel()) for i, axis in enumerate(self.axes)]


def attribute(
    paths: PathTable, model: Model, *, rng: np.random.Generator | None = None
) -> Attribution:
    """Share out conversions and their value over the channels (归因) that came before them.

    Parameters
    ----------
    paths : PathTable
        From `paths_to_conversion` or `PathTable.from_counts`. With groups, each for itself.
    model : Model
        `First`, `Last`, `LastNonDirect`, `Linear`, `Participation`, `PositionBased`, `TimeDecay`,
        `Custom`, `Markov` or `Shapley`.
    rng : numpy.random.Generator, optional
        For a `Shapley` that samples, and for nothing else.

    Returns
    -------
    Attribution
        ``.conversions``, ``.value``, ``.shares``, ``.to_frame()``.

    Raises
    ------
    InvalidInputError
        If `paths` is no path table or `model` no model, `rng` is missing or not needed, or the
        model cannot read the table.

    Notes
    -----
    Paths that are open are read by no model; those that did not convert by `Markov` and the rate
    games of `Shapley` alone. No model here is causal: each shares out what happened, and none says
    what would happen without a channel. For that, leave customers out at random and compare.

    References
    ----------
    Shao, X. and Li, L. (2011). Data-driven multi-touch attribution models. KDD 2011, 258-264.
    Dalessandro, B., Perlich, C., Stitelman, O. and Provost, F. (2012). Causally motivated
    attribution for online advertising. ADKDD 2012. Each model names its own source.

    Examples
    --------
    >>> from customerops.journey import Markov, PathTable, attribute
    >>> paths = PathTable.from_counts(
    ...     ["C1 > C2 > C3", "C1", "C2 > C3"], [1, 0, 0], [0, 1, 1], separator=">"
    ... )
    >>> credit = attribute(paths, Markov())
    >>> credit.to_frame()[["channel", "conversions", "removal_effect"]].round(3)
      channel  conversions  removal_effect
    0      C1          0.2             0.5
    1      C2          0.4             1.0
    2      C3          0.4             1.0
    """
    if not isinstance(paths, PathTable):
        raise InvalidInputError("paths", "must be a PathTable", came(paths))
    if not isinstance(model, Model):
        raise InvalidInputError("model", "must be a model of attribution", came(model))
    sampled = isinstance(model, Shapley) and model.samples is not None
    if sampled != (rng is not None):
        said = "must be given to sample" if sampled else "must be left out: nothing is drawn"
        raise InvalidInputError("rng", said)
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise InvalidInputError("rng", "must be a numpy.random.Generator", came(rng))
    axes = (*paths.outer, paths.channels)
    shape = tuple(len(axis) for axis in axes)
    flat = (prod(shape[:-1]), shape[-1])
    arrays: dict[str, Floats] = {name: np.zeros(flat) for name in ("conversions", "value")}
    details: list[tuple[tuple[Label, ...], Any]] = []
    for at, channels, block in blocks_of(paths):
        credit = model.credit(block, rng) if len(block.codes) else _NOBODY
        arrays["conversions"][at, channels] = credit.conversions
        arrays["value"][at, channels] = credit.value
        for name, column in credit.columns.items():
            arrays.setdefault(name, np.full(flat, np.nan))[at, channels] = column
        details.append((block.labels, credit.detail))
    found = {name: array.reshape(shape) for name, array in arrays.items()}
    return Attribution(
        axes=axes,
        conversions=found.pop("conversions"),
        value=found.pop("value") / paths.context.option("scale", 1),
        untouched=paths.untouched,
        columns=found,
        context=attrs.evolve(paths.context, metric="attribution").with_options(model=model),
        details=tuple(details),
    )


_NOBODY = Credit(np.zeros(0), np.zeros(0))


def blocks_of(paths: PathTable) -> Iterator[tuple[int, NDArray[np.intp], Block]]:
    """Yield each group with the places of its channels, and the paths that have an outcome."""
    settled = (paths.parts["conversions"] != 0) | (paths.parts["nulls"] != 0)
    length = np.diff(paths.offsets)
    for at in range(prod(len(axis) for axis in paths.outer)):
        rows = np.flatnonzero(settled & (length > 0) & (paths.cell == at))
        steps = ranges(paths.offsets[rows], length[rows])
        codes = paths.codes[steps]
        channels = np.flatnonzero(np.bincount(codes, minlength=len(paths.channels)))
        yield (
            at,
            channels,
            Block(
                labels=tuple(paths.channels.labels[i] for i in channels.tolist()),
                codes=np.searchsorted(channels, codes),
                offsets=np.append(0, np.cumsum(length[rows])),
                ages=None if paths.ages is None else paths.ages[steps],
                unit=paths.context.option("ages"),
                conversions=paths.parts["conversions"][rows],
                nulls=paths.parts["nulls"][rows],
                value=paths.parts["value"][rows],
            ),
        )


_FIELDS = ("axes", "conversions", "value", "untouched", "columns", "context", "details")


def _rebuilt(*values: Any) -> Attribution:
    return Attribution(**dict(zip(_FIELDS, values, strict=True)))


def _product(axes: tuple[Axis, ...]) -> list[tuple[Label, ...]]:
    """Return the labels of every group; one without any where there are no groups."""
    return [(label,) for label in axes[0].labels] if axes else [()]


def _moves(labels: tuple[Label, ...], chain: Chain) -> Iterator[tuple[object, ...]]:
    """Yield what follows each state, in the order of states, channels before the ends."""
    begin = int(chain.start.sum())
    told = [tuple(labels[c] for c in state[::-1] if c >= 0) for state in chain.states.tolist()]
    latest = chain.states[:, 0]
    for state in np.flatnonzero(chain.start).tolist():
        count = int(chain.start[state])
        yield (), labels[latest[state]], count, count / begin
    total = chain.total.tolist()
    moves = chain.moves.tocsr()
    moves.sort_indices()
    for state, history in enumerate(told):
        inside = slice(moves.indptr[state], moves.indptr[state + 1])
        after = zip(moves.indices[inside].tolist(), moves.data[inside].tolist(), strict=True)
        nexts: list[tuple[Label, int]] = [(labels[latest[t]], n) for t, n in after]
        nexts += [(CONVERTED, int(chain.conversions[state])), (NULL, int(chain.nulls[state]))]
        for label, count in nexts:
            if count:
                yield history, label, count, count / total[state]
