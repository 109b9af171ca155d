"""A keyed hash of ids: who is in a sample or a holdout, the same on every partition and machine."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

__all__ = ["keyed_hash"]


def keyed_hash(ids: Iterable[object], *, key: str) -> list[int]:
    """Return a 64-bit hash of each id under a key.

    The id's type takes part, so ``1`` and ``"1"`` differ. It is BLAKE2b (RFC 7693) with the key in
    its key slot: stable for ever, and not to be guessed without the key.

    Parameters
    ----------
    ids : iterable of int, str, UUID, or tuples of these
        The ids.
    key : str
        Names the draw: another key is another, independent draw.

    Returns
    -------
    list of int
        Uniform on ``[0, 2**64)``.

    Examples
    --------
    >>> from customerops.model import keyed_hash
    >>> keyed_hash(["a", 1], key="holdout") == keyed_hash(["a", 1], key="holdout")
    True
    """
    secret = blake2b(key.encode(), digest_size=32).digest()
    keyed = blake2b(digest_size=8, key=secret)  # to copy it costs half of keying another
    found = []
    for one in ids:
        hashed = keyed.copy()
        hashed.update(_encode(one))
        found.append(int.from_bytes(hashed.digest(), "big"))
    return found


def _encode(one: object) -> bytes:
    if isinstance(one, str):
        return b"s" + one.encode("utf-8", "surrogatepass")
    if isinstance(one, UUID):
        return b"u" + one.bytes
    if isinstance(one, tuple):
        parts = [_encode(part) for part in one]
        return b"t" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return b"i%d" % int(one)  # type: ignore[call-overload]
