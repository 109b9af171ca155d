"""Credit by every model against fractions, brute force, walks and published cases."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import (
    Attribution,
    Custom,
    First,
    Last,
    LastNonDirect,
    Linear,
    Markov,
    Participation,
    PathTable,
    PositionBased,
    Shapley,
    TimeDecay,
    attribute,
    choose_order,
    paths_to_conversion,
)
from customerops.journey.credit.attribution import blocks_of
from customerops.journey.credit.chains import chain_of
from customerops.model import Customer, Interaction, InteractionLog, Money
from tests.reference import attribution as slow

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[2] / "cases" / "attribution.json").read_text("utf-8")
    )["cases"]
}
DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Paths = dict[tuple[Any, ...], list[int]]


def table(paths: Paths) -> PathTable:
    columns = list(zip(*paths.values(), strict=True)) or [(), (), (), ()]
    return PathTable.from_counts(list(paths), columns[0], columns[1], columns[3])


def by_channel(credit: Attribution, column: str = "conversions") -> dict[Any, float]:
    frame = credit.to_frame()
    return dict(zip(frame["channel"], frame[column], strict=True))


def close(got: dict[Any, float], wanted: Any, rel: float = 1e-12) -> bool:
    return got.keys() == wanted.keys() and all(
        math.isnan(got[one])
        if wanted[one] is None
        else got[one] == pytest.approx(float(wanted[one]), rel=rel, abs=1e-12)
        for one in got
    )


@st.composite
def counted(draw: st.DrawFn, channels: str = "ABC", most: int = 8) -> Paths:
    """Draw paths that converted or not, with a value where they did."""
    paths = draw(
        st.lists(
            st.lists(st.sampled_from(channels), min_size=1, max_size=5).map(tuple),
            min_size=1,
            max_size=most,
            unique=True,
        )
    )
    out: Paths = {}
    for path in paths:
        conversions, nulls = draw(st.sampled_from([(0, 1), (1, 0), (3, 2), (7, 90), (1, 1)]))
        out[path] = [conversions, nulls, 0, conversions * draw(st.sampled_from([0, 5, 1000]))]
    return out


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


def aged(days: list[float]) -> PathTable:
    """Return the table of one customer with touches so many days before the conversion."""
    end = START + 99 * DAY
    touches = [
        Interaction(customer_id=1, at=end - day * DAY, kind="visit", channel=f"c{i}")
        for i, day in enumerate(days)
    ]
    rows = [*touches, Interaction(customer_id=1, at=end, kind="buy")]
    log = InteractionLog.from_interactions(rows).until(end)
    return paths_to_conversion(log, "buy", lookback=None, ages=DAY / 2)


MODELS: list[tuple[Any, str, dict[str, Any]]] = [
    (First(), "first", {}),
    (Last(), "last", {}),
    (LastNonDirect("A"), "last_non_direct", {"direct": ["A"]}),
    (LastNonDirect(["A", "B"]), "last_non_direct", {"direct": ["A", "B"]}),
    (Linear(), "linear", {}),
    (Participation(), "participation", {}),
    (
        PositionBased(),
        "position_based",
        {"shares": (Fraction(2, 5), Fraction(1, 5), Fraction(2, 5))},
    ),
    (
        PositionBased(first=0.5, middle=0.25, last=0.25),
        "position_based",
        {"shares": (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))},
    ),
]


@pytest.mark.parametrize(("model", "name", "options"), MODELS, ids=lambda x: str(x)[:30])
@given(paths=counted())
def test_rules_equal_fractions(
    paths: Paths, model: Any, name: str, options: dict[str, Any]
) -> None:
    credit = attribute(table(paths), model)
    wanted = slow.credited(paths, name, **options)
    channels = {one for path in paths for one in path}
    assert close(by_channel(credit), {one: wanted.get(one, 0) for one in channels})
    if name != "participation":
        total = sum(row[0] for row in paths.values())
        assert sum(wanted.values()) == total
        assert credit.conversions.sum() == pytest.approx(total)
        assert credit.value.sum() == pytest.approx(sum(row[3] for row in paths.values()))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.sampled_from([1, 2]))
def test_time_decay_equals_fractions(halves: list[int], per: int) -> None:
    halves.sort(reverse=True)
    credit = attribute(aged([half / 2 for half in halves]), TimeDecay(DAY / 2 / per))
    path = tuple(f"c{i}" for i in range(len(halves)))
    wanted = slow.weights("time_decay", path, ages=halves, per_age=per)
    assert close(by_channel(credit), dict(zip(path, wanted, strict=True)))


def test_old_touches_do_not_vanish_together() -> None:
    credit = attribute(aged([4000, 4000]), TimeDecay(DAY))
    assert by_channel(credit) == {"c0": 0.5, "c1": 0.5}


def test_ages_are_needed_for_time_decay() -> None:
    with pytest.raises(InvalidInputError, match="paths must have ages of touches for TimeDecay"):
        attribute(table({("A",): [1, 0, 0, 0]}), TimeDecay(7 * DAY))


def test_a_rule_of_ones_own() -> None:
    paths = {("A", "B"): [4, 0, 0, 8], ("A",): [1, 0, 0, 2]}
    credit = attribute(table(paths), Custom(lambda path: range(1, len(path) + 1)))
    assert close(by_channel(credit), {"A": Fraction(4, 3) + 1, "B": Fraction(8, 3)})
    assert close(by_channel(credit, "value"), {"A": Fraction(8, 3) + 2, "B": Fraction(16, 3)})


def test_a_rule_is_asked_once_of_each_path() -> None:
    asked = []

    def rule(path: tuple[Any, ...]) -> list[int]:
        asked.append(path)
        return [1] * len(path)

    attribute(aged([3, 1]) + aged([5, 2]), Custom(rule))
    assert asked == [("c0", "c1")]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([1], "weights must be one per touch: got 1 for 2 touches"),
        ([0, 0], "weights must not be negative, nor all zero"),
        ([2, -1], "weights must not be negative, nor all zero"),
        ([1, math.nan], "weights must be finite"),
        (5, "weights must be an iterable of values"),
    ],
)
def test_what_a_rule_says_is_checked(told: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        attribute(table({("A", "B"): [1, 0, 0, 0]}), Custom(lambda _: told))


@pytest.mark.parametrize("order", [1, 2, 3])
@given(paths=counted())
def test_removal_effects_equal_removing_each(paths: Paths, order: int) -> None:
    credit = attribute(table(paths), Markov(order))
    wanted = slow.removal_effects(paths, order)
    assert close(by_channel(credit, "removal_effect"), wanted)
    worth = slow.removal_effects(paths, order, part=3)
    assert close(by_channel(credit, "value_removal_effect"), worth)
    total = sum(row[0] for row in paths.values())
    effects = [one for one in wanted.values() if one is not None]
    shares = {a: total * e / sum(effects) if e is not None else 0 for a, e in wanted.items()}
    assert close(by_channel(credit), shares)
    assert credit.value.sum() == pytest.approx(sum(row[3] for row in paths.values()))


@given(counted("ABCDE", 12), st.sampled_from([2, 3]))
def test_walks_and_equations_agree(paths: Paths, order: int) -> None:
    ((_, channels, block),) = blocks_of(table(paths))
    chain = chain_of(block, order)
    walked = chain.removal_effects(len(channels))
    solved = chain.removal_effects(len(channels), steps=0)
    np.testing.assert_allclose(walked, solved, rtol=1e-12, atol=1e-13)


def test_long_paths_are_solved() -> None:
    """One path of 40,000 touches is under way too long to be followed."""
    paths = table({("A", "B") * 20_000: [1, 1, 0, 0], ("A",): [1, 3, 0, 0]})
    for order in (2, 3):
        effects = by_channel(attribute(paths, Markov(order)), "removal_effect")
        assert effects == {"A": pytest.approx(1), "B": pytest.approx(0.5)}


def test_effects_are_those_of_random_walks() -> None:
    """Forty thousand walks lose what is computed, within five standard errors."""
    case = CASES["markov_small_order2"]
    paths = PathTable.from_counts(*zip(*case["paths"], strict=True), separator=">")
    credit = attribute(paths, Markov(2))
    moves: dict[Any, tuple[list[Any], list[float]]] = {}
    for before, rows in credit.transitions().groupby("history", sort=False):
        moves[before] = (rows["next"].tolist(), rows["probability"].tolist())
    rng, n = np.random.default_rng(5), 40_000
    draws = iter(rng.random(12 * n))
    lost, converted = dict.fromkeys("ABC", 0), 0
    for _ in range(n):
        history: tuple[Any, ...] = ()
        seen: set[Any] = set()
        while True:
            nexts, chances = moves[history]
            at = int(np.searchsorted(np.cumsum(chances), next(draws)))
            step = nexts[min(at, len(nexts) - 1)]
            if isinstance(step, tuple):
                break
            seen.add(step)
            history = (*history, step)[-2:]
        if step == ("converted",):
            converted += 1
            for one in seen:
                lost[one] += 1
    for one, effect in by_channel(credit, "removal_effect").items():
        error = math.sqrt(effect * (1 - effect) / converted)
        assert abs(lost[one] / converted - effect) < 5 * error


def test_without_nulls_effects_are_reach() -> None:
    paths = table({("A", "B"): [3, 0, 0, 0], ("B",): [1, 0, 0, 0]})
    effects = by_channel(attribute(paths, Markov()), "removal_effect")
    assert effects == {"A": pytest.approx(0.75), "B": pytest.approx(1.0)}


def test_without_conversions_there_is_nothing_to_share() -> None:
    paths = table({("A", "B"): [0, 3, 0, 0]})
    for model in (Markov(), Markov(2), Shapley(), Shapley("rate_of_subsets"), Linear()):
        credit = attribute(paths, model)
        assert credit.conversions.tolist() == [0, 0]
        assert np.isnan(credit.shares).all()
    assert np.isnan(attribute(paths, Markov(3)).columns["removal_effect"]).all()


def test_markov_shares_no_debts() -> None:
    with pytest.raises(InvalidInputError, match="value must not be negative for Markov"):
        attribute(table({("A",): [1, 0, 0, -5]}), Markov())


def test_the_chain_is_shown() -> None:
    paths = table({("A", "B"): [1, 1, 0, 0], ("B",): [1, 0, 0, 0]})
    told = attribute(paths, Markov(2)).transitions()
    assert told.to_dict("split")["data"] == [
        [(), "A", 2, 2 / 3],
        [(), "B", 1, 1 / 3],
        [("A",), "B", 2, 1.0],
        [("B",), ("converted",), 1, 1.0],
        [("A", "B"), ("converted",), 1, 0.5],
        [("A", "B"), ("null",), 1, 0.5],
    ]
    assert told.columns.tolist() == ["history", "next", "count", "probability"]
    with pytest.raises(InvalidInputError, match="model must be Markov to have transitions"):
        attribute(paths, Linear()).transitions()


GAMES = ("conversions_of_subsets", "rate_of_exact_coalition", "rate_of_subsets")


@pytest.mark.parametrize("game", GAMES)
@given(paths=counted("ABCDE"))
def test_shapley_equals_every_coalition(paths: Paths, game: Any) -> None:
    players = sorted({one for path in paths for one in path})
    credit = attribute(table(paths), Shapley(game))
    for part, column, total in ((0, "conversions", 0), (3, "value", 3)):
        values = slow.shapley(players, partial(slow.worth, paths, game=game, part=part))
        if part == 0:
            assert close(by_channel(credit, "shapley"), values)
        grand = slow.worth(paths, frozenset(players), game, part=part)
        gain = sum(row[total] for row in paths.values())
        shared = {
            one: 0 if gain == 0 else None if grand == 0 else gain * value / grand
            for one, value in values.items()
        }
        assert close(by_channel(credit, column), shared, 1e-9)


def test_ten_channels_by_every_coalition() -> None:
    rng = np.random.default_rng(1)
    letters = "ABCDEFGHIJ"
    paths: Paths = {
        tuple(letters[i] for i in rng.integers(0, 10, rng.integers(1, 6))): [
            int(rng.integers(0, 9)),
            int(rng.integers(1, 50)),
            0,
            0,
        ]
        for _ in range(60)
    }
    players = sorted({one for path in paths for one in path})
    assert len(players) == 10
    credit = attribute(table(paths), Shapley("rate_of_subsets"))
    wanted = slow.shapley(players, lambda s: slow.worth(paths, s, "rate_of_subsets"))
    assert close(by_channel(credit, "shapley"), wanted, 1e-11)


@pytest.mark.parametrize("game", GAMES[1:])
def test_samples_come_near(game: Any) -> None:
    paths = {
        tuple("AB"): [9, 11, 0, 90], tuple("A"): [2, 18, 0, 20], tuple("BC"): [5, 5, 0, 25],
        tuple("ABC"): [9, 1, 0, 45], tuple("C"): [1, 9, 0, 3],
    }  # fmt: skip
    true = by_channel(attribute(table(paths), Shapley(game)), "shapley")
    sampled = attribute(table(paths), Shapley(game, samples=4000), rng=np.random.default_rng(3))
    for one, value in by_channel(sampled, "shapley").items():
        assert value == pytest.approx(true[one], abs=0.03)  # five errors of a mean of 4,000
    assert sampled.conversions.sum() == pytest.approx(26)
    again = attribute(table(paths), Shapley(game, samples=4000), rng=np.random.default_rng(3))
    assert again == sampled


def test_many_channels_are_refused_or_sampled() -> None:
    paths = PathTable.from_counts(
        [(f"c{i:02}", f"c{i + 1:02}") for i in range(21)], [2] * 21, [3] * 21
    )
    with pytest.raises(
        InvalidInputError, match="channels must be at most 20 in a rate game: got 22"
    ):
        attribute(paths, Shapley("rate_of_subsets"))
    model = Shapley("rate_of_subsets", samples=50)
    credit = attribute(paths, model, rng=np.random.default_rng(1))
    assert credit.columns["shapley"].sum() == pytest.approx(2 / 5)
    assert attribute(paths, Shapley()).conversions.sum() == pytest.approx(42)


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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Markov(0), "order must be at least 1"),
        (lambda: Markov(4), "order must be at most 3"),
        (lambda: Shapley("rates"), "game must be one of"),
        (lambda: Shapley(samples=3), "samples must not be given where the value is known"),
        (lambda: Shapley("rate_of_subsets", 0), "samples must be at least 1"),
        (lambda: TimeDecay(0 * DAY), "half_life must be longer than zero"),
        (lambda: Custom(3), "rule must be a function of a path: got int"),  # type: ignore[arg-type]
        (lambda: PositionBased(0.5, 0.5, 0.5), "must be shares that add up to 1"),
        (lambda: PositionBased(-0.5, 1.0, 0.5), "first, middle and last must be shares"),
        (lambda: PositionBased(0, 1, 0), "first and last must not both be 0"),
        (lambda: LastNonDirect(3), "direct must be an iterable of values"),  # type: ignore[arg-type]
    ],
)
def test_models_are_checked(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_direct_may_be_what_is_missing() -> None:
    paths = table({("ad", None): [2, 0, 0, 0], (None,): [1, 0, 0, 0]})
    credit = attribute(paths, LastNonDirect([None, "direct"]))
    assert credit.conversions.tolist() == [2, 1]


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
