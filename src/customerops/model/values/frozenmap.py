"""A mapping that can be a member of a record: frozen, hashable, picklable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import Scalar, came, scalar, text

__all__ = ["FrozenMap"]

_NONE: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen(eq=False, repr=False, init=False)
class FrozenMap(Mapping[str, Scalar]):
    """Named values of JSON's plain types: bool, int, finite float, str.

    None is refused: an attribute that is not known has no key. Keys iterate in sorted order.
    Two are equal if their values are equal and of the same type: ``True``, ``1`` and ``1.0`` are
    three values here, as they are in JSON.

    Parameters
    ----------
    data : mapping of str to bool, int, float or str
        Keys must not be empty; numpy scalars and enum members become the plain type.
    name : str
        What to call it in an error.

    Raises
    ------
    InvalidInputError
        If it is not a mapping, a key is no string, or a value is of another type, None, NaN or
        infinite.

    Examples
    --------
    >>> plan = FrozenMap({"plan": "pro", "age": 41})
    >>> plan["plan"], list(plan), plan == {"age": 41, "plan": "pro"}, plan == {**plan, "age": 41.0}
    ('pro', ['age', 'plan'], True, False)
    """

    _data: dict[str, Scalar]

    def __init__(self, data: Mapping[str, Any] = _NONE, *, name: str = "attributes") -> None:
        if not isinstance(data, Mapping):
            raise InvalidInputError(name, "must be a mapping", came(data))
        checked = {text(f"{name} key", key): value for key, value in data.items()}
        kept = {key: scalar(f"{name}.{key}", checked[key]) for key in sorted(checked)}
        object.__setattr__(self, "_data", kept)

    def __getitem__(self, key: str) -> Scalar:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._data == other and all(
            type(value) is type(other[key]) for key, value in self._data.items()
        )

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._data!r})"
