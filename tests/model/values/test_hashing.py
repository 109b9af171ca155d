import hashlib
from collections import Counter
from uuid import UUID

import pytest

from customerops.model import keyed_hash


def by_hand(message: bytes, key: str) -> int:
    """RFC 7693: BLAKE2b of 8 bytes, keyed by the 32-byte BLAKE2b of the key."""
    secret = hashlib.blake2b(key.encode("utf-8"), digest_size=32).digest()
    return int.from_bytes(hashlib.blake2b(message, digest_size=8, key=secret).digest(), "big")


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (0, b"i0"),
        (-17, b"i-17"),
        (2**70, b"i1180591620717411303424"),
        ("a", b"sa"),
        ("客", b"s\xe5\xae\xa2"),
        ("\ud800", b"s\xed\xa0\x80"),  # half a pair, as broken exports hold them
        (UUID(int=7), b"u" + bytes(15) + b"\x07"),
        (("a", 1), b"t" + bytes(7) + b"\x02sa" + bytes(7) + b"\x02i1"),
    ],
    ids=["zero", "negative", "large", "ascii", "chinese", "surrogate", "uuid", "pair"],
)
def test_the_bytes_hashed_are_fixed_for_ever(one: object, message: bytes) -> None:
    assert keyed_hash([one], key="k") == [by_hand(message, "k")]


def test_types_keys_and_splits_of_a_pair_differ() -> None:
    ids = [1, "1", ("1",), ("a", "bc"), ("ab", "c"), ("a", "b", "c")]
    assert len(set(keyed_hash(ids, key="k") + keyed_hash(ids, key="l"))) == 12


def test_it_is_spread_evenly() -> None:
    """Ten cells of 10,000 ids each: the largest deviation allowed is five standard errors."""
    cells = Counter(h * 10 >> 64 for h in keyed_hash(range(100_000), key="draw"))
    assert sorted(cells) == list(range(10))
    assert max(abs(n - 10_000) for n in cells.values()) < 5 * (100_000 * 0.1 * 0.9) ** 0.5
