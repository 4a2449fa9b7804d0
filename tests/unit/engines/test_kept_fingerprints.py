"""Fingerprints of which only digests are kept, and the two hashes of a leaf."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import hashing, row_digests, stored
from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.fingerprint import fingerprint

ROWS = st.lists(
    st.tuples(st.integers(-1, 2), st.sampled_from(["a", "b", None, "é"])), min_size=2, max_size=8
)
MAKERS = [pd.DataFrame, pl.DataFrame, pa.table]


def kept(value):
    """What is left of a fingerprint that was written as plain types and read again."""
    return stored.from_dict(json.loads(json.dumps(stored.to_dict(fingerprint(value)))))


def only(one, other):
    found = compare(one, other)
    assert len(found) == 1, found
    return found[0]


def test_what_is_kept_equals_the_value_it_is_of():
    value = {"w": np.arange(4.0), "t": pd.DataFrame({"x": [1, 2]}), "n": [1, "a"]}
    found = fingerprint(value)
    assert kept(value) == found
    assert kept(value).digest == found.digest
    assert compare(kept(value), found) == []
    assert kept(value).content('["w"]') is None


def test_another_value_is_told_from_digests_alone():
    found = only(kept({"w": np.zeros(3)}), fingerprint({"w": np.ones(3)}))
    assert (found.path, found.aspect) == ('result["w"]', "values")
    assert "only the digest of one is kept" in found.text


@pytest.mark.parametrize("make", MAKERS)
@given(rows=ROWS, data=st.data())
def test_kept_digests_tell_the_same_rows_in_another_order_from_other_rows(make, rows, data):
    keys = data.draw(st.permutations([row[0] for row in rows]))
    others = list(zip(keys, data.draw(st.permutations([row[1] for row in rows])), strict=True))
    one, other = (
        make({"x": [row[0] for row in some], "s": [row[1] for row in some]})
        for some in (rows, others)
    )
    found = compare(kept(one), kept(other))
    if rows == others:
        assert found == []
    elif sorted(map(repr, rows)) == sorted(map(repr, others)):
        assert [(x.path, x.aspect) for x in found] == [("result", "order")]
        assert found[0].text == f"the same {len(rows)} rows in another order"
    else:
        assert (found[-1].path, found[-1].aspect) == ("result", "rows")
        assert found[-1].text == "other rows, not the same in another order"


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (np.arange(6.0), np.arange(6.0)[::-1], "the same 6 values in another order"),
        (np.eye(3), np.eye(3)[[2, 0, 1]], "the same 3 rows in another order"),
        (np.arange(99.0).reshape(3, 33), np.arange(99.0).reshape(3, 33)[::-1], "the same 3 rows"),
        (["a", "b", "é"], ["é", "a", "b"], "the same 3 values in another order"),
        ([1, 2, 3], [3, 2, 1], "the same 3 values in another order"),
        (np.array(["a", "bc"]), np.array(["bc", "a"]), "the same 2 values in another order"),
        (np.eye(3, dtype="u1"), np.eye(3, dtype="u1")[::-1], "the same 3 rows in another order"),
    ],
    ids=["vector", "matrix", "wide", "texts", "list", "fixed", "bytes"],
)
def test_kept_digests_tell_the_order_of_arrays_and_lists(one, other, text):
    found = only(kept(one), kept(other))
    assert found.aspect == "order"
    assert text in found.text


def test_rows_of_matrices_are_whole_rows():
    """Each column of these has the same values."""
    one, other = np.array([[0, 0], [1, 1]]), np.array([[0, 1], [1, 0]])
    assert only(kept(one), kept(other)).aspect == "values"


def test_rows_that_cancel_out_under_xor_do_not():
    one, other = [np.array(rows) for rows in ([1, 1, 2, 3], [2, 2, 2, 3])]
    assert row_digests.of_rows([one]) != row_digests.of_rows([other])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_row_digests_ignore_the_order_alone(values, random):
    shuffled = random.sample(values, len(values))
    one = row_digests.of_rows([np.array(values)])
    assert row_digests.of_rows([np.array(shuffled)]) == one
    assert row_digests.of_rows([np.array([*values[:-1], 4])]) != one


def test_row_digests_do_not_depend_on_blocks(monkeypatch):
    rows = [np.arange(100.0), [str(number % 7) for number in range(100)]]
    whole = row_digests.of_rows(rows)
    monkeypatch.setattr(row_digests, "_BLOCK", 7)
    assert row_digests.of_rows(rows) == whole


def test_a_form_of_another_version_is_refused():
    written = stored.to_dict(fingerprint([1, 2]))
    with pytest.raises(MLGatesError, match="has another form"):
        stored.from_dict({**written, "form": "mlgates-fingerprint-0"})


def test_kept_digests_that_were_edited_are_refused():
    written = stored.to_dict(fingerprint({"a": 1, "b": 2}))
    written["leaves"][1]["digest"] = written["leaves"][2]["digest"]
    with pytest.raises(MLGatesError, match="does not belong to its digest"):
        stored.from_dict(written)


# --- fast and cryptographic digests ---


def test_what_is_kept_is_cryptographic_and_what_is_compared_is_fast():
    found = fingerprint({"a": np.ones(3)})
    assert found.identity.startswith("xxh3:")
    assert found.digest.startswith("sha256:")
    assert all(leaf.digest.startswith("xxh3:") for leaf in found.leaves.values())
    leaves = stored.to_dict(found)["leaves"]
    assert all(leaf["digest"].startswith("sha256:") for leaf in leaves)


def test_both_hashes_are_of_the_same_bytes():
    import hashlib

    import xxhash

    head = hashing.FORM + b"\0int64 array\x003\0"
    raw = head + np.arange(3, dtype="<i8").tobytes()
    found = fingerprint(np.arange(3))
    assert found.leaves[""].digest == f"xxh3:{xxhash.xxh3_128_hexdigest(raw)}"
    assert found.digests()[""] == f"sha256:{hashlib.sha256(raw).hexdigest()}"


def test_a_digest_that_was_taken_in_time_outlives_a_change():
    array = np.zeros(3)
    found = fingerprint(array)
    found.digests()
    array += 1
    assert found.digest == fingerprint(np.zeros(3)).digest


def test_a_digest_of_a_value_that_has_changed_is_refused():
    array = np.zeros(3)
    found = fingerprint({"w": array})
    array += 1
    with pytest.raises(MLGatesError, match=r'result\["w"\] was changed before its digest'):
        _ = found.digest


def test_a_digest_of_a_file_that_has_changed_or_gone_is_refused(tmp_path):
    for change in (lambda p: p.write_bytes(b"other"), lambda p: p.unlink()):
        path = tmp_path / "model.bin"
        path.write_bytes(b"model")
        found = fingerprint(path)
        change(path)
        with pytest.raises(MLGatesError, match="was changed before its digest"):
            _ = found.digest


def test_digests_of_equal_parts_are_taken_over():
    one, other = ({"a": np.ones(3), "b": np.full(3, n)} for n in (1, 2))
    first, second = fingerprint(one), fingerprint(other)
    first.digests()
    first.known['["a"]'] = "sha256:known"
    second.digests(like=first)
    assert second.known['["a"]'] == "sha256:known"
    assert second.known['["b"]'] == fingerprint(other).digests()['["b"]']


def test_a_relative_path_is_found_after_a_change_of_folder(tmp_path, monkeypatch):
    (tmp_path / "m.bin").write_bytes(b"m")
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    found = fingerprint(Path("m.bin"))
    monkeypatch.chdir(os.sep)
    assert found.digest.startswith("sha256:")


# --- one content, several forms in memory ---


@given(st.lists(st.none() | st.text(max_size=4), max_size=6))
def test_texts_are_the_same_in_arrow_and_in_python(texts):
    texts = [t if t is None else t.encode("utf-8", "replace").decode() for t in texts]
    from pytest_mlgates.engines.sources import ArrowSource, TextSource

    sources = [
        TextSource(texts),
        ArrowSource(pa.array(texts, pa.string())),
        ArrowSource(pa.array(["x", *texts], pa.large_string()).slice(1)),
        ArrowSource(pa.chunked_array([pa.array(texts, pa.string())], pa.string())),
    ]
    for name in (hashing.FAST, hashing.CRYPTOGRAPHIC):
        assert len({hashing.of_leaf(name, "text", (len(texts),), s) for s in sources}) == 1
    assert all(source.content() == texts for source in sources)


def test_how_pandas_keeps_text_is_no_part_of_it():
    one, other = (
        pd.DataFrame({"s": pd.array(["a", None, "é"], dtype=pd.StringDtype(storage))})
        for storage in ("python", "pyarrow")
    )
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize("numbers", [range(5), range(10, 0, -3), range(0), range(-4, 200_000, 7)])
def test_an_index_that_is_a_range_is_the_index_of_its_numbers(numbers):
    one = fingerprint(pd.Index(numbers))
    other = fingerprint(pd.Index(np.array(numbers, dtype=np.int64)))
    assert one == other
    assert one.digest == other.digest
    assert np.array_equal(one.content(".values"), np.array(numbers))


@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_are_fed_in_blocks(order, monkeypatch):
    from pytest_mlgates.engines import sources

    array = np.asarray(np.arange(60.0).reshape(3, 4, 5), order=order)
    whole = fingerprint(np.arange(60.0).reshape(3, 4, 5))
    for block in (1, 50, 200):
        monkeypatch.setattr(sources, "_BLOCK", block)
        assert fingerprint(array) == whole
        assert fingerprint(array.astype(np.longdouble)) == fingerprint(
            np.arange(60).reshape(3, 4, 5).astype(np.longdouble)
        )


def test_a_large_file_is_its_bytes_however_many_threads_read_it(tmp_path, monkeypatch):
    from pytest_mlgates.engines import sources

    monkeypatch.setattr(sources, "_CHUNK", 10)
    monkeypatch.setattr(sources, "_BLOCK", 3)
    path = tmp_path / "model.bin"
    found = set()
    for threads in (1, 4):
        monkeypatch.setattr(sources, "_THREADS", threads)
        path.write_bytes(bytes(range(95)))
        found.add(fingerprint(path).identity)
    assert len(found) == 1
    for place in (0, 9, 10, 94):
        changed = bytearray(range(95))
        changed[place] = 200
        path.write_bytes(changed)
        found.add(fingerprint(path).identity)
    swapped = [*range(10, 20), *range(10), *range(20, 95)]
    path.write_bytes(bytes(swapped))
    found.add(fingerprint(path).identity)
    assert len(found) == 6
