"""Where every customer of a population stands, a row a customer."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import LAST, NEVER
from customerops.lifecycle.policy.stages import ACTIVE, STAGES
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.instants import as_instant, to_us

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["States"]

_NAMES = np.array([str(stage) for stage in STAGES], object)
_INSTANTS = (
    "since",
    "overdue_at",
    "at_risk_at",
    "life_since",
    "qualified_at",
    "settles_at",
    "ends_at",
    "paused_at",
)
_COUNTS = ("lives", "ordinal", "anchor")
_FLAGS = ("paid", "ending", "trial", "failing")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class States(PerCustomer):
    """Where customers stand at `as_of`: what `replay_log` can start from the next time.

    Attributes
    ----------
    ids : ndarray, shape (n,)
        Customer ids, sorted; (customer, value) under a policy with a scope.
    columns : mapping
        ``stage``: int8, its position in `STAGES`. ``since``, ``overdue_at``, ``at_risk_at``,
        ``life_since``, ``qualified_at``, ``settles_at`` (when the next that settles counts) and,
        under a contract, ``ends_at`` and ``paused_at``: int64 microseconds since
        1970-01-01T00:00Z, `NEVER` where there is none. ``lives``, ``ordinal``, ``anchor`` (day of
        the month, 0 without): int64. ``paid`` (has a term), ``ending``, ``trial``, ``failing``:
        bool. ``recent``: int64, shape (n, memory of the policy), the latest qualifying instants,
        the last one last, `NEVER` in front where there are fewer.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("stage", *_INSTANTS, *_COUNTS, *_FLAGS, "recent")

    @property
    def stage(self) -> NDArray[np.int8]:
        """Code of the stage, its position in `STAGES`."""
        return self.columns["stage"]

    @property
    def since(self) -> NDArray[np.int64]:
        """When the stage was entered; `NEVER` while ``UNKNOWN``."""
        return self.columns["since"]

    @property
    def due_at(self) -> NDArray[np.int64]:
        """When to look again: what is overdue or has settled next; `NEVER` if nothing."""
        due: NDArray[np.int64] = np.minimum(self.columns["overdue_at"], self.columns["settles_at"])
        return due

    @property
    def qualified_at(self) -> NDArray[np.int64]:
        """The last qualifying event; `NEVER` without one."""
        return self.columns["qualified_at"]

    @property
    def lives(self) -> NDArray[np.int64]:
        """Lives begun."""
        return self.columns["lives"]

    @property
    def ordinal(self) -> NDArray[np.int64]:
        """Qualifying events in the latest life; before the first one, those so far."""
        return self.columns["ordinal"]

    @property
    def at_risk(self) -> NDArray[np.bool_]:
        """Who is active and at risk at `as_of`."""
        living = np.isin(self.stage, [STAGES.index(one) for one in ACTIVE])
        risky = self.columns["at_risk_at"] <= (self.context.as_of or 0)
        return np.asarray(living & (risky | self.columns["failing"]))

    def where(self, keep: NDArray[np.bool_]) -> Self:
        """Return the rows of a mask."""
        columns = {name: column[keep] for name, column in self.columns.items()}
        return attrs.evolve(self, ids=self.ids[keep], columns=columns)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: customer_id, stage, due_at, then all else that is known.

        Instants are in UTC, NaT where there is none. What a policy has to remember of earlier
        instants is in ``recent_1``, ``recent_2`` and so on.
        """
        import pandas as pd

        columns: dict[str, Any] = {"customer_id": self.ids, "stage": _NAMES[self.stage]}
        columns["due_at"] = _told(self.due_at)
        columns |= {name: _told(self.columns[name]) for name in _INSTANTS}
        columns |= {name: self.columns[name] for name in (*_COUNTS, *_FLAGS)}
        recent = self.columns["recent"]
        columns |= {f"recent_{i + 1}": _told(recent[:, i]) for i in range(recent.shape[1])}
        return pd.DataFrame(columns)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, policy: LifecyclePolicy, *, as_of: dt.datetime
    ) -> Self:
        """Return the states that `to_frame` wrote, as of the instant they were of.

        Parameters
        ----------
        frame : pandas.DataFrame
            What `to_frame` gave, through whatever store.
        policy : LifecyclePolicy
            The one they were made under: a frame does not say.
        as_of : datetime
            Up to when everything was settled.

        Raises
        ------
        InvalidInputError
            If an argument is not what it must be; a column is missing or not known; or it holds
            what no states hold: a stage that is none, an instant without a zone, a count that is
            no whole number or negative, a flag that is no truth value, a `due_at` of its own.
        """
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            raise InvalidInputError("frame", "must be a pandas DataFrame", came(frame))
        if not isinstance(policy, LifecyclePolicy):
            raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))
        recents = [f"recent_{i + 1}" for i in range(policy.memory)]
        names = ["customer_id", "stage", "due_at", *_INSTANTS, *_COUNTS, *_FLAGS, *recents]
        for name in names:
            if name not in frame:
                problem = f"{name!r} is missing{did_you_mean(name, map(str, frame))}"
                raise InvalidInputError("frame", "must have the columns of to_frame", problem)
        for other in frame:
            if other not in names:
                problem = f"got {other!r} besides, which this policy has no use for"
                raise InvalidInputError("frame", "must have the columns of to_frame", problem)
        stage = [_code(name) for name in frame["stage"].unique()]
        code = dict(zip(frame["stage"].unique(), stage, strict=True))
        columns: dict[str, Any] = {"stage": frame["stage"].map(code).to_numpy(np.int8)}
        columns |= {name: _read(name, frame[name]) for name in _INSTANTS}
        columns |= {name: _counted(name, frame[name]) for name in _COUNTS}
        columns |= {name: _flagged(name, frame[name]) for name in _FLAGS}
        recent = [_read(name, frame[name]) for name in recents]
        columns["recent"] = np.array(recent, np.int64).reshape(len(recents), len(frame)).T
        states = cls(
            ids=frame["customer_id"].to_numpy(),
            columns=columns,
            context=states_context(policy, to_us(as_instant("as_of", as_of))),
        )
        due = np.minimum(columns["overdue_at"], columns["settles_at"])
        wrong = int((_read("due_at", frame["due_at"]) != due).sum())
        if wrong:
            problem = f"it is another in {wrong} of {len(frame)} rows"
            raise InvalidInputError("due_at", "must be what falls due first", problem)
        return states

    def _repr_html_(self) -> str:
        """Show how many customers are in each stage, and nothing about any of them."""
        counts = np.bincount(self.stage, minlength=len(STAGES)).tolist()
        shown = [(str(stage), n) for stage, n in zip(STAGES, counts, strict=True) if n]
        stages = {"stage": [stage for stage, _ in shown]}
        customers = {"customers": [render.number(n) for _, n in shown]}
        faint = [False] * len(shown)
        return render.rows_html(self.context.metric, stages, customers, faint, len(shown))


def states_context(policy: LifecyclePolicy, as_of: int) -> Context:
    """Return what states are about."""
    return Context(metric="lifecycle_states", as_of=as_of, options={"policy": policy.hash})


def _told(us: NDArray[np.int64]) -> Any:
    import pandas as pd

    known = np.where(us > LAST, np.datetime64("NaT", "us"), us.astype("datetime64[us]"))
    return pd.to_datetime(known, utc=True)


def _read(name: str, column: pd.Series) -> NDArray[np.int64]:
    """Return instants in microseconds, `NEVER` for those that are missing."""
    if getattr(column.dtype, "tz", None) is None:
        raise InvalidInputError(name, "must be timezone-aware instants", f"got {column.dtype}")
    stamps = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), NEVER, stamps.astype(np.int64))


def _counted(name: str, column: pd.Series) -> NDArray[np.int64]:
    if not len(column):  # an empty table of text has no types
        return np.empty(0, np.int64)
    if column.dtype.kind not in "iu" or column.isna().any() or (column < 0).any():
        raise InvalidInputError(name, "must hold whole numbers of at least 0")
    return column.to_numpy(np.int64)


def _flagged(name: str, column: pd.Series) -> NDArray[np.bool_]:
    if len(column) and (column.dtype.kind != "b" or column.isna().any()):
        raise InvalidInputError(name, "must hold truth values", f"got {column.dtype}")
    return column.to_numpy(np.bool_)


def _code(name: object) -> int:
    if name not in set(STAGES):
        raise InvalidInputError("stage", "must hold names of stages", came(name))
    return [str(stage) for stage in STAGES].index(str(name))
