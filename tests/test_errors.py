import copy
import pickle

import pytest

from customerops import errors
from customerops.errors import (
    ConvergenceError,
    CustomerOpsError,
    InvalidInputError,
    Late,
    MissingDependencyError,
    TransitionError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InvalidInputError("over", "must be given"), "over must be given"),
        (
            InvalidInputError("tz", "must be a zone", "got 'Nowhere'"),
            "tz must be a zone: got 'Nowhere'",
        ),
        (
            InvalidInputError("at", "must be timezone-aware", count=2, total=900, first=17),
            "at must be timezone-aware: 2 of 900 rows are not (first at row 17)",
        ),
        (
            InvalidInputError("at", "must be a time", count=1, total=900, first=0),
            "at must be a time: 1 of 900 rows is not (first at row 0)",
        ),
        (InvalidInputError("at", "must be a time", count=3), "at must be a time: 3 rows are not"),
        (
            InvalidInputError("at", "must be a time", count=1, total=1),
            "at must be a time: the row is not",
        ),
        (
            InvalidInputError("id", "must be one", "got float", count=2, total=3),
            "id must be one: got float; 2 of 3 rows are not",
        ),
        (
            MissingDependencyError("narwhals", "frames", "reading frames"),
            "reading frames needs narwhals, which is not installed: pip install 'customerops[frames]'",
        ),
        (Late("the event is older than the state"), "the event is older than the state"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_message_survives_pickling(error: CustomerOpsError, text: str) -> None:
    assert str(error) == text
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert str(other) == text
        assert vars(other) == vars(error)


def test_a_missing_dependency_names_the_module_as_an_import_error_does() -> None:
    error = MissingDependencyError("matplotlib", "plot", "a picture")
    assert (error.name, error.package, error.extra) == ("matplotlib", "matplotlib", "plot")


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidInputError, ValueError),
        (TransitionError, ValueError),
        (Late, TransitionError),
        (ConvergenceError, ArithmeticError),
        (MissingDependencyError, ImportError),
    ],
)
def test_each_error_is_caught_as_what_it_is(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)
    assert issubclass(error, CustomerOpsError)
    assert error.__name__ in errors.__all__
