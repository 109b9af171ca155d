"""One spelling: tables of what people type, what is left alone, and what is refused."""

import datetime as dt
import sys
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.identity.normalise import (
    fold_text,
    normalise_email,
    normalise_identifier,
    normalise_name,
    normalise_phone,
)


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Ann", "ann"),
        ("ＡＢＣ１２３", "abc123"),
        ("\u3000ａ\u3000\u3000ｂ ", "a b"),
        ("ｶﾞｲﾄﾞ", "ガイド"),  # half-width kana with a voiced mark
        ("a\u200bb\ufeffc", "abc"),  # zero-width space, byte order mark
        ("so\u00adft", "soft"),  # soft hyphen
        ("a\tb\n c\u00a0d", "a b c d"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),  # final sigma
        ("e\u0301", "é"),
        ("①㍿", "1株式会社"),
        ("劉", "劉"),
        ("\u200b", ""),
        ("  ", ""),
    ],
)
def test_fold_text(given: str, folded: str) -> None:
    assert fold_text(given) == folded


def test_folding_twice_is_folding_once() -> None:
    every = (chr(c) for c in range(0x3FFFF) if not 0xD800 <= c < 0xE000)
    again = [c for c in every if (once := fold_text(c)) and fold_text(once) != once]
    assert again == []


@given(st.text(min_size=1))
def test_text_of_any_width_and_case_folds_alike(text: str) -> None:
    folded = fold_text(text)
    assert folded == fold_text(unicodedata.normalize("NFKC", text))
    assert folded == fold_text(unicodedata.normalize("NFD", text))
    assert folded == "" or fold_text(folded) == folded


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("王　小明", "王小明"),
        ("王 小 明", "王小明"),
        ("佐々木 希", "佐々木希"),
        ("約翰・史密斯", "約翰·史密斯"),
        ("约翰 • 史密斯", "约翰·史密斯"),
        ("ﾏﾘｱ･ｼｭﾐｯﾄ", "マリア·シュミット"),
        ("マリア シュミット", "マリア シュミット"),  # a blank between kana parts words
        ("ＡＮＮ　Lee", "ann lee"),
        ("Dr. Ann Lee", "dr. ann lee"),
        ("ACME 有限公司", "acme 有限公司"),
        ("Núñez", "núñez"),
        ("𠮷 田", "𠮷田"),
    ],
)
def test_names(given: str, name: str) -> None:
    assert normalise_name(given) == name
    assert normalise_name(name) == name


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee@Example.COM\n", "ann.lee@example.com"),
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com"),
        ("\u3000ann@example。com", "ann@example.com"),
        ("ann@example｡com", "ann@example.com"),
        ("a\u200bnn@example.com", "ann@example.com"),
        ("ann+shop@example.com", "ann+shop@example.com"),
        ("a.n.n@gmail.com", "a.n.n@gmail.com"),
        ("straße@example.com", "straße@example.com"),  # not the box of strasse@
        ("李@例子.中国", "李@例子.中国"),
        ("o'neill@mail.example.co.uk", "o'neill@mail.example.co.uk"),
        ("Ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    assert normalise_email(given) == address
    assert normalise_email(address) == address


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("Ann.Lee@gmail.com", "annlee@gmail.com"),  # the examples of Gmail Help
        ("annlee+shop@gmail.com", "annlee@gmail.com"),
        ("a.n.n+a+b@googlemail.com", "ann@gmail.com"),
        ("a.n.n+x@example.com", "a.n.n+x@example.com"),
    ],
)
def test_what_gmail_promises_is_asked_for_by_name(given: str, address: str) -> None:
    assert normalise_email(given, provider="gmail") == address


NO_ADDRESS = "email must be an e-mail address: got another str"


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ("", {}, "email must not be empty: got ''"),
        (None, {}, "email must be a str: got None"),
        *(
            (one, {}, NO_ADDRESS)
            for one in (
                *("secret", "@example.com", "secret@", "secret@@example.com", "secret@localhost"),
                *("secret@example..com", "secret@.com", "secret@example.com.", "se cret@x.com"),
                *("Ann <secret@example.com>", '"secret"@example.com', "a@x.com,secret@x.com"),
                *("secret@a@example.com", "mailto:secret@example.com", "\u200b"),
            )
        ),
        ("+secret@gmail.com", {"provider": "gmail"}, NO_ADDRESS),
        ("s" * 243 + "@example.com", {}, "email must have at most 254 characters: got more"),
        ("secret@x.com", {"provider": "gmial"}, "provider must be one of 'gmail': got 'gmial', did you mean 'gmail'?"),
    ],
)  # fmt: skip
def test_no_address(given: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        normalise_email(given, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("+8613800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("＋８６－１３８－００１３－８０００", "+8613800138000"),
        ("\u202a+86 138\u00a00013\u20118000\u202c", "+8613800138000"),  # as address books copy
        ("+1 (415) 555-0132", "+14155550132"),
        ("+49/30/901820", "+4930901820"),
        ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"),  # Arabic-Indic digits
        ("+1.415.555.0132", "+14155550132"),
        ("+6834001", "+6834001"),  # Niue: 7 digits
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_international_numbers(given: str, number: str) -> None:
    assert normalise_phone(given) == number
    assert normalise_phone(number) == number


@pytest.mark.parametrize(
    "given",
    [
        "13800138000", "0086 138 0013 8000", "+0123456789", "+123456", "+1234567890123456", "+",
        "+44 (0)20 7946 0958", "+44(020)79460958", "+1 415 555 0132 x5", "+86+13800138000", "call me",
    ],
)  # fmt: skip
def test_no_international_number(given: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        normalise_phone(given)
    assert str(caught.value) == (
        "phone must be international, with a + and 7 to 15 digits, unless region= is given: "
        "got another str"
    )


def test_a_region_takes_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(MissingDependencyError) as caught:
        normalise_phone("138 0013 8000", region="CN")
    assert str(caught.value) == (
        "normalise_phone(region=...) needs phonenumbers, which is not installed: "
        "pip install 'customerops[phone]'"
    )
    with pytest.raises(MissingDependencyError):
        normalise_identifier("phone", "138 0013 8000", region="CN")
    assert normalise_phone("+8613800138000") == "+8613800138000"


@pytest.mark.parametrize(
    ("given", "region", "number"),
    [  # the second and third are those of the README of phonenumbers
        ("138 0013 8000", "CN", "+8613800138000"),
        ("020 8366 1177", "GB", "+442083661177"),
        ("+442083661177", "US", "+442083661177"),
        ("+44 (0)20 8366 1177", "GB", "+442083661177"),
        ("010-8888 8888", "CN", "+861088888888"),
        ("０１０－８８８８　８８８８", "CN", "+861088888888"),
        ("06 1234 5678", "IT", "+390612345678"),  # Italy keeps its 0
        ("0086 138 0013 8000", "CN", "+8613800138000"),
    ],
)
def test_national_numbers(given: str, region: str, number: str) -> None:
    pytest.importorskip("phonenumbers")
    assert normalise_phone(given, region=region) == number
    assert normalise_phone(number) == number
    assert normalise_identifier("phone", given, region=region) == number


@pytest.mark.parametrize(
    ("given", "region", "message"),
    [
        ("call me", "CN", "phone must be a phone number: got another str"),
        ("138", "CN", "phone must be as long as numbers of its country are: got another length"),
        ("020 8366 1177 ext. 5", "GB", "phone must have no extension: got one"),
        ("138 0013 8000", "cn", "region must be the ISO 3166 code of a country, in capitals: got another str"),
        ("138 0013 8000", "", "region must not be empty: got ''"),
    ],
)  # fmt: skip
def test_no_national_number(given: str, region: str, message: str) -> None:
    pytest.importorskip("phonenumbers")
    with pytest.raises(InvalidInputError) as caught:
        normalise_phone(given, region=region)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("type_", "given", "value"),
    [
        ("email", " Ann@Example.com ", "ann@example.com"),
        ("email", "no mail", None),
        ("email", "", None),
        ("phone", "+86 138 0013 8000", "+8613800138000"),
        ("phone", "138 0013 8000", None),
        ("wechat_openid", " oAbC ", "oAbC"),  # upper and lower case are two people
        ("loyalty_no", "１２３", "123"),
        ("user_id", "\u3000", None),
        ("user_id", None, None),
        ("user_id", float("nan"), None),
        ("device_id", np.float64("nan"), None),
        ("user_id", pd.NA, None),
        ("user_id", pd.NaT, None),
    ],
)
def test_identifiers(type_: str, given: object, value: str | None) -> None:
    assert normalise_identifier(type_, given) == value


def test_a_wrong_region_is_not_a_wrong_number() -> None:
    pytest.importorskip("phonenumbers")
    with pytest.raises(InvalidInputError, match="region must be the ISO 3166 code"):
        normalise_identifier("phone", "138 0013 8000", region="China")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normalise_identifier("", "x"), "type must not be empty: got ''"),
        (lambda: normalise_identifier("user_id", 17), "value must be text or missing: got int"),
        (lambda: normalise_identifier("user_id", 1.5), "value must be text or missing: got float"),
        (lambda: normalise_identifier("user_id", dt.date.min), "value must be text or missing: got date"),
        (lambda: normalise_name("\u200b"), "name must not be empty: got ''"),
        (lambda: normalise_name(3), "name must be a str: got int"),  # type: ignore[arg-type]
        (lambda: fold_text(""), "value must not be empty: got ''"),
        (lambda: fold_text(b"x"), "value must be a str: got bytes"),  # type: ignore[arg-type]
        (lambda: normalise_phone(8613800138000), "phone must be a str: got int"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message
