"""The CDNOW 1/10 sample as the published fits read it: daily occasions, 39 weeks of 1997."""

import csv
import datetime as dt
import functools
from pathlib import Path

from customerops import InteractionLog
from customerops.metrics import PurchaseSummary, purchase_summary

__all__ = ["END", "log", "rows", "summary"]

FILE = Path(__file__).parents[2] / "docs" / "examples" / "data" / "cdnow_sample.csv"
END = dt.datetime(1997, 9, 30, tzinfo=dt.UTC)


@functools.cache
def rows() -> list[dict[str, str]]:
    """Return the file: customer, date, quantity, amount."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@functools.cache
def log() -> InteractionLog:
    """Return the log, known to the end of June 1998."""
    return InteractionLog.from_arrays(
        customer_id=[row["customer"] for row in rows()],
        at=[dt.date.fromisoformat(row["date"]) for row in rows()],
        kind=["purchase"] * len(rows()),
        amount=[row["amount"] for row in rows()],
        currency="USD",
        tz=dt.UTC,
    ).until_day(dt.date(1998, 6, 30))


@functools.cache
def summary() -> PurchaseSummary:
    """Return the purchase summary of 39 weeks, with 39 held out."""
    return purchase_summary(log(), calibration_end=END)
