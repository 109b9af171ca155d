"""Small checks at the edge."""

import datetime as dt
import enum
import uuid
from decimal import Decimal, localcontext
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values import checks


class Level(enum.IntEnum):
    ONE = 1


class Colour(enum.StrEnum):
    RED = "red"


class Shade(str, enum.Enum):  # noqa: UP042 - str() of such a member is "Shade.DARK"
    DARK = "dark"


class DriverUUID(uuid.UUID):
    """As a database driver returns them."""


def refused(check: Any, name: str, value: object, message: str, **options: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check(name, value, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("word", "options", "hint"),
    [
        ("chanel", ["channel", "kind"], ", did you mean 'channel'?"),
        ("CHANNEL", ["channel", "kind"], ", did you mean 'channel'?"),
        ("zebra", ["channel", "kind"], ""),
        ("kind", [], ""),
        (3, ["channel"], ""),
        (None, ["channel"], ""),
    ],
    ids=repr,
)
def test_a_hint_is_the_nearest_option_or_nothing(word: Any, options: Any, hint: Any) -> None:
    assert checks.did_you_mean(word, options) == hint


def test_one_of_returns_the_plain_string() -> None:
    assert checks.one_of("colour", Colour.RED, ("red", "blue")) == "red"
    assert type(checks.one_of("colour", Colour.RED, ("red", "blue"))) is str


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("rde", "got 'rde', did you mean 'red'?"),
        ("ann@example.com", "got str"),  # nothing of a customer's is repeated
        (3, "got int"),
        (None, "got None"),
        (["red"], "got list"),
    ],
    ids=repr,
)
def test_one_of_refuses(value: Any, said: Any) -> None:
    refused(
        checks.one_of, "colour", value, f"colour must be one of 'red', 'blue': {said}",
        options=iter(["red", "blue"]),
    )  # fmt: skip


@pytest.mark.parametrize("value", ["a", Colour.RED, Shade.DARK, np.str_("b"), " "])
def test_text_is_plain(value: Any) -> None:
    plain = checks.text("kind", value)
    assert type(plain) is str
    assert plain == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "kind must not be empty: got ''"),
        (None, "kind must be a str: got None"),
        (b"a", "kind must be a str: got bytes"),
        (1, "kind must be a str: got int"),
    ],
    ids=repr,
)
def test_text_refuses(value: Any, message: Any) -> None:
    refused(checks.text, "kind", value, message)


@pytest.mark.parametrize("value", [True, False, np.True_])
def test_boolean(value: Any) -> None:
    assert checks.boolean("verified", value) is bool(value)


@pytest.mark.parametrize(("value", "kind"), [(1, "int"), (None, "None"), ("true", "str")])
def test_boolean_refuses(value: Any, kind: Any) -> None:
    refused(checks.boolean, "verified", value, f"verified must be True or False: got {kind}")


@pytest.mark.parametrize("value", [0, -3, 2**80, Level.ONE, np.int32(7), np.uint64(2**63)])
def test_whole_is_plain(value: Any) -> None:
    plain = checks.whole("n", value)
    assert type(plain) is int
    assert plain == int(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (np.True_, "bool"),
        (1.0, "float"),
        ("1", "str"),
        (None, "None"),
        (Decimal(1), "Decimal"),
    ],
    ids=repr,
)
def test_whole_refuses(value: Any, kind: Any) -> None:
    refused(checks.whole, "n", value, f"n must be an int: got {kind}")


def test_whole_has_a_most() -> None:
    assert checks.whole("n", 3, most=3) == 3
    refused(checks.whole, "n", 4, "n must be at most 3: got more", most=3)


def test_whole_has_a_least() -> None:
    assert checks.whole("n", 1, least=1) == 1
    refused(checks.whole, "n", 0, "n must be at least 1: got less", least=1)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1.5, 1.5),
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.int64(4), 4.0),
        (2**53, 9007199254740992.0),
    ],
)
def test_finite(value: Any, number: Any) -> None:
    plain = checks.finite("value", value)
    assert type(plain) is float
    assert plain == number


def test_finite_has_one_zero() -> None:
    assert str(checks.finite("value", -0.0)) == "0.0"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "value must be finite: got nan"),
        (float("inf"), "value must be finite: got inf"),
        (-np.inf, "value must be finite: got inf"),
        (np.float64("nan"), "value must be finite: got nan"),
        (2**53 + 1, "value must be exact as a float: got an int too large"),
        (np.int64(2**53 + 1), "value must be exact as a float: got an int too large"),
        (10**400, "value must be exact as a float: got an int too large"),
        (True, "value must be a float: got bool"),
        ("1.0", "value must be a float: got str"),
        (Decimal(1), "value must be a float: got Decimal"),
        (None, "value must be a float: got None"),
    ],
    ids=repr,
)
def test_finite_refuses(value: Any, message: Any) -> None:
    refused(checks.finite, "value", value, message)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (3, "3"),
        ("1.50", "1.5"),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.00"), "0"),
        ("-1200", "-1200"),
        ("1e-3", "0.001"),
        (Decimal("0E+999999"), "0"),
        ("9" * 30 + "." + "9" * 30, "9" * 30 + "." + "9" * 30),
        ("1E+29", "1" + "0" * 29),
        ("1E-30", "0." + "0" * 29 + "1"),
        (np.int64(12), "12"),
    ],
    ids=repr,
)
def test_decimal_is_canonical(value: Any, digits: Any) -> None:
    with localcontext(prec=2):  # the thread's context has no say
        number = checks.decimal("quantity", value)
    assert f"{number:f}" == digits
    assert number.as_tuple() == Decimal(digits).as_tuple()


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9
    )
)
def test_decimal_keeps_the_number(number: Any) -> None:
    kept = checks.decimal("quantity", number)
    assert kept == number
    assert str(kept) == str(checks.decimal("quantity", str(number)))
    assert hash(kept) == hash(number)


LONG = "quantity must have at most 30 digits on either side of the point: got more"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.1, "quantity must be a Decimal, an int or a str: got float"),
        (True, "quantity must be a Decimal, an int or a str: got bool"),
        (None, "quantity must be a Decimal, an int or a str: got None"),
        ("", "quantity must be a number: got another str"),
        ("59,00", "quantity must be a number: got another str"),
        ("NaN", "quantity must be finite: got nan"),
        (Decimal("sNaN"), "quantity must be finite: got nan"),
        (Decimal("-Infinity"), "quantity must be finite: got inf"),
        ("1E+30", LONG),
        ("1E-31", LONG),
        ("1E+999999999", LONG),
        (10**30, LONG),
    ],
    ids=repr,
)
def test_decimal_refuses(value: Any, message: Any) -> None:
    refused(checks.decimal, "quantity", value, message)


def test_decimal_refuses_when_the_thread_ignores_invalid_numbers() -> None:
    with localcontext() as context:
        context.clear_traps()
        refused(checks.decimal, "quantity", "x", "quantity must be finite: got nan")


@pytest.mark.parametrize(
    "value",
    ["c-9", 0, -1, Level.ONE, Colour.RED, uuid.UUID(int=5), DriverUUID(int=5), np.int64(3)],
)
def test_identifier_is_plain(value: Any) -> None:
    plain = checks.identifier("id", value)
    assert type(plain) in (int, str, uuid.UUID)
    assert plain == value
    assert hash(plain) == hash(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "id must be an int, a str or a UUID: got bool"),
        (1.0, "id must be an int, a str or a UUID: got float"),
        (None, "id must be an int, a str or a UUID: got None"),
        (("a",), "id must be an int, a str or a UUID: got tuple"),
        ("", "id must not be empty: got ''"),
    ],
    ids=repr,
)
def test_identifier_refuses(value: Any, message: Any) -> None:
    refused(checks.identifier, "id", value, message)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (True, True),
        (np.True_, True),
        (1, 1),
        (Level.ONE, 1),
        (np.int16(1), 1),
        (1.0, 1.0),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        ("", ""),
        (Colour.RED, "red"),
        (np.str_("a"), "a"),
    ],
    ids=repr,
)
def test_scalar_is_plain(value: Any, plain: Any) -> None:
    kept = checks.scalar("attributes.x", value)
    assert (type(kept), kept) == (type(plain), plain)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "x must not be None: leave the key out"),
        (float("nan"), "x must be finite: got nan"),
        (np.float32("inf"), "x must be finite: got inf"),
        ({"a": 1}, "x must be a bool, an int, a float or a str: got dict"),
        ([1], "x must be a bool, an int, a float or a str: got list"),
        (np.array([1]), "x must be a bool, an int, a float or a str: got ndarray"),
        (dt.date(2026, 1, 1), "x must be a bool, an int, a float or a str: got date"),
        (np.datetime64("NaT", "us"), "x must not be None: leave the key out"),
        (pd.NaT, "x must be a bool, an int, a float or a str: got NaTType"),
        (Decimal(1), "x must be a bool, an int, a float or a str: got Decimal"),
    ],
    ids=repr,
)
def test_scalar_refuses(value: Any, message: Any) -> None:
    refused(checks.scalar, "x", value, message)


def test_positive_duration_is_plain() -> None:
    plain = checks.positive_duration("within", pd.Timedelta(days=2))
    assert type(plain) is dt.timedelta
    assert plain == dt.timedelta(days=2)
    assert checks.positive_duration("within", dt.timedelta.max) == dt.timedelta.max


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (dt.timedelta(0), "within must be longer than zero: got 0:00:00"),
        (-dt.timedelta(days=1), "within must be longer than zero: got -1 day, 0:00:00"),
        (pd.Timedelta(nanoseconds=1), "within must be longer than zero: got 0:00:00"),
        (14, "within must be a timedelta: got int"),
        (None, "within must be a timedelta: got None"),
    ],
    ids=repr,
)
def test_positive_duration_refuses(value: Any, message: Any) -> None:
    refused(checks.positive_duration, "within", value, message)


def test_a_validator_names_the_attribute() -> None:
    @attrs.frozen
    class Gap:
        length: dt.timedelta = attrs.field(validator=checks.validator(checks.positive_duration))

    assert Gap(dt.timedelta(1)).length == dt.timedelta(1)
    with pytest.raises(InvalidInputError, match=r"^length must be longer than zero"):
        Gap(dt.timedelta(0))
