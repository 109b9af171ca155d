"""What shows itself in a notebook: the one edge from results to pictures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Shown"]


class Shown:
    """Base of everything that people may want to see drawn."""

    __slots__ = ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the picture that shows this result best, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; left out, on a new figure of its own, ``plot().figure``, which no state
            of ``pyplot`` knows of.

        Returns
        -------
        matplotlib.axes.Axes
            What was drawn on. A notebook shows the axes that a new figure was made for.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed; it comes with the extra ``plot``.
        InvalidInputError
            If there is no picture of it; the message says what to draw in its place.

        Notes
        -----
        `customerops.plotting` has the function behind each picture, with its options. What is
        not complete at ``as_of`` is grey and hatched, whiskers and bands are 95 % intervals.
        """
        # by name, on call: results are known to the layer of pictures, never the other way round
        draw = importlib.import_module("customerops.plotting.drawing").draw
        axes: Axes = draw(self, ax)
        return axes
