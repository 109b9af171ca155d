"""Strategies for events, policies and populations in whole days."""

from hypothesis import strategies as st

from tests.reference.lifecycle import ORDER, Rules

WHAT = st.sampled_from([*ORDER, "qualified", "qualified", "qualified"])


def rules() -> st.SearchStrategy[Rules]:
    return st.builds(
        Rules,
        window=st.integers(1, 5),
        winback=st.none() | st.integers(1, 4),
        activation=st.none() | st.integers(1, 4),
        k=st.integers(1, 3),
        event_first=st.booleans(),
    )


def events(last: int = 14, size: int = 8) -> st.SearchStrategy[list[tuple[int, str]]]:
    return st.lists(st.tuples(st.integers(0, last), WHAT), max_size=size)


def populations() -> st.SearchStrategy[list[list[tuple[int, str]]]]:
    return st.lists(events(), max_size=8)
