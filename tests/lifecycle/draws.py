"""Strategies for events, policies and populations in whole days."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.lifecycle.make import Event
from tests.reference.lifecycle import ORDER, Paying, Rules, Usual
from tests.reference.lifecycle import Event as Happening

WHAT = st.sampled_from([*ORDER, "qualified", "qualified", "qualified"])
BUYING = st.sampled_from(["acquire", "unqualified", *["qualified"] * 6, "refund", "cancel"])
PAYS = ["trial", "start", "start", "renew", "renew", "renew_through"]
HOLDS = ["pause", "resume", "payment_failed", "cancel_at_period_end", "cancel"]
PAYING = st.sampled_from(["acquire", "unqualified", "refund", *PAYS * 2, *HOLDS * 2])
NO = st.none()


def rules() -> st.SearchStrategy[Rules]:
    """Draw plain inactivity."""
    return st.tuples(
        st.integers(1, 5),
        NO | st.integers(1, 4),
        NO | st.integers(1, 4),
        st.integers(1, 3),
        st.booleans(),
    ).map(lambda given: Rules(*given))


Parts = st.SearchStrategy[dict[str, Any]]


def _given(**parts: st.SearchStrategy[Any]) -> Parts:
    return st.fixed_dictionaries(parts)


def _with(*parts: Parts) -> st.SearchStrategy[Rules]:
    def made(how: Rules, *drawn: dict[str, Any]) -> Rules:
        return how._replace(**{name: value for one in drawn for name, value in one.items()})

    return st.builds(made, rules(), *parts)


RETENTION = _given(k=st.integers(1, 3)) | _given(k=NO, tenure=st.integers(1, 5))
QUIET = _given() | _given(quiet=st.integers(1, 4))
RISK = QUIET | _given(share=st.sampled_from([Fraction(1, 2), Fraction(1, 4)]))
CRITERIA = (
    RETENTION,
    _given() | _given(first=st.integers(2, 3), within=NO | st.integers(1, 5)),
    _given(settle=NO | st.integers(1, 3)),
    RISK,
)


def inactivities() -> st.SearchStrategy[Rules]:
    """Draw inactivity under every criterion."""
    return _with(*CRITERIA)


def latencies() -> st.SearchStrategy[Rules]:
    """Draw latency; events on even ticks keep its quantiles at whole ticks."""
    usual = st.integers(1, 4).flatmap(
        lambda last: st.builds(
            Usual,
            quantile=st.sampled_from([Fraction(1, 2), Fraction(1)]),
            last=st.just(last),
            least=st.integers(1, last),
            fallback=st.integers(1, 9),
            floor=st.integers(1, 4),
            cap=NO | st.integers(4, 8),
        )
    )
    return _with(_given(window=usual), *CRITERIA)


def contracts() -> st.SearchStrategy[Rules]:
    paying = st.builds(Paying, st.integers(0, 4), st.integers(1, 5))
    return _with(_given(window=paying, event_first=st.just(True)), RETENTION, RISK)


def events(last: int = 14, size: int = 8) -> st.SearchStrategy[list[Event]]:
    return st.lists(st.tuples(st.integers(0, last), WHAT), max_size=size)


def purchases(last: int = 14, step: int = 1) -> st.SearchStrategy[list[Happening]]:
    """Draw at least three events; fewer are tried out one by one elsewhere."""
    one = st.builds(
        lambda n, what, thread: Happening(n * step, what, None, thread),
        st.integers(0, last // step),
        BUYING | BUYING | st.just("erase"),
        NO | st.integers(1, 2),
    )
    return st.lists(one, min_size=3, max_size=9)


def payments(last: int = 14) -> st.SearchStrategy[list[Happening]]:
    def made(n: int, what: str, length: int | None) -> Happening:
        through = what == "renew_through" or (length is not None and what in ("trial", "start"))
        return Happening(n, what, n + (3 if length is None else length) if through else None)

    one = st.builds(
        made, st.integers(0, last), PAYING | PAYING | st.just("erase"), NO | st.integers(1, 6)
    )
    return st.lists(one, min_size=3, max_size=9)


def populations() -> st.SearchStrategy[list[list[Event]]]:
    return st.lists(events(), max_size=8)


def one_case() -> st.SearchStrategy[tuple[Rules, list[Happening]]]:
    """Draw rules under any clock, and a customer to go with them."""
    return st.one_of(
        st.tuples(inactivities(), purchases()),
        st.tuples(latencies(), purchases(step=2)),
        st.tuples(contracts(), payments()),
    )


def cases() -> st.SearchStrategy[tuple[Rules, list[list[Happening]]]]:
    """Draw rules under any clock, and a population to go with them."""
    return st.one_of(
        st.tuples(inactivities(), st.lists(purchases(), min_size=1, max_size=5)),
        st.tuples(latencies(), st.lists(purchases(step=2), min_size=1, max_size=5)),
        st.tuples(contracts(), st.lists(payments(), min_size=1, max_size=5)),
    )
