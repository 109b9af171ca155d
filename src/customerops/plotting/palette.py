"""Which colour a label has: a stage of the lifecycle the same one in every picture."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["COLOURS", "colours_of"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#7A7A7A", "#3B3B3B")
"""Colours that colour-blind people tell apart: those of Okabe and Ito (2008), without yellow."""

_OF_STAGES = {
    "UNKNOWN": COLOURS[6],
    "ACQUIRED": COLOURS[3],
    "ACTIVATED": COLOURS[5],
    "RETAINED": COLOURS[0],
    "LAPSED": COLOURS[1],
    "WON_BACK": COLOURS[2],
    "LOST": COLOURS[4],
    "ERASED": COLOURS[7],
}


def colours_of(labels: Sequence[str]) -> list[str]:
    """Return the colours of some labels: of stages by their names, of others in their order.

    Parameters
    ----------
    labels : sequence of str
        Stages only if all of them are. There are eight colours; what comes after has none.

    Examples
    --------
    >>> colours_of(["LAPSED"]) == colours_of(["RETAINED", "LAPSED"])[1:]
    True
    >>> colours_of(["ads", "mail"]) == list(COLOURS[:2])
    True
    """
    if all(label in _OF_STAGES for label in labels):
        return [_OF_STAGES[label] for label in labels]
    return list(COLOURS[: len(labels)])
