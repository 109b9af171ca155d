"""What several functions made of one population, and how many rows they did not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from customerops.errors import InvalidInputError

__all__ = ["Reduced"]


def _read_only(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(given))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Reduced(Mapping[str, Any]):
    """The results of several functions by name: ``reduced["retention"]``.

    Parameters
    ----------
    results : mapping of str to object
        The results, which add over disjoint customers.
    events : int
        Events in the logs.
    customers : int
        Customers in the logs.
    rejected : mapping of str to int
        Rows set aside, by reason: empty unless ``invalid="collect"``.

    Notes
    -----
    ``a + b`` adds name by name, for populations without a customer in common.

    Examples
    --------
    >>> from customerops.engines import Reduced
    >>> a = Reduced(results={"orders": 3}, events=5, customers=2)
    >>> b = Reduced(results={"orders": 1}, events=2, customers=1, rejected={"at missing": 4})
    >>> a + b
    Reduced(orders; 7 events, 3 customers, 4 rows rejected)
    >>> (a + b)["orders"], dict((a + b).rejected)
    (4, {'at missing': 4})
    """

    results: Mapping[str, Any] = attrs.field(converter=_read_only)
    events: int
    customers: int
    rejected: Mapping[str, int] = attrs.field(factory=dict, converter=_read_only)

    def __getitem__(self, name: str) -> Any:
        """Return the result of a function by its name."""
        return self.results[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.results)

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self.results)

    def __add__(self, other: object) -> Reduced:
        """Return the results of both populations, which must be disjoint."""
        if not isinstance(other, Reduced):
            return NotImplemented
        if self.keys() != other.keys():
            problem = f"got {sorted(self)} and {sorted(other)}"
            raise InvalidInputError("results", "must have the same names to be added", problem)
        return Reduced(
            results={name: self[name] + other[name] for name in self},
            events=self.events + other.events,
            customers=self.customers + other.customers,
            rejected=Counter(self.rejected) + Counter(other.rejected),
        )

    def __radd__(self, other: object) -> Reduced:
        """Return itself for ``0 + reduced``, so that ``sum()`` works."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        """Whether results and counts are the same."""
        if not isinstance(other, Reduced):
            return NotImplemented
        return self._state() == other._state()

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a read-only mapping does not pickle."""
        return (_rebuilt, (self._state(),))

    def __repr__(self) -> str:
        """Return names and sizes, and nothing about the customers."""
        aside = sum(self.rejected.values())
        said = f"{self.events:,} events, {self.customers:,} customers"
        return f"Reduced({', '.join(self)}; {said}{f', {aside:,} rows rejected' if aside else ''})"

    def _state(self) -> dict[str, Any]:
        return {
            "results": dict(self.results),
            "events": self.events,
            "customers": self.customers,
            "rejected": dict(self.rejected),
        }


def _rebuilt(state: Mapping[str, Any]) -> Reduced:
    return Reduced(**state)
