from __future__ import annotations

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.model.intake.faults import Fault, Faults, Rejected, spread


def mask(*rows: bool) -> np.ndarray:
    return np.array(rows, np.bool_)


def bad(*rows: bool, reason: str = "empty", whole: bool = False) -> Fault:
    return Fault(reason, "must not be empty", mask(*rows), "got ''", whole)


class TestRejected:
    def test_rows_come_out_ascending_with_their_own_reason(self) -> None:
        aside = Rejected.of([7, 2, 5], ["b", "a", "b"])
        assert aside.rows.tolist() == [2, 5, 7]
        assert aside.to_frame().to_dict("list") == {"row": [2, 5, 7], "reason": ["a", "b", "b"]}
        assert aside.counts() == {"a": 1, "b": 2}
        assert len(aside) == 3
        assert repr(aside) == "Rejected(3 rows: {'a': 1, 'b': 2})"

    def test_none_is_empty(self) -> None:
        none = Rejected.none()
        assert (len(none), none.counts()) == (0, {})
        assert none.rows.dtype == np.int64
        assert list(none.to_frame().columns) == ["row", "reason"]

    def test_joining_interleaves_the_rows_and_merges_the_reasons(self) -> None:
        joined = Rejected.of([4, 1], ["b", "a"]).join(Rejected.of([3, 0], ["c", "a"]))
        assert joined.to_frame().to_dict("list") == {
            "row": [0, 1, 3, 4],
            "reason": ["a", "a", "c", "b"],
        }
        assert joined.counts() == {"a": 2, "b": 1, "c": 1}

    def test_joining_none_changes_nothing(self) -> None:
        one = Rejected.of([4, 1], ["b", "a"])
        for joined in (one.join(Rejected.none()), Rejected.none().join(one)):
            assert joined.to_frame().equals(one.to_frame())

    def test_its_arrays_are_read_only(self) -> None:
        aside = Rejected.of(np.array([1, 0]), ["a", "a"])
        assert not aside.rows.flags.writeable
        assert not aside.reasons.codes.flags.writeable

    def test_it_leaves_the_array_it_was_given_alone(self) -> None:
        rows = np.array([1, 0])
        Rejected.of(rows, ["a", "a"])
        assert rows.flags.writeable
        assert rows.tolist() == [1, 0]


class TestFaults:
    def test_raise_names_how_many_and_the_first(self) -> None:
        faults = Faults("raise", 4)
        with pytest.raises(InvalidInputError) as caught:
            faults.check("kind", [bad(False, False, False, False), bad(False, True, False, True)])
        assert str(caught.value) == (
            "kind must not be empty: got ''; 2 of 4 rows are not (first at row 1)"
        )
        assert (caught.value.count, caught.value.total, caught.value.first) == (2, 4, 1)

    def test_raise_gives_the_position_in_the_input(self) -> None:
        faults = Faults("raise", 2, np.array([5, 9]))
        with pytest.raises(InvalidInputError, match=r"1 of 2 rows is not \(first at row 9\)"):
            faults.check("kind", [bad(False, True)])

    def test_collect_keeps_the_first_reason_of_a_row(self) -> None:
        faults = Faults("collect", 4)
        assert not faults.any
        faults.check("at", [bad(True, False, False, False, reason="missing")])
        faults.check("kind", [bad(True, False, True, False)])
        assert faults.any
        assert faults.faulty.tolist() == [True, False, True, False]
        assert faults.rejected().to_frame().to_dict("list") == {
            "row": [0, 2],
            "reason": ["at missing", "kind empty"],
        }

    def test_collect_gives_positions_in_the_input(self) -> None:
        faults = Faults("collect", 2, np.array([5, 9]))
        faults.check("kind", [bad(False, True)])
        assert faults.rejected().rows.tolist() == [9]

    def test_a_fault_of_the_call_raises_even_where_rows_are_set_aside(self) -> None:
        faults = Faults("collect", 2)
        faults.check("kind", [bad(False, False, whole=True)])
        with pytest.raises(InvalidInputError, match="1 of 2 rows is not"):
            faults.check("kind", [bad(False, True, whole=True)])

    def test_nothing_wrong_is_nothing(self) -> None:
        faults = Faults("raise", 2)
        faults.check("kind", [bad(False, False)])
        assert not faults.any
        assert len(faults.rejected()) == 0


def test_faults_of_categories_spread_to_rows() -> None:
    codes = np.array([1, -1, 0, 1], np.int8)
    (only,) = spread([bad(False, True), bad(False, False)], codes)
    assert only.rows.tolist() == [True, False, False, True]
    assert only.reason == "empty"
