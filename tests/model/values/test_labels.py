import datetime as dt
import itertools

import pytest

from customerops.model.values.labels import END, START, Label, label_key

IN_ORDER: list[Label] = [
    *(False, True, -1, 1, 2**70, -0.5, 1.0, "", "1", "start", "客"),
    *(dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.datetime(2026, 1, 1)),  # noqa: DTZ001
    *(END, START, None),
]


def test_labels_of_all_types_sort_in_one_order_missing_last() -> None:
    shuffled = IN_ORDER[::-1]
    assert sorted(shuffled, key=label_key) == IN_ORDER
    keys = [label_key(label) for label in IN_ORDER]
    assert all(a < b for a, b in itertools.pairwise(keys))


def test_what_python_calls_equal_are_three_labels() -> None:
    assert len({label_key(label) for label in (True, 1, 1.0)}) == 3


def test_the_ends_of_a_path_are_no_kinds() -> None:
    assert label_key(START) != label_key("start")
    assert label_key(END) != label_key("end")


def test_another_type_has_no_key() -> None:
    with pytest.raises(KeyError):
        label_key(b"a")  # type: ignore[arg-type]
