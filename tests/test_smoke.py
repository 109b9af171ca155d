"""What must hold wherever the package is installed: it is whole, typed, and answers."""

import datetime as dt
import importlib
from importlib import metadata, resources

import pytest

import customerops
from customerops import Customer, Interaction, InteractionLog, Money, metrics
from customerops.model import Calendar

UTC = dt.UTC


@pytest.mark.parametrize(
    "package", ["", ".errors", ".model", ".lifecycle", ".metrics", ".journey"]
)
def test_every_public_name_loads(package: str) -> None:
    module = importlib.import_module(f"customerops{package}")
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


def test_ships_its_types_and_its_licence() -> None:
    assert resources.files(customerops).joinpath("py.typed").is_file()
    assert metadata.metadata("customerops")["License-Expression"] == "MIT"


def test_answers() -> None:
    """Two of three January buyers come back in February: 2/3 at age 1."""
    days = {
        "a": ["2024-01-03", "2024-02-01"],
        "b": ["2024-01-31", "2024-02-29"],
        "c": ["2024-01-05"],
    }
    log = InteractionLog.from_interactions(
        [
            Interaction(
                id=f"{customer}-{day}",
                customer_id=customer,
                at=dt.datetime.fromisoformat(day).replace(tzinfo=UTC),
                kind="purchase",
                amount=Money("9.99", "EUR"),
            )
            for customer, visits in days.items()
            for day in visits
        ],
        calendar=Calendar(UTC),
    ).with_customers([Customer(id=customer, country="DE") for customer in days])
    table = metrics.retention(
        log.until_day(dt.date(2024, 2, 29)), start="purchase", returning="purchase", period="month"
    )
    assert table.size.tolist() == [3, 0]
    assert table.count[0].tolist() == [3, 2]
    assert table.value[0, 1] == 2 / 3
