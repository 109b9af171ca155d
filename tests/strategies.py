"""Random worlds for the promises: those of `customerops.testing`, with all that tests ask of one."""

from hypothesis import strategies as st

from customerops.testing import world_draws
from tests.surface.world import World

__all__ = ["worlds"]


def worlds(*, days: int = 400, max_records: int = 24) -> st.SearchStrategy[World]:
    """Draw a world.

    Parameters
    ----------
    days : int
        How far from its middle it reaches, either way; some worlds are shorter.
    max_records : int
        Most interactions.
    """
    return world_draws.worlds(World, days=days, max_records=max_records)
