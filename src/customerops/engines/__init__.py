"""The same functions on a cluster: one log a partition, and the sum of what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.engines import dask, spark
    from customerops.engines.reduced import Reduced
    from customerops.engines.stored import from_bytes, to_bytes

__all__ = ["Reduced", "dask", "from_bytes", "spark", "to_bytes"]

_HOMES = {
    "Reduced": "reduced",
    "dask": "",
    "from_bytes": "stored",
    "spark": "",
    "to_bytes": "stored",
}

_load, _names = lazy(__name__, _HOMES)


def __getattr__(name: str) -> object:
    return _load(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_names()})
