"""The order of a chain against paths it made, and likelihood by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.journey import (
    choose_order,
    paths_to_conversion,
)
from customerops.model import Customer, InteractionLog
from tests.journey.credit.counts import (
    DAY,
    START,
    Paths,
    table,
)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_that_made_the_paths_is_chosen(order: int) -> None:
    rng = np.random.default_rng(order)
    chances = rng.dirichlet(
        [0.4] * 4, size=(3,) * order
    )  # a, b, or the end; sparse, so told apart
    paths: Paths = {}
    for _ in range(6000):
        path = list(rng.integers(0, 3, order))
        while len(path) < 12:
            step = int(rng.choice(4, p=chances[tuple(path[-order:])]))
            if step == 3:
                break
            path.append(step)
        row = paths.setdefault(tuple(int(one) for one in path), [0, 0, 0, 0])
        row[int(rng.random() < 0.5)] += 1
    choice = choose_order(table(paths))
    assert choice.order == order
    frame = choice.to_frame().set_index("order")
    assert frame["bic"].idxmin() == order
    likelihoods = frame["log_likelihood"].tolist()
    assert likelihoods == sorted(likelihoods)


def test_likelihood_and_parameters_by_hand() -> None:
    """Two paths a > b convert, one b does not: nothing else could have come first or after."""
    choice = choose_order(table({("a", "b"): [2, 0, 0, 0], ("b",): [0, 1, 0, 0]}), orders=[1, 2])
    start = 2 * math.log(2 / 3) + math.log(1 / 3)
    first = start + 2 * math.log(2 / 3) + math.log(1 / 3)
    assert list(choice.log_likelihood) == pytest.approx([first, start])
    assert choice.parameters == (2 * 3 + 1, 3 * 3 + 1)
    assert choice.moves == 2 * 3 + 2
    frame = choice.to_frame()
    assert frame["aic"].tolist() == pytest.approx(
        [14 - 2 * x for x in choice.log_likelihood[:1]] + [20 - 2 * start]
    )
    assert frame["bic"][1] == pytest.approx(10 * math.log(8) - 2 * start)
    assert (
        choose_order(table({("a", "b"): [2, 0, 0, 0]}), criterion="aic").parameters[0] == 2 * 2 + 1
    )


def test_choosing_is_checked() -> None:
    paths = table({("A",): [1, 0, 0, 0]})
    some: list[tuple[Any, dict[str, Any], str]] = [
        (3, {}, "paths must be a PathTable"),
        (paths, {"criterion": "auc"}, "criterion must be one of 'bic', 'aic'"),
        (paths, {"orders": []}, "orders must hold at least one"),
        (paths, {"orders": [4]}, "orders must be at most 3"),
        (table({(): [1, 0, 0, 0]}), {}, "paths must hold a path with a touch"),
    ]
    for given_paths, options, message in some:
        with pytest.raises(InvalidInputError, match=message):
            choose_order(given_paths, **options)
    log = InteractionLog.from_interactions([]).with_customers(
        [Customer(id="a", country="DE", created_at=START)]
    )
    grouped = paths_to_conversion(log.until(START), "buy", lookback=DAY, by="country")
    with pytest.raises(InvalidInputError, match="paths must have no groups"):
        choose_order(grouped)
