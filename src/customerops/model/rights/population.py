"""Permission of a whole population: the same question, put to many customers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.records.records import Consent
from customerops.model.rights.question import LawName, Question, asked
from customerops.model.rights.regimes import Regime
from customerops.model.rights.standing import Permission
from customerops.model.values import html
from customerops.model.values.checks import Id, came, each, identifier
from customerops.model.values.labels import label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Permissions", "permitted_all"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Permissions:
    """The answers of many customers to one question, in columns.

    Attributes
    ----------
    customers : tuple of int, str or UUID
        Whose, sorted.
    answers : tuple of Permission
        The different answers there were.
    codes : ndarray of int32, shape (n_customers,)
        Which answer each customer has, an index into `answers`.
    """

    customers: tuple[Id, ...]
    answers: tuple[Permission, ...]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.customers)

    def __repr__(self) -> str:
        """Return how many may be dealt with, and nothing about who."""
        return f"Permissions({int(self.allowed.sum())} of {len(self)} customers allowed)"

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Whether each customer may be dealt with."""
        yes = np.array([answer.allowed for answer in self.answers], np.bool_)
        return yes[self.codes]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many customers have each of the `answers`."""
        return tuple(np.bincount(self.codes, minlength=len(self.answers)).tolist())

    def of(self, customer_id: Id) -> Permission:
        """Return the answer of one customer.

        Raises
        ------
        InvalidInputError
            If it was not asked about.
        """
        for one, code in zip(self.customers, self.codes.tolist(), strict=True):
            if one == customer_id:
                return self.answers[int(code)]
        raise InvalidInputError("customer_id", "must be a customer that was asked about")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: ``customer_id``, ``allowed``, ``basis``, ``standing``, ``reasons``.

        Reasons are joined by ``"; "``.
        """
        import pandas as pd

        rows = [
            (answer.allowed, answer.basis, answer.standing.value, "; ".join(answer.reasons))
            for answer in self.answers
        ]
        columns = {
            name: pd.Series([row[i] for row in rows], dtype=dtype).take(self.codes)
            for i, (name, dtype) in enumerate(_COLUMNS.items())
        }
        frame = pd.DataFrame({name: column.to_numpy() for name, column in columns.items()})
        frame.insert(0, "customer_id", pd.Series(list(self.customers), dtype=object))
        return frame

    def _repr_html_(self) -> str:
        """Show how many customers have each answer, and none of them."""
        columns = self.to_frame().drop(columns="customer_id")
        counted = columns.groupby(list(_COLUMNS), dropna=False, sort=True).size()
        table = counted.rename("customers").reset_index()
        return html.frame_html("permissions", table.where(table.notna(), None))


_COLUMNS = {"allowed": "bool", "basis": "object", "standing": "object", "reasons": "object"}


def permitted_all(
    consents: Iterable[Consent],
    *,
    purpose: str,
    channel: str | None,
    at: dt.datetime,
    customers: Iterable[Id] | None = None,
    ages: Mapping[Id, int] | None = None,
    regime: Regime | LawName | None = None,
    notice_version: str | None = None,
    recipient: str | None = None,
    data_category: str | None = None,
) -> Permissions:
    """Return for many customers whether their records allow a purpose by a channel at an instant.

    Parameters
    ----------
    consents : iterable of Consent
        Of any customers, in any order.
    purpose, channel, at, regime, notice_version, recipient, data_category
        As for `permitted`.
    customers : iterable of int, str or UUID, optional
        Whom to ask about; who has no record is one of them. Left out, those with a record.
    ages : mapping of id to int, optional
        The age in whole years at `at` of those for whom it is known; others count as adults.

    Returns
    -------
    Permissions
        ``permitted_all(...).of(c)`` is ``permitted(...)`` of the records of customer c.

    Raises
    ------
    InvalidInputError
        As for `permitted`.

    Notes
    -----
    The question is looked up in the regime once, and every customer's records are read once: the
    time is linear in records and customers.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Consent, permitted_all
    >>> at = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> said = [
    ...     Consent(customer_id=c, purpose="marketing", status=status, at=at)
    ...     for c, status in [(1, "granted"), (2, "denied")]
    ... ]
    >>> asked = permitted_all(
    ...     said, customers=[1, 2, 3], purpose="marketing", channel="email", at=at, regime="GDPR"
    ... )
    >>> asked.allowed.tolist(), asked.of(3).reasons
    ([True, False, False], ('permission for marketing by email was never given (GDPR art. 6(1))',))
    """
    question = asked(
        purpose=purpose,
        channel=channel,
        at=at,
        regime=regime,
        notice_version=notice_version,
        recipient=recipient,
        data_category=data_category,
    )
    years = _ages(ages, question)
    known = _by_customer(consents, customers, question)
    order = sorted(known, key=label_key)
    found: dict[Permission, int] = {}
    seen: dict[int, tuple[int, Permission]] = {}  # by identity: the answers are shared
    codes = np.empty(len(order), np.int32)
    for i, one in enumerate(order):
        answer = question.answer(known[one], years.get(one))
        if id(answer) not in seen:
            seen[id(answer)] = (found.setdefault(answer, len(found)), answer)
        codes[i] = seen[id(answer)][0]
    codes.flags.writeable = False
    return Permissions(customers=tuple(order), answers=tuple(found), codes=codes)


def _ages(ages: object, question: Question) -> dict[Id, int | None]:
    if ages is None:
        return {}
    if not isinstance(ages, Mapping):
        raise InvalidInputError("ages", "must be a mapping of ids to years", came(ages))
    return {one: question.aged(age, "ages") for one, age in ages.items()}


def _by_customer(
    consents: Iterable[Consent], customers: Iterable[Id] | None, question: Question
) -> dict[Id, list[Consent]]:
    """Return the records that concern a question, of each customer asked about."""
    chosen = None if customers is None else each("customers", customers)
    known: dict[Id, list[Consent]] = {}
    for i, one in enumerate(chosen or ()):
        known[identifier(f"customers[{i}]", one)] = []
    for i, record in enumerate(each("consents", consents)):
        if not isinstance(record, Consent):
            raise InvalidInputError(f"consents[{i}]", "must be a Consent", came(record))
        own = known.get(record.customer_id)
        if own is None:
            if chosen is not None:
                continue
            own = known.setdefault(record.customer_id, [])
        if question.concerns(record):
            own.append(record)
    return known
