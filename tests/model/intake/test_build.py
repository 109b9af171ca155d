"""Grouping and sorting against a dict of lists, on every kind of id and every path of the build."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from customerops.model.intake import build, sort, strings
from customerops.model.intake.build import ByteStrings, CodedIds, Grouped, RawIds, group
from customerops.model.intake.sort import sort_rows, workers
from customerops.model.intake.strings import alike, as_bytes, as_text, hashes, word_table

INT64 = np.iinfo(np.int64)
YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999


def reference(ids: Sequence[Any], at: Sequence[int]) -> dict[Any, list[int]]:
    """Return each customer's rows, by time, ties in input order."""
    rows: dict[Any, list[int]] = {}
    for row, who in enumerate(ids):
        rows.setdefault(who, []).append(row)
    return {who: sorted(each, key=lambda row: (at[row], row)) for who, each in rows.items()}


def check(
    raw: RawIds, ids: Sequence[Any], at: Sequence[int], *, threads: int | None = None
) -> Grouped:
    """Group, and compare with the reference."""
    times = np.array(at, np.int64)
    payload: dict[str, NDArray[Any]] = {
        "row": np.arange(len(at), dtype=np.int32),
        "small": (np.arange(len(at)) % 100).astype(np.int8),
        "object": np.array([f"#{row}" for row in range(len(at))] + [None], object)[:-1],
    }
    made = group(raw, times, payload, threads=threads)
    assert made.offsets.dtype == np.int64
    assert made.offsets[0] == 0
    assert made.offsets[-1] == len(at)
    assert len(made.offsets) == len(made.customers) + 1
    stored = {
        who: made.payload["row"][a:z].tolist()
        for who, a, z in zip(made.customers.tolist(), made.offsets, made.offsets[1:], strict=False)
    }
    assert stored == reference(ids, at)
    assert len(made.customers) == len(stored)
    rows = made.payload["row"]
    assert (made.at == times[rows]).all()
    for name, column in payload.items():
        assert made.payload[name].dtype == column.dtype
        assert (made.payload[name] == column[rows]).all()
    return made


def objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return an object array, whatever the values are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def byte_strings(texts: Sequence[str], *, before: int = 0) -> ByteStrings:
    """Lay texts out as Arrow does, after some bytes of other rows."""
    raw = [text.encode() for text in texts]
    offsets = np.cumsum([before, *map(len, raw)])
    return ByteStrings(offsets, np.frombuffer(b"x" * before + b"".join(raw), np.uint8))


SMALL = [
    (sort, "_ROWS", 8),
    (sort, "_BLOCK", 16),
    (sort, "_FEW", 4),
    (sort, "_SAMPLE", 64),
    (sort, "_WIDE_SAMPLE", 16),
    (build, "_BLOCK", 16),
    (strings, "_BLOCK", 16),
]
FULL = [(module, name, getattr(module, name)) for module, name, _ in SMALL]


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Make buckets and blocks small, so that a few rows take the way of millions."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in SMALL:
            patch.setattr(module, name, value)
        yield


# ---- every kind of id -----------------------------------------------------------------------

times = st.one_of(
    st.integers(0, 3), st.integers(YEAR_1, YEAR_9999), st.integers(INT64.min, INT64.max)
)
int_ids = st.one_of(st.integers(-3, 3), st.integers(INT64.min, INT64.max))
texts = st.one_of(
    st.sampled_from(
        ["a", "b", "12345678", "1234567", "123456789", "ü" * 20, "x" * 300, "y" * 300]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


def events(ids: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, int]]]:
    few = st.lists(ids, min_size=1, max_size=6).flatmap(st.sampled_from)
    return st.lists(st.tuples(st.one_of(ids, few), times), max_size=80)


@settings(max_examples=200, deadline=None)
@given(events(int_ids), st.sampled_from([1, 2, 3]))
def test_int_ids(rows: list[tuple[int, int]], threads: int) -> None:
    ids = [who for who, _ in rows]
    made = check(np.array(ids, np.int64), ids, [at for _, at in rows], threads=threads)
    assert made.customers.dtype == np.int64


@settings(max_examples=100, deadline=None)
@given(events(st.integers(0, 99)), st.sampled_from([np.int8, np.uint16, np.int32, np.int64]))
def test_coded_ids(rows: list[tuple[int, int]], dtype: type[np.integer[Any]]) -> None:
    categories = objects([f"customer {code}" for code in range(100)][::-1])
    codes = np.array([code for code, _ in rows], dtype)
    at = [at for _, at in rows]
    check(CodedIds(codes, categories), categories[codes.astype(int)].tolist(), at)


@settings(max_examples=150, deadline=None)
@given(events(texts), st.booleans())
def test_text_ids(rows: list[tuple[str, int]], as_objects: bool) -> None:
    ids, at = [who for who, _ in rows], [at for _, at in rows]
    made = check(objects(ids) if as_objects else byte_strings(ids, before=3), ids, at)
    assert made.customers.dtype == object
    assert all(type(who) is str for who in made.customers)


@settings(max_examples=50, deadline=None)
@given(events(st.uuids()))
def test_uuid_ids(rows: list[tuple[UUID, int]]) -> None:
    ids = [who for who, _ in rows]
    check(objects(ids), ids, [at for _, at in rows])


@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 32, 36, 255, 256, 257, 300])
@pytest.mark.parametrize("before", [0, 3, 8])
def test_texts_of_one_width(width: int, before: int) -> None:
    rng = np.random.default_rng(width)
    pool = [str(number).rjust(width, "0")[-width:] for number in range(40)]
    ids = [pool[i] for i in rng.integers(0, 40, 200)]
    check(byte_strings(ids, before=before), ids, rng.integers(0, 50, 200).tolist())


def test_texts_are_told_apart_by_every_byte() -> None:
    base = "abcdefgh" * 5
    ids = [base[:i] + "#" + base[i + 1 :] for i in range(40)] + [base[:i] for i in range(41)]
    ids += [base + "\0", base[:-1] + "\0", "\0", "\0\0", "", "é", "e"]
    for raw in (byte_strings(ids * 2), objects(ids * 2)):
        check(raw, ids * 2, [1] * len(ids) + [0] * len(ids))


def test_long_texts_share_the_table() -> None:
    """A few texts longer than the table is wide are coded, apart from all short ones."""
    ids = ["short"] * 500 + ["long" * 100, "long" * 100 + "!", "long" * 100, "\1", ""]
    strings = byte_strings(ids)
    with workers(1, len(ids)) as run:
        words = word_table(strings, run)
    assert words.shape == (len(ids), 1)
    assert words[500] == words[502] != words[501]
    assert as_text(strings, words, np.array([501, 0, 504, 502])).tolist() == [
        ids[501],
        "short",
        "",
        ids[502],
    ]
    check(strings, ids, list(range(len(ids))))


def test_words_are_as_wide_as_nearly_all_texts() -> None:
    texts = [str(number).rjust(20 + number % 17, "x") for number in range(500)]
    rare = ["y" * 200, "z" * 1000]
    with workers(1, 502) as run:
        assert word_table(byte_strings(texts), run).shape == (500, 5)
        assert word_table(byte_strings(texts + rare), run).shape == (502, 5)
        assert word_table(byte_strings(["y" * 1000, "z" * 2000]), run).shape == (2, 32)
        unaligned = byte_strings(["12345678"] * 9, before=3)
        assert word_table(unaligned, run).flags.aligned


def test_lone_surrogates_are_ids_like_others() -> None:
    ids = ["\ud800", "\udfff", "\ud800", "a"]
    check(objects(ids), ids, [3, 2, 1, 0])


def test_text_objects_come_back_as_they_were() -> None:
    ids = objects([str(who) for who in (1_000_001, 1_000_002)])
    made = group(ids, np.array([1, 2]), {})
    assert {id(who) for who in made.customers} == {id(who) for who in ids}


def test_data_may_lie_anywhere() -> None:
    """Buffers that are unaligned or have gaps are read as they are."""
    ids = [f"{number % 7:08d}" for number in range(100)]
    padded = np.frombuffer(b"?" + "".join(ids).encode(), np.uint8)[1:]
    offsets = np.arange(101) * 8
    check(ByteStrings(offsets, padded), ids, [0] * 100)
    check(ByteStrings(offsets, padded.repeat(2)[::2]), ids, [0] * 100)
    codes = np.repeat(np.arange(100) % 7, 2)[::2]
    check(codes, codes.tolist(), [0] * 100)


@pytest.mark.parametrize(
    "raw",
    [
        np.empty(0, np.int64),
        np.empty(0, object),
        ByteStrings(np.zeros(1, np.int64), np.empty(0, np.uint8)),
        CodedIds(np.empty(0, np.int8), np.array(["a"], object)),
    ],
    ids=["int", "object", "bytes", "coded"],
)
def test_nothing(raw: RawIds) -> None:
    made = check(raw, [], [])
    assert made.customers.dtype == (
        np.int64 if isinstance(raw, np.ndarray) and raw.dtype != object else object
    )


# ---- every way through the sort -------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 8, 9, 15, 16, 17, 64, 1000])
@pytest.mark.parametrize("threads", [1, 2])
def test_around_the_block_sizes(size: int, threads: int) -> None:
    rng = np.random.default_rng(size)
    ids = rng.integers(0, max(size // 5, 1), size)
    check(ids, ids.tolist(), rng.integers(0, 20, size).tolist(), threads=threads)


@pytest.mark.parametrize("order", ["sorted", "falling", "shuffled groups", "by time", "twice"])
@pytest.mark.parametrize("in_time", [True, False])
def test_input_that_has_an_order(order: str, in_time: bool) -> None:
    rng = np.random.default_rng(5)
    ids = np.repeat(np.arange(60), rng.integers(1, 20, 60)) - 30
    if order == "falling":
        ids = ids[::-1]
    if order == "shuffled groups":
        ids = np.repeat(rng.permutation(60), 11)
    if order == "by time":
        ids = rng.permutation(ids)
    if order == "twice":
        ids = np.concatenate([ids, ids])
    at = np.arange(len(ids)) if in_time else rng.integers(0, 99, len(ids))
    made = check(ids, ids.tolist(), at.tolist())
    kept = order in {"sorted", "falling", "shuffled groups"}
    assert (ids[made.payload["row"]] == ids).all() == kept  # grouped input keeps its order


def test_groups_that_seem_together_at_first() -> None:
    """A customer who comes back after the sample, or far apart, is found."""
    for back in (1, 30, 59):
        ids = [*np.repeat(np.arange(60), 6).tolist(), back]
        check(np.array(ids), ids, [0] * len(ids))


@pytest.mark.parametrize(
    "ids",
    [
        [5] * 100,
        list(range(100)),
        [0] * 60 + list(range(1, 41)),
        [INT64.min, INT64.max, -1, 0] * 9,
    ],
    ids=["one customer", "one event each", "a heavy one", "extremes"],
)
@pytest.mark.parametrize("at", [[0], [3, 2, 1], [YEAR_1, YEAR_9999, 0], [INT64.max, INT64.min]])
@pytest.mark.parametrize("shuffle", [False, True])
def test_shapes(ids: list[int], at: list[int], shuffle: bool) -> None:
    if shuffle:
        ids = np.random.default_rng(3).permutation(ids).tolist()
    raw = np.array(ids)
    check(raw, ids, (at * len(ids))[: len(ids)])
    check(
        objects([str(who) for who in ids]), [str(who) for who in ids], (at * len(ids))[: len(ids)]
    )


def test_keys_that_share_all_bits_that_are_sorted() -> None:
    """Multiples of the inverse hash to small numbers: one bucket, one digit, many keys."""
    rng = np.random.default_rng(2)
    low = (np.arange(50, dtype=np.uint64) * sort._INVERSE).view(np.int64)
    mixed = np.concatenate([low, np.arange(50)])
    ids = mixed[rng.integers(0, 100, 2000)]
    check(ids, ids.tolist(), rng.integers(0, 99, 2000).tolist())


@pytest.mark.parametrize("bits", [0, 1, 2])
def test_hashes_that_collide(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hash of a few bits every group holds many ids; the answer is the same."""
    monkeypatch.setattr(build, "hashes", lambda words: words[:, 0] & np.uint64((1 << bits) - 1))
    rng = np.random.default_rng(bits)
    ids = [f"{number:020d}é" for number in rng.integers(0, 30, 300)]
    at = rng.integers(0, 20, 300).tolist()
    check(byte_strings(ids), ids, at)
    check(objects(ids), ids, at)
    check(byte_strings(sorted(ids)), sorted(ids), at)
    uuids = [UUID(int=int(number)) for number in rng.integers(0, 30, 300)]
    check(objects(uuids), uuids, at)


def test_one_collision_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"{number % 50:08d}" for number in range(400)]

    def all_but_one(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        odd = words[:, 0] == np.frombuffer(b"00000049", np.uint64)
        other = hashes(np.frombuffer(b"00000007", np.uint64).reshape(1, 1))
        return np.where(odd, other, hashes(words))

    monkeypatch.setattr(build, "hashes", all_but_one)
    check(byte_strings(ids), ids, [0] * 400)


def test_hashes_of_texts_that_differ_at_two_places() -> None:
    """Ids that differ only in the last byte of two words keep apart: 65,536 of them, no collision."""
    words = np.zeros((1 << 16, 2), np.uint64)
    each = np.arange(1 << 16, dtype=np.uint64)
    words[:, 0], words[:, 1] = (each >> np.uint64(8)) << np.uint64(56), each << np.uint64(56)
    assert len(np.unique(hashes(words))) == 1 << 16


def test_alike_looks_at_the_pairs_asked_for() -> None:
    words = np.array([[1, 2], [1, 3], [1, 2]], np.uint64)
    rows = np.array([0, 2, 1])
    assert alike(words, rows, np.array([True, False]))
    assert not alike(words, rows, np.array([False, True]))


def test_a_text_with_nul_is_not_encoded() -> None:
    assert as_bytes(objects(["a\0b"])) is None
    assert as_bytes(objects(["a", ""])) is not None


@pytest.mark.parametrize("kind", ["int", "bytes"])
def test_full_size(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets and blocks as they are, against numpy's own stable sort."""
    for module, name, value in FULL:
        monkeypatch.setattr(module, name, value)
    rng = np.random.default_rng(11)
    size = 600_000
    ids = rng.integers(0, 50_000, size)
    at = rng.integers(0, 1000, size)
    row = np.arange(size)
    raw: RawIds = ids
    if kind == "bytes":
        text = np.char.zfill(ids.astype("S12"), 12)
        raw = ByteStrings(np.arange(size + 1) * 12, np.frombuffer(text.tobytes(), np.uint8))
    made = {threads: group(raw, at, {"row": row}, threads=threads) for threads in (1, 2, None)}
    rows = made[1].payload["row"]
    codes = np.repeat(np.arange(len(made[1].customers)), np.diff(made[1].offsets))
    assert (made[1].customers.astype(np.int64)[codes] == ids[rows]).all()
    place = np.empty(50_000, np.int64)
    place[made[1].customers.astype(np.int64)] = np.arange(50_000)
    assert (rows == np.lexsort((at, place[ids]))).all()
    for other in (made[2], made[None]):
        assert (other.customers == made[1].customers).all()
        assert (other.offsets == made[1].offsets).all()
        assert (other.payload["row"] == rows).all()


# ---- purity ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["sorted", "random"])
@pytest.mark.parametrize("kind", ["int", "bytes", "objects", "coded"])
def test_the_answer_owns_its_arrays(order: str, kind: str) -> None:
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 9, 100)
    ids = np.sort(ids) if order == "sorted" else ids
    inputs: dict[str, NDArray[Any]] = {"ids": ids, "at": np.arange(100), "row": np.arange(100)}
    raw: RawIds = ids
    if kind == "bytes":
        made = byte_strings([f"{who:08d}" for who in ids])
        inputs |= {"offsets": made.offsets, "data": made.data.copy()}
        raw = ByteStrings(inputs["offsets"], inputs["data"])
    if kind == "objects":
        raw = inputs["objects"] = objects([str(who) for who in ids])
    if kind == "coded":
        inputs |= {"codes": ids, "categories": np.arange(9)}
        raw = CodedIds(ids, inputs["categories"])
    before = {name: array.copy() for name, array in inputs.items()}
    log = group(raw, inputs["at"], {"row": inputs["row"]})
    assert all((array == before[name]).all() for name, array in inputs.items())
    for output in (log.customers, log.offsets, log.at, *log.payload.values()):
        assert not any(np.shares_memory(output, array) for array in inputs.values())
        assert output.flags.writeable


def test_inputs_may_be_read_only() -> None:
    ids, at = np.array([2, 1, 2, 1] * 9), np.arange(36)[::-1].copy()
    ids.flags.writeable = at.flags.writeable = False
    check(ids, ids.tolist(), at.tolist())


def test_threads_end_with_the_call() -> None:
    ids = np.arange(100) % 7
    before = threading.active_count()
    check(ids, ids.tolist(), [0] * 100, threads=3)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("threads", "rows", "used"), [(1, 100, False), (2, 100, True), (2, 7, False)]
)
def test_threads_are_made_where_they_help(threads: int, rows: int, used: bool) -> None:
    with workers(threads, rows) as run:
        names = run(lambda _: threading.current_thread().name, range(4))
    assert (names == [threading.current_thread().name] * 4) is not used


def test_default_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, count: int) -> None:
            made.append(count)
            super().__init__(count)

    monkeypatch.setattr(sort, "ThreadPoolExecutor", Pool)
    for processors in (None, 1, 2, 64):
        monkeypatch.setattr("os.cpu_count", lambda n=processors: n)
        with workers(None, 100) as run:
            assert run(abs, [-1]) == [1]
    assert made == [2, 4]


def test_sort_rows_gives_each_key_once() -> None:
    with workers(1, 6) as run:
        keys, offsets, columns = sort_rows(
            np.array([300, 2, 300, 2, 1, 2], np.uint16), [np.array([5, 4, 3, 2, 1, 0])], run
        )
    assert keys.dtype == np.uint16
    slices = {
        int(key): columns[0][a:z].tolist()
        for key, a, z in zip(keys, offsets, offsets[1:], strict=False)
    }
    assert slices == {300: [3, 5], 2: [0, 2, 4], 1: [1]}


def test_the_build_needs_numpy_alone() -> None:
    """Pandas takes longer to import than a small log to build."""
    code = (
        "import sys, numpy as np\n"
        "from customerops.model.intake.build import group\n"
        "group(np.array(['b', 'a', 'b'], object), np.arange(3), {})\n"
        "assert not {'pandas', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
