"""Who is in which arm: drawn by a keyed hash of the id, so that nobody has to remember it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import ceil
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.weighing import weight_of
from customerops.model.records.base import Record
from customerops.model.rules.grouping import Grouping
from customerops.model.values.checks import Id, Scalar, each, identifier
from customerops.model.values.hashing import keyed_hash
from customerops.model.values.labels import Label
from customerops.model.values.serial import read, under

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Experiment", "ExperimentGrouping", "assign"]


@attrs.frozen(kw_only=True)
class Experiment(Record):
    """Arms between which customers are drawn by lot, as data (实验, A/B 测试).

    Parameters
    ----------
    key : str
        Names the draw: another key is another draw, independent of this one.
    arms : mapping of str to float
        The arms and their weights, above 0: ``{"control": 1, "voucher": 1}`` are halves. The order
        does not matter.
    control : str
        Which of them is left alone.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, there are fewer than two arms, a weight is not above 0, or
        the control is not one of the arms.

    Notes
    -----
    Hashes of 64 bits are cut at the cumulative shares, the control first and the others by name:
    an id is always in the same arm, on every machine, partition and day. `lifecycle.Holdout` of the
    same key with the share of the control holds out exactly the control, and with a smaller share
    some of it, so that a playbook and a measurement agree about who is left alone. Whoever raises
    the share of the control moves nobody out of it; any other change of weights moves customers
    between arms, and takes a new key.

    Examples
    --------
    >>> from customerops.metrics import Experiment
    >>> win_back = Experiment(
    ...     key="voucher-2026", arms={"nothing": 1, "voucher": 1}, control="nothing"
    ... )
    >>> [win_back.arm(customer) for customer in ("ann", "bo", 3)]
    ['nothing', 'voucher', 'nothing']
    """

    key: str
    arms: Mapping[str, Scalar]
    control: str

    def _check(self) -> None:
        if len(self.arms) < 2:
            raise InvalidInputError("arms", "must be two or more", f"got {len(self.arms)}")
        for weight in self.arms.values():
            weight_of("weight", weight)
        if self.control not in self.arms:
            raise InvalidInputError("control", "must be one of the arms", "it is not")

    def arm(self, customer_id: Id) -> str:
        """Return the arm of one customer.

        Raises
        ------
        InvalidInputError
            If it is no id.
        """
        return self._drawn([identifier("customer_id", customer_id)])[0]

    def grouping(self) -> ExperimentGrouping:
        """Return the arms as a grouping, for the option ``by=`` of any measure of a log.

        Examples
        --------
        >>> from customerops.metrics import Experiment
        >>> trial = Experiment(key="trial", arms={"a": 1, "b": 1}, control="a")
        >>> trial.grouping().name
        'trial'
        """
        return ExperimentGrouping(self.key, experiment=self)

    def _drawn(self, ids: Iterable[Any]) -> list[str]:
        names, bars = self._cuts()
        return [names[bisect_right(bars, one)] for one in keyed_hash(ids, key=self.key)]

    def _cuts(self) -> tuple[list[str], list[int]]:
        """Return the arms in the order of the draw, and the first hash beyond all but the last."""
        names = [self.control, *(name for name in self.arms if name != self.control)]
        ends = list(accumulate(weight_of("weight", self.arms[name]) for name in names))
        return names, [ceil(float(end / ends[-1]) * 2**64) for end in ends[:-1]]


@attrs.frozen
class ExperimentGrouping(Grouping):
    """The arms of an experiment as the groups of a measure; made by `Experiment.grouping`.

    Attributes
    ----------
    experiment : Experiment
        Whose arms.
    source, name
        As for `Grouping`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import Experiment
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["ann", "bo", "cai"], kind=["visit"] * 3,
    ...     at=[dt.date(2026, 1, 2)] * 3, tz=dt.timezone.utc,
    ... )
    >>> trial = Experiment(key="trial", arms={"a": 1, "b": 1}, control="a")
    >>> trial.grouping().labels(log)[1]
    ('a', 'b')
    """

    experiment: Experiment = attrs.field(kw_only=True)

    def labels(self, log: InteractionLog) -> tuple[NDArray[np.intp], tuple[Label, ...]]:
        """Return the group of each customer of a log, as for `Grouping.labels`."""
        owners = log.customers if log.parent is None else log.parent.values
        drawn = self.experiment._drawn(owners.tolist())
        names = tuple(sorted(set(drawn)))
        code = {name: i for i, name in enumerate(names)}
        return np.array([code[name] for name in drawn], np.intp), names

    def to_dict(self) -> dict[str, Any]:
        """Return the grouping as plain JSON types, without loss."""
        inner = self.experiment.to_dict()
        return {"grouping": "experiment", "name": self.name, "experiment": inner}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ExperimentGrouping:
        """Return the grouping of a dict made by `to_dict`.

        Raises
        ------
        InvalidInputError
            Naming the path of what is wrong.
        """
        own = read("grouping", data, ("grouping", "name", "experiment"))
        if own["grouping"] != "experiment":
            raise InvalidInputError("grouping.grouping", "must be 'experiment'", "got another")
        with under("grouping.experiment", "Experiment"):
            experiment = Experiment.from_dict(own["experiment"])
        with under("grouping", "grouping"):
            return ExperimentGrouping(experiment.key, own["name"], experiment=experiment)


def assign(customer_ids: Iterable[Id], *, experiment: Experiment) -> dict[Id, str]:
    """Return the arm of each customer of an experiment (分组).

    Parameters
    ----------
    customer_ids : iterable of int, str or UUID
        The audience: a list, an array, a column of a frame. An id that comes twice is once in the
        answer. ``1`` and ``"1"`` are two ids.
    experiment : Experiment
        The arms, their weights and the key of the draw.

    Returns
    -------
    dict of id to str
        In the order of the ids: what `uplift` takes as ``arms=``.

    Raises
    ------
    InvalidInputError
        If they are not ids, or `experiment` is none.

    Notes
    -----
    Each id is drawn by itself (`Experiment`): a part of the audience, or one customer in a service
    by `Experiment.arm`, gets the same answer. The counts of the arms differ from their weights by
    chance, as of any lot; `sample_ratio_check` says when by more.

    Examples
    --------
    >>> from customerops.metrics import Experiment, assign
    >>> win_back = Experiment(
    ...     key="voucher-2026", arms={"nothing": 1, "voucher": 1}, control="nothing"
    ... )
    >>> assign(["ann", "bo", 3], experiment=win_back)
    {'ann': 'nothing', 'bo': 'voucher', 3: 'nothing'}
    """
    if not isinstance(experiment, Experiment):
        problem = f"got {type(experiment).__name__}"
        raise InvalidInputError("experiment", "must be an Experiment", problem)
    plain = getattr(customer_ids, "tolist", None) or getattr(customer_ids, "to_pylist", None)
    given = customer_ids if plain is None else plain()  # of numpy, pandas and pyarrow
    ids = [
        identifier(f"customer_ids[{place}]", one)
        for place, one in enumerate(each("customer_ids", given))
    ]
    return dict(zip(ids, experiment._drawn(ids), strict=True))
