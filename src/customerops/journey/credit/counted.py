"""Paths that are counted already: what a table of them is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from customerops.errors import InvalidInputError
from customerops.journey.credit.naming import channel_key
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import each, text
from customerops.model.values.labels import Label, label_key
from customerops.model.values.money import decimals_of

__all__ = ["counted"]


def counted(
    paths: Iterable[Sequence[Label] | str],
    conversions: ArrayLike,
    nulls: ArrayLike | None,
    values: ArrayLike | None,
    separator: str | None,
    currency: str | None,
) -> dict[str, Any]:
    """Return the fields of the table of some paths; see `PathTable.from_counts`."""
    given = [_split(path, separator) for path in each("paths", paths)]
    zeros = np.zeros(len(given), np.int64)
    parts = {
        "conversions": exact.canon(conversions, "conversions"),
        "nulls": exact.canon(zeros if nulls is None else nulls, "nulls"),
        "value": exact.canon(zeros if values is None else values, "values"),
        "open": exact.canon(zeros),
    }
    for name, part in parts.items():
        if part.shape != (len(given),):
            problem = f"got shape {part.shape} for {len(given)} paths"
            raise InvalidInputError(name, "must be one number per path", problem)
        if name != "value" and (part < 0).any():
            raise InvalidInputError(name, "must not be negative")
    if ((parts["value"] != 0) & (parts["conversions"] == 0)).any():
        raise InvalidInputError("values", "must be 0 where nothing converted")
    length = np.array([len(path) for path in given], np.int64)
    if ((length == 0) & (parts["nulls"] != 0)).any():
        raise InvalidInputError("nulls", "must be 0 for a path without touches")
    keys = {channel_key("channel", label): label for path in given for label in path}
    channels = Axis("channel", [keys[key] for key in sorted(keys)], "state")
    at = {key: i for i, key in enumerate(channels.keys)}
    codes = [at[label_key(label)] for path in given for label in path]
    options = {} if currency is None else {"scale": 10 ** decimals_of(currency)}
    return {
        "channels": channels,
        "codes": np.array(codes, np.int64),
        "offsets": np.append(0, np.cumsum(length)),
        "cell": zeros,
        "parts": parts,
        "context": Context("paths_to_conversion", unit="path", currency=currency, options=options),
    }


def _split(path: Sequence[Label] | str, separator: str | None) -> tuple[Label, ...]:
    if not isinstance(path, str):
        return tuple(each("paths", path))
    if separator is None:
        problem = "got str; say separator= to split it"
        raise InvalidInputError("paths", "must hold sequences of labels", problem)
    steps = [step.strip() for step in path.split(text("separator", separator))]
    return () if steps == [""] else tuple(text("channel", step) for step in steps)
