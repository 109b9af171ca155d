"""Keyed tokens: what stands for an id or an address, and is not found without the key."""

from __future__ import annotations

import hmac
from hashlib import sha256

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came
from customerops.model.values.hashing import _encode

__all__ = ["secret", "token"]

_LEAST = 16


def secret(key: object) -> bytes:
    """Return a key as bytes, if it is long enough that nobody tries them all.

    Raises
    ------
    InvalidInputError
        If it is neither bytes nor a string, or shorter than 16 bytes.
    """
    if not isinstance(key, str | bytes):
        raise InvalidInputError("key", "must be bytes or a str", came(key))
    made = key.encode() if isinstance(key, str) else key
    if len(made) < _LEAST:
        raise InvalidInputError("key", f"must have at least {_LEAST} bytes", "it has fewer")
    return made


def token(key: bytes, domain: str, value: object) -> str:
    """Return the token of a value under a key: 32 hexadecimal digits.

    It is HMAC-SHA-256 (RFC 2104), cut to 128 bits as RFC 2104 section 5 allows. The domain and the
    value's type take part, so that an order and a customer with one number differ.
    """
    return hmac.new(key, _encode((domain, value)), sha256).hexdigest()[:32]
