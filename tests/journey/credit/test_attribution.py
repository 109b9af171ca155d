"""Credit of channels: published cases, groups, and how it shows itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import (
    Linear,
    Markov,
    PathTable,
    Shapley,
    TimeDecay,
    attribute,
    paths_to_conversion,
)
from customerops.model import Customer, Interaction, InteractionLog, Money, Window
from tests.journey.credit.counts import (
    CASES,
    DAY,
    START,
    Paths,
    aged,
    by_channel,
    close,
    counted,
    table,
)

HOUR = DAY / 24


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: str(case["id"]))
def test_case(case: dict[str, Any]) -> None:
    rel, expected = case["tolerance"]["rel"], case["expected"]
    if case["kind"] == "attribution_heuristics":
        days = case["params"]["touches_days_before_conversion"]
        got = attribute(aged(days), TimeDecay(case["params"]["half_life_days"] * DAY))
        wanted = {f"c{i}": weight for i, weight in enumerate(expected["weights"])}
        assert close(by_channel(got), wanted, rel)
        return
    names, conversions, nulls = zip(*case["paths"], strict=True)
    paths = PathTable.from_counts(names, conversions, nulls, separator=">")
    if case["kind"] == "attribution_markov":
        credit = attribute(paths, Markov(case["params"]["order"]))
        assert close(by_channel(credit), expected["conversions"], rel)
        assert close(by_channel(credit, "removal_effect"), expected["removal_effect"], rel)
        assert paths.conversions / (paths.conversions + paths.nulls) == pytest.approx(
            expected["conversion_probability"], rel=rel
        )
    else:
        credit = attribute(paths, Shapley(case["params"]["game"]))
        assert close(by_channel(credit, "shapley"), expected["values"], rel)
        assert sum(by_channel(credit, "shapley").values()) == pytest.approx(expected["total"])


def test_without_conversions_there_is_nothing_to_share() -> None:
    paths = table({("A", "B"): [0, 3, 0, 0]})
    for model in (Markov(), Markov(2), Shapley(), Shapley("rate_of_subsets"), Linear()):
        credit = attribute(paths, model)
        assert credit.conversions.tolist() == [0, 0]
        assert np.isnan(credit.shares).all()
    assert np.isnan(attribute(paths, Markov(3)).columns["removal_effect"]).all()


@given(
    counted(), st.randoms(use_true_random=False), st.sampled_from([Markov(2), Linear(), Shapley()])
)
def test_the_order_of_rows_does_not_matter(paths: Paths, random: Any, model: Any) -> None:
    items = list(paths.items())
    random.shuffle(items)
    assert attribute(table(paths), model) == attribute(table(dict(items)), model)


def test_groups_are_credited_apart() -> None:
    def visit(who: str, day: int, kind: str, where: str | None = None) -> Interaction:
        paid = Money("9.00", "EUR") if kind == "buy" else None
        at = START + day * DAY
        return Interaction(customer_id=who, at=at, kind=kind, channel=where, amount=paid)

    rows = [visit("a", 0, "visit", "ad"), visit("a", 1, "buy"), visit("b", 0, "visit", "mail")]
    rows += [visit("b", 1, "visit", "ad"), visit("b", 2, "buy"), visit("c", 0, "buy")]
    people = [Customer(id="a", country="DE"), Customer(id="c", country="FR")]
    log = InteractionLog.from_interactions(rows).with_customers(people).until(START + 30 * DAY)
    paths = paths_to_conversion(log, "buy", lookback=9 * DAY, by="country")
    credit = attribute(paths, Markov())
    assert [axis.labels for axis in credit.axes] == [("DE", "FR", None), ("ad", "mail")]
    assert credit.conversions.tolist() == [[1, 0], [0, 0], [0.5, 0.5]]
    assert credit.value.tolist() == [[9, 0], [0, 0], [4.5, 4.5]]
    assert credit.untouched.tolist() == [0, 1, 0]
    effects = credit.columns["removal_effect"]
    assert effects[[0, 2], 0].tolist() == [1, 1]
    assert np.isnan(effects[[0, 1, 1], [1, 0, 1]]).all()
    assert credit.shares[0].tolist() == [1, 0]
    told = credit.transitions()
    assert told["country"].tolist()[:2] == ["DE", "DE"]
    assert len(told) == 5
    one = attribute(paths.select(country="DE"), Markov())
    assert one.conversions.tolist() == [1]
    assert pd.notna(credit.to_frame()["conversions"]).all()


def test_groups_without_paths_have_no_credit() -> None:
    log = InteractionLog.from_interactions([]).with_customers(
        [Customer(id="a", country="DE", created_at=START)]
    )
    paths = paths_to_conversion(log.until(START), "buy", lookback=DAY, by="country")
    for model in (Linear(), Markov(), Shapley()):
        credit = attribute(paths, model)
        assert credit.conversions.shape == (1, 0)
        assert credit.untouched.tolist() == [0]
        assert not pickle.loads(pickle.dumps(credit)).untouched.flags.writeable


def test_a_window_that_is_not_closed_has_no_shares() -> None:
    def seen(who: str, hour: int, kind: str, where: str | None = None) -> Interaction:
        at = START + hour * HOUR
        return Interaction(customer_id=who, at=at, kind=kind, channel=where)

    rows = [seen("a", 0, "visit", "ad"), seen("a", 1, "buy")]
    rows += [seen("b", 0, "visit", "ad"), seen("b", 1, "visit", "mail"), seen("b", 2, "buy")]
    people = [Customer(id="a", country="DE"), Customer(id="b", country="DE")]
    log = InteractionLog.from_interactions(rows).with_customers(people)
    over = Window(START, START + 9 * HOUR)
    for hour, complete, share in ((8, False, np.nan), (9, True, 0.75)):
        known = log.until(START + hour * HOUR)
        credit = attribute(paths_to_conversion(known, "buy", lookback=DAY, over=over), Linear())
        assert credit.complete is complete
        assert credit.conversions.tolist() == [1.5, 0.5]
        assert credit.shares[0] == pytest.approx(share, nan_ok=True)
        assert credit.to_frame()["complete"].tolist() == [complete] * 2
        assert credit._repr_html_().count("color:#999") == (0 if complete else 2)
        paths = paths_to_conversion(known, "buy", lookback=DAY, over=over, by="country")
        by_country = attribute(paths, Markov())
        assert by_country.complete.tolist() == [complete]
        assert np.isnan(by_country.shares).all() == (not complete)


def test_a_sample_is_drawn_by_a_generator() -> None:
    with pytest.raises(InvalidInputError, match="rng must be a numpy.random.Generator: got int"):
        attribute(
            table({("A",): [1, 0, 0, 0]}),
            Shapley("rate_of_subsets", 9),
            rng=5,  # type: ignore[arg-type]
        )


def test_it_shows_itself() -> None:
    credit = attribute(table({("A", "B"): [1, 1, 0, 0], (): [2, 0, 0, 0]}), Markov())
    assert repr(credit) == "Attribution(model=Markov(order=1), axes=channel[2])"
    assert "50.0 %" in credit._repr_html_()
    assert credit.untouched == 2
    assert credit != 3
    assert credit != attribute(table({("A", "B"): [1, 1, 0, 0]}), Markov())
    assert pickle.loads(pickle.dumps(credit)) == credit
    with pytest.raises(ValueError, match="read-only"):
        credit.conversions[0] = 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, Linear()), "paths must be a PathTable: got int"),
        ((None, "linear"), "model must be a model of attribution: got str"),
        ((None, Linear(), 1), "rng must be left out: nothing is drawn"),
        ((None, Shapley(), 1), "rng must be left out: nothing is drawn"),
        ((None, Shapley("rate_of_subsets", 9)), "rng must be given to sample"),
    ],
)
def test_attribute_is_checked(arguments: tuple[Any, ...], message: str) -> None:
    paths, model, *rng = arguments
    with pytest.raises(InvalidInputError, match=message):
        attribute(
            paths or table({("A",): [1, 0, 0, 0]}),
            model,
            rng=np.random.default_rng(1) if rng else None,
        )
