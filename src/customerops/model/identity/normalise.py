"""One spelling for what is the same: text, names, e-mail addresses, telephone numbers.

Two spellings are two identifiers, so what is to be matched is brought to one form first. The
functions undo what keyboards, forms and exports do to a value (width, case, blanks, invisible
characters), and nothing that could make two people one.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from typing import Any, Literal

from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.records.kinds import IdentifierType
from customerops.model.values.checks import one_of, text

__all__ = [
    "fold_text",
    "normalise_email",
    "normalise_identifier",
    "normalise_name",
    "normalise_phone",
]

_LONGEST = 254  # characters of an address: RFC 5321, 4.5.3.1.3, less the angle brackets
_NOT_IN_ADDRESSES = frozenset('"(),:;<>[]\\')  # they quote, comment or list: RFC 5322, 3.2.3
_GMAIL = ("gmail.com", "googlemail.com")

_HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # with 々 and 〇
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_MIDDLE_DOTS = re.compile("\\s*[\u00b7\u2022\u2027\u2219\u22c5\u30fb]\\s*")

_SEPARATORS = re.compile(r"[\s().\-\u2010\u2012-\u2015/]")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")


def _visible(value: str) -> str:
    """Return text in one width (NFKC), without invisible format characters, trimmed."""
    plain = unicodedata.normalize("NFKC", value)
    if not plain.isascii():
        seen = (c for c in plain if unicodedata.category(c) != "Cf")
        plain = unicodedata.normalize("NFKC", "".join(seen))
    return plain.strip()


def fold_text(value: str) -> str:
    """Return text without the differences of width, case and blanks.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    str
        Full-width letters and digits are plain, half-width kana are whole, case is folded
        (``ß`` is ``ss``), invisible format characters are gone, every run of blanks (the
        ideographic one too) is one space, and none is at the ends. May be empty.

    Raises
    ------
    InvalidInputError
        If it is not a str, or empty.

    Notes
    -----
    Folding it again changes nothing. Accents stay, and so do traditional and simplified
    characters: 劉 and 刘 are two texts.

    References
    ----------
    The Unicode Standard, 3.13, D146: compatibility caseless matching; composed at the end.

    Examples
    --------
    >>> from customerops.model import fold_text
    >>> fold_text(" ＶＩＰ\u3000Ａ１ "), fold_text("STRASSE") == fold_text("Straße")
    ('vip a1', True)
    """
    plain = unicodedata.normalize(
        "NFKD", unicodedata.normalize("NFD", text("value", value)).casefold()
    )
    if not plain.isascii():
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", plain.casefold()))
    return " ".join(folded.split())


def normalise_name(value: str) -> str:
    """Return the name of a person or an organization in one spelling.

    Parameters
    ----------
    value : str
        A name.

    Returns
    -------
    str
        As `fold_text` gives it; blanks between Chinese characters are gone (王　明 is 王明), and
        the dots that part the parts of a foreign name are one dot (约翰・史密斯 is 约翰·史密斯).

    Raises
    ------
    InvalidInputError
        If it is not a str, or nothing is left.

    Notes
    -----
    It does not transliterate, turn names around, drop titles, legal forms or accents, or turn
    traditional characters into simplified ones. A name is no identifier: thousands share one.
    It can separate people or raise a score; do not join records by it alone.

    Examples
    --------
    >>> from customerops.model import normalise_name
    >>> normalise_name("王\u3000小明"), normalise_name("  Ann  LEE ")
    ('王小明', 'ann lee')
    """
    folded = _MIDDLE_DOTS.sub("\u00b7", fold_text(text("name", value)))
    return text("name", _BETWEEN_HAN.sub("", folded))


def normalise_email(value: str, *, provider: Literal["gmail"] | None = None) -> str:
    """Return an e-mail address in one spelling.

    Parameters
    ----------
    value : str
        An address by itself: no name before it, no ``mailto:``.
    provider : {"gmail"}, optional
        Apply what this provider promises of its own addresses. "gmail": dots before the ``@`` and
        everything from a ``+`` on do not count, and googlemail.com is gmail.com; addresses
        elsewhere stay.

    Returns
    -------
    str
        Of one width, in lower case, trimmed, without invisible characters; ``。`` in the domain is
        a dot.

    Raises
    ------
    InvalidInputError
        If it is not an address, or a quoted one. The message does not repeat it.

    Notes
    -----
    By RFC 5321 the part before the ``@`` may tell upper from lower case; no large provider does.
    It is not checked whether the address exists, international domains are not turned into
    ``xn--`` or back, and without `provider` dots and ``+`` count: that they do not is a promise of
    some providers, and of others they are other people's addresses.

    References
    ----------
    RFC 5321, 2.3.11 and 4.5.3.1. Gmail Help, "Dots don't matter in Gmail addresses".

    Examples
    --------
    >>> from customerops.model import normalise_email
    >>> normalise_email(" Ann.Lee@Example.COM ")
    'ann.lee@example.com'
    >>> normalise_email("Ann.Lee+shop@googlemail.com", provider="gmail")
    'annlee@gmail.com'
    """
    if provider is not None:
        one_of("provider", provider, ("gmail",))
    address = _visible(_visible(text("email", value)).lower())
    local, at, domain = address.partition("@")
    domain = domain.replace("\u3002", ".").replace("\uff61", ".")
    labels = domain.split(".")
    wrong = _NOT_IN_ADDRESSES.intersection(address) or len(address.split()) != 1
    if wrong or not local or "@" in domain or len(labels) < 2 or not all(labels):
        raise InvalidInputError("email", "must be an e-mail address", "got another str")
    if provider == "gmail" and domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
        domain = "gmail.com"
        if not local:
            raise InvalidInputError("email", "must be an e-mail address", "got another str")
    if len(local) + len(domain) >= _LONGEST:
        raise InvalidInputError("email", f"must have at most {_LONGEST} characters", "got more")
    return f"{local}{at}{domain}"


def normalise_phone(value: str, *, region: str | None = None) -> str:
    """Return a telephone number in the international form of E.164: ``+8613800138000``.

    Parameters
    ----------
    value : str
        A number.
    region : str, optional
        ISO 3166 code of the country a number without ``+`` is dialled in, such as ``"CN"``. It
        takes the package phonenumbers (``pip install 'customerops[phone]'``), which knows the
        plans of all countries. Without it the number must be international already.

    Returns
    -------
    str
        ``+``, the country code and the number: 7 to 15 digits.

    Raises
    ------
    InvalidInputError
        If it is not such a number, is too long or too short for its country, has an extension
        (which is a desk, and the number a company's), or the region is not known.
    MissingDependencyError
        If `region` is given and phonenumbers is not installed.

    Notes
    -----
    Which way is taken depends on `region` alone, never on what is installed. Without it, blanks,
    brackets, dots, hyphens and slashes go, digits of any script become plain, and the form is
    checked; the plan of the country is not, so a trunk prefix inside (``+44 (0)20``) is refused
    rather than guessed. It is not checked whether the number is in service, or whose it is.

    References
    ----------
    ITU-T Recommendation E.164 (2010), 6.2: at most 15 digits. The shortest in use have 7.

    Examples
    --------
    >>> from customerops.model import normalise_phone
    >>> normalise_phone("＋８６ 138-0013-8000")
    '+8613800138000'
    >>> normalise_phone("138 0013 8000")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: phone must be international, with a + and 7 to 15 digits, unless region= is given: got another str
    """
    shown = _visible(text("phone", value))
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in shown)
    if region is not None:
        return _by_plan(digits, text("region", region))
    compact = _SEPARATORS.sub("", digits)
    if "(0" in digits or not _INTERNATIONAL.fullmatch(compact):
        must = "must be international, with a + and 7 to 15 digits, unless region= is given"
        raise InvalidInputError("phone", must, "got another str")
    return compact


def _by_plan(number: str, region: str) -> str:
    try:
        plans: Any = importlib.import_module("phonenumbers")
    except ImportError:
        purpose = "normalise_phone(region=...)"
        raise MissingDependencyError("phonenumbers", "phone", purpose) from None
    if region not in plans.SUPPORTED_REGIONS:
        must = "must be the ISO 3166 code of a country, in capitals"
        raise InvalidInputError("region", must, "got another str")
    try:
        parsed = plans.parse(number, region)
    except plans.NumberParseException:
        raise InvalidInputError("phone", "must be a phone number", "got another str") from None
    if parsed.extension:
        raise InvalidInputError("phone", "must have no extension", "got one")
    if not plans.is_possible_number(parsed):
        must = "must be as long as numbers of its country are"
        raise InvalidInputError("phone", must, "got another length")
    return str(plans.format_number(parsed, plans.PhoneNumberFormat.E164))


def normalise_identifier(type: str, value: object, *, region: str | None = None) -> str | None:  # noqa: A002 - the field of an Identifier
    """Return the value of an identifier in one spelling, or None where it cannot be one.

    Parameters
    ----------
    type : str
        Type of the identifier. "email" goes through `normalise_email`, "phone" through
        `normalise_phone`; of any other only width, invisible characters and blanks at the ends
        change, because ids tell upper from lower case.
    value : str or None
        What a system holds; NaN and NA are None.
    region : str, optional
        Of telephone numbers, see `normalise_phone`.

    Returns
    -------
    str or None
        None for what is missing, blank, or no address or number.

    Raises
    ------
    InvalidInputError
        If the value is neither text nor missing, or an argument is wrong.
    MissingDependencyError
        If a region is given and phonenumbers is not installed.

    Examples
    --------
    >>> from customerops.model import normalise_identifier
    >>> raw = [" Ann@Example.com", "no mail", None]
    >>> [normalise_identifier("email", value) for value in raw]
    ['ann@example.com', None, None]
    """
    kind = text("type", type)
    if not isinstance(value, str):
        if value is None or _is_missing(value):
            return None
        raise InvalidInputError(
            "value", "must be text or missing", f"got {value.__class__.__name__}"
        )
    if not (shown := _visible(value)):
        return None
    try:
        if kind == IdentifierType.EMAIL:
            return normalise_email(shown)
        if kind == IdentifierType.PHONE:
            return normalise_phone(shown, region=region)
    except InvalidInputError as error:
        if error.name == "region":
            raise
        return None
    return shown


def _is_missing(value: object) -> bool:
    """Whether a value is NaN, NaT or NA: the values that do not equal themselves."""
    return type(value).__name__ in ("NAType", "NaTType") or (
        isinstance(value, float) and value != value  # noqa: PLR0124 - NaN
    )
