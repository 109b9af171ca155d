"""What may be called an effect, and a return."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import (
    before_after,
    change,
    incremental_return,
    mean,
    proportion,
    roi,
    uplift_from_counts,
    uplift_from_outcomes,
)
from customerops.model import Axis, Context, Proportion

BEFORE, AFTER = proportion(40, 1000), proportion(52, 1000)
FOUND = uplift_from_counts({"none": (90, 1000), "mail": (120, 1000)}, control="none")
pays: Any = incremental_return


def test_a_change_and_no_effect() -> None:
    found = before_after(before=BEFORE, after=AFTER)
    assert found.value == pytest.approx(0.012)
    assert found.interval() == change(AFTER, BEFORE).interval()
    assert found.interval("relative", 0.9) == change(AFTER, BEFORE).interval("relative", 0.9)
    assert found.wording == "change, not effect"
    assert "change, not effect" in repr(found)
    assert "change, not effect" in found._repr_html_()
    assert found.context == AFTER.context
    assert found.to_frame().equals(change(AFTER, BEFORE).to_frame())
    assert pickle.loads(pickle.dumps(found)) == found
    assert found != 3
    assert found != before_after(before=AFTER, after=BEFORE)
    with pytest.raises(
        InvalidInputError, match="a before/after without control cannot be called causal"
    ):
        _ = found.effect


def test_over_an_axis() -> None:
    axis = Axis("plan", ["a", "b"], "group", disjoint=True)
    one, two = (
        Proportion(axes=[axis], parts={"count": n, "total": [9, 9]}, context=Context("x"))
        for n in ([1, 2], [3, 3])
    )
    found = before_after(before=one, after=two)
    assert found.value.tolist() == pytest.approx([2 / 9, 1 / 9])
    assert repr(found) == "BeforeAfter(metric='x', axes=plan[2]: change, not effect)"


def test_before_and_after_are_of_one_thing() -> None:
    with pytest.raises(InvalidInputError, match="metric must be the same to compare"):
        before_after(before=BEFORE, after=proportion(1, 2, name="other"))
    with pytest.raises(InvalidInputError, match="results must be of one class"):
        before_after(before=mean([1, 2]), after=AFTER)
    with pytest.raises(InvalidInputError, match="before must be an estimate: got float"):
        before_after(before=0.1, after=AFTER)  # type: ignore[arg-type]


def test_a_return_by_hand() -> None:
    """30 more of 1000, at 20 each, for 400: 600 for 400."""
    found = incremental_return(FOUND, margin=20, cost=400)
    assert (found.treated, found.benefit) == (1000, 600)
    assert found.incremental == pytest.approx(30)
    assert found.value == float(found) == pytest.approx(0.5)
    low, high = found.interval()
    lift = [bound[0] for bound in FOUND.interval()]
    assert [low, high] == pytest.approx([(b * 1000 * 20 - 400) / 400 for b in lift])
    assert found.value == pytest.approx(roi(benefit=600, cost=400).value)
    ratio = incremental_return(FOUND.defined_as("ratio"), margin=20, cost=400)
    assert ratio.value == found.value
    assert ratio.interval() == found.interval()
    frame = found.to_frame()
    assert list(frame) == [
        *("treated", "incremental", "benefit", "cost", "value"),
        *("low", "high", "flagged"),
    ]
    assert pickle.loads(pickle.dumps(found)) == found
    assert found != ratio
    assert found != 0.5
    assert found.context.metric == "incremental_return"


def test_a_return_of_amounts() -> None:
    """4 against 1 a customer, in cents, of 2 treated: 0.06 more, a third of it margin."""
    rows = uplift_from_outcomes([3, 5, 0, 2], list("ttcc"), control="c", scale=100)
    found = incremental_return(rows, margin=0.5, cost=0.02)
    assert found.benefit == pytest.approx(0.03)
    assert found.value == pytest.approx(0.5)
    assert math.isnan(incremental_return(rows, margin=0.5, cost=0).value)


def test_a_mismatch_goes_with_it() -> None:
    uneven = uplift_from_counts(
        {"none": (90, 1000), "mail": (120, 1300)}, control="none", weights={"none": 1, "mail": 1}
    )
    found = incremental_return(uneven, margin=20, cost=400)
    assert found.flagged
    assert repr(found).endswith("SAMPLE RATIO MISMATCH)")
    assert not incremental_return(FOUND, margin=20, cost=400).flagged


@pytest.mark.parametrize(
    "other",
    [0.03, change(AFTER, BEFORE), before_after(before=BEFORE, after=AFTER), AFTER, None],
    ids=lambda one: type(one).__name__,
)
def test_no_return_without_a_control(other: Any) -> None:
    with pytest.raises(InvalidInputError, match="uplift must be an Uplift: got .*no control"):
        pays(other, margin=1, cost=1)


def test_refused() -> None:
    several = uplift_from_counts({"c": (1, 9), "a": (2, 9), "b": (3, 9)}, control="c")
    with pytest.raises(InvalidInputError, match="uplift must have one treatment: it has 2"):
        pays(several, margin=1, cost=1)
    assert pays(several.select(arm=["a", "c"]), margin=1, cost=1).treated == 9
    for name in ("margin", "cost"):
        with pytest.raises(InvalidInputError, match=f"{name} must not be negative: got -1"):
            pays(FOUND, **{"margin": 1, "cost": 1, name: -1})
    with pytest.raises(InvalidInputError, match="confidence must be between"):
        pays(FOUND, margin=1, cost=1).interval(2)
