from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from customerops.model.tables import render
from customerops.model.values.labels import END, START, Label


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([1, 2], np.int64),
        ([2**63 - 1, -(2**63)], np.int64),
        ([1, 2**63], object),
        ([1, -(2**63) - 1], object),
        ([True, False], np.bool_),
        ([1, True], object),
        ([1, None], object),
        ([1.5], object),
        (["a", None], object),
        ([START, END], object),
        ([dt.date(2026, 1, 1)], "datetime64[s]"),
        ([], object),
    ],
)
def test_labels_keep_their_values(labels: list[Label], dtype: object) -> None:
    column = render.label_array(labels)
    assert column.dtype == dtype
    assert column.shape == (len(labels),)
    if column.dtype.kind != "M":
        assert column.tolist() == labels


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (-5, "-5"),
        (999.94, "999.9"),
        (1234.6, "1,235"),
        (-1234.6, "-1,235"),
        (0.000012345, "1.234e-05"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert render.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0.0 %"), (0.1251, "12.5 %"), (1.0, "100.0 %")])
def test_percentages(value: float, text: str) -> None:
    assert render.percent(value) == text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (None, "<i>missing</i>"),
        (START, "<i>start</i>"),
        ("<b>", "&lt;b&gt;"),
        (True, "True"),
        (dt.date(2026, 1, 1), "2026-01-01"),
    ],
)
def test_labels_as_text(label: Label, text: str) -> None:
    assert render.label_text(label) == text
