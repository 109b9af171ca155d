from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd

from customerops.model.values import html


def test_a_frame_shows_what_is_not_complete_in_grey() -> None:
    frame = pd.DataFrame(
        {
            "group": ["<a>", None],
            "share": [0.25, math.nan],
            "n": [4000, 0],
            "complete": [True, False],
        }
    )
    page = html.frame_html("a & b", frame)
    assert "<caption>a &amp; b</caption>" in page
    assert "<th>group</th><th>share</th><th>n</th></tr>" in page
    assert "<tr><td>&lt;a&gt;</td><td>0.25</td><td>4,000</td></tr>" in page
    assert '<tr style="color:#999"><td>–</td><td>–</td><td>0</td></tr>' in page
    assert "grey: not complete" in page


def test_a_long_frame_is_cut() -> None:
    page = html.frame_html("long", pd.DataFrame({"n": range(100)}))
    assert page.count("<tr>") == 31
    assert "70 of 100 rows left out" in page


def test_columns_of_numbers_have_quartiles() -> None:
    page = html.columns_html("t", {"x": np.array([1.0, 2.0, 3.0, 4.0, 5.0, math.nan])}, 6)
    assert "<caption>t: 6 rows</caption>" in page
    assert "<td>x</td><td>5</td><td>5</td><td>2</td><td>3</td><td>4</td><td></td>" in page


def test_columns_of_instants_have_quartiles() -> None:
    days = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"], utc=True))
    assert "<td>2026-01-02 00:00:00+00:00</td>" in html.columns_html("t", {"at": days}, 3)
    lengths = pd.Series([dt.timedelta(days=1), dt.timedelta(days=3)])
    assert "<td>1 days 00:00:00</td>" in html.columns_html("t", {"length": lengths}, 2)


def test_few_labels_are_counted_and_many_are_not_named() -> None:
    few = np.array(["b", "a", "b", None], object)
    page = html.columns_html("t", {"plan": few}, 4)
    assert (
        "<td>plan</td><td>3</td><td>2</td><td></td><td></td><td></td><td>b: 2, a: 1</td>" in page
    )
    many = np.array([f"secret-{i}" for i in range(7)], object)
    assert "secret" not in html.columns_html("t", {"mail": many}, 7)
    assert "True: 2, False: 1" in html.columns_html("t", {"x": np.array([True, False, True])}, 3)


def test_empty_columns() -> None:
    page = html.columns_html("t", {"x": np.zeros(0), "y": np.zeros(0, object)}, 0)
    assert "<td>x</td><td>0</td><td>0</td><td></td><td></td><td></td><td></td>" in page
    assert "<td>y</td><td>0</td><td>0</td><td></td><td></td><td></td><td></td>" in page


def test_values() -> None:
    said = [html.value_text(x) for x in (1234, 0.5, math.nan, None, False, "x")]
    assert said == ["1,234", "0.5", "–", "–", "False", "x"]
