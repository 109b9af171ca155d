"""What the draws promise of themselves: what is realistic is there, what is asked for is kept."""

from collections.abc import Callable

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from customerops import InvalidInputError
from customerops.model import InteractionLog, Money, Window
from customerops.testing import instants, logs, money, windows

SEARCH = settings(max_examples=400, phases=[Phase.generate], database=None, deadline=None)

WANTED: dict[str, Callable[[InteractionLog], bool]] = {
    "nobody": lambda log: log.n_customers == 0,
    "text ids": lambda log: log.n_customers > 0 and isinstance(log.customers.tolist()[0], str),
    "int ids": lambda log: log.n_customers > 0 and isinstance(log.customers.tolist()[0], int),
    "no events": lambda log: log.n_customers > 0 and len(log) == 0,
    "ties": lambda log: len(set(zip(log.codes.tolist(), log.at.tolist(), strict=True))) < len(log),
    "refunds": lambda log: bool((log.amount < 0).any()),
    "a heavy tail": lambda log: log.n_customers > 2 and len(log) > 12,
    "lines": lambda log: log.lines is not None and int(log.lines.offsets[-1]) > 0,
    "records": lambda log: "segment" in log.customer_columns,
}


@pytest.mark.parametrize("what", WANTED)
def test_logs_hold(what: str) -> None:
    find(logs(), WANTED[what], settings=SEARCH)


@settings(max_examples=10)
@given(logs(max_customers=2, max_events=3, currency="EUR"))
def test_logs_keep_to_what_is_asked(log: InteractionLog) -> None:
    assert log.n_customers <= 2
    assert len(log) <= 3
    assert log.currency == "EUR"


@settings(max_examples=20)
@given(windows(ends=True), money(min_minor=10**14), st.data())
def test_values_keep_to_what_is_asked(window: Window, much: Money, data: st.DataObject) -> None:
    assert window.start is not None
    assert window.end is not None
    assert much.minor == 10**14
    assert data.draw(instants(zone="UTC", days=0)).month in (1, 2, 3, 12)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="zone must be one of 'America/New_York', "):
        instants(zone="Mars/Olympus")
