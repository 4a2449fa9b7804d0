from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.fingerprint import fingerprint


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Trained:
    weights: list[np.ndarray]
    name: str = "m"


class Opaque:
    pass


X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.decimals(allow_nan=False)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.frozensets(PLAIN, max_size=4)
    ),
    max_leaves=12,
)
NUMBERS = hnp.arrays(
    st.sampled_from(["f8", "f4", "f2", "i8", "i4", "u1", "b1", "c16", "M8[s]", "U3", "S2"]),
    hnp.array_shapes(max_dims=3, max_side=5),
)


def different_from_all(values):
    return len({fingerprint(value).digest for value in values}) == len(values)


def test_form_holds_in_other_processes_with_other_hash_seeds():
    code = (
        "import sys, numpy as np, pandas as pd, polars as pl\n"
        "from pytest_mlgates.engines.fingerprint import fingerprint\n"
        "from sklearn.linear_model import LogisticRegression as L\n"
        "X = np.arange(20.).reshape(10, 2); y = np.arange(10) % 2\n"
        "f = pd.DataFrame({'s': list('abcdefghij'), 'x': X[:, 0]})\n"
        "v = [{c: {c, 1, (c, 2)} for c in 'abcdefgh'}, f, pl.DataFrame({'a': [1, None]}),\n"
        "     L().fit(X, y), frozenset({frozenset({'p', 'q'}), frozenset({'r'})})]\n"
        "print(fingerprint(v).digest)\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


# --- plain values ---


@given(VALUES)
def test_a_value_equals_itself_and_its_rebuilt_form(value):
    assert fingerprint(value) == fingerprint(value)


@given(st.lists(PLAIN, min_size=1, max_size=6), st.data())
def test_another_plain_value_changes_the_fingerprint(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    other = data.draw(PLAIN)
    changed = [*values[:place], other, *values[place + 1 :]]
    same = type(other) is type(values[place]) and (
        repr(other) == repr(values[place]) and other is not Opaque
    )
    assert (fingerprint(changed) == fingerprint(values)) == same


@given(st.dictionaries(st.text(max_size=3), PLAIN, min_size=2))
def test_the_order_of_dictionary_keys_is_no_part_of_the_value(value):
    assert fingerprint(dict(reversed(value.items()))) == fingerprint(value)


def test_the_order_of_an_ordered_dict_is_part_of_it():
    one, other = collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)
    assert fingerprint(one) != fingerprint(other)


def test_types_that_compare_equal_are_told_apart():
    assert different_from_all([1, 1.0, True, "1", b"1", np.int64(1), np.float64(1), np.array([1])])
    assert different_from_all([[1, 2], (1, 2), {1, 2}, frozenset({1, 2}), [1.0, 2.0]])
    assert different_from_all([[], {}, (), set(), None, ""])
    assert different_from_all([["ab", "c"], ["a", "bc"], ["abc"], [["ab"], "c"]])
    assert different_from_all([[None], ["none"], [[]], ["n"]])
    assert different_from_all([Colour.RED, Colour.BLUE, 1, Point(1.0, 2.0), (1.0, 2.0)])
    assert different_from_all([range(3), range(4), slice(3), [0, 1, 2]])
    assert different_from_all([dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)])  # noqa: DTZ001


def test_bits_count_at_this_level():
    payload = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0].item()
    assert different_from_all([0.0, -0.0])
    assert different_from_all([float("nan"), payload])
    assert different_from_all([np.array([0.0]), np.array([-0.0])])


def test_paths_read_like_python():
    value = {"weights": [np.ones(2), np.zeros(2)], 3: Trained([np.ones(1)]), "p": Point(1.0, 2.0)}
    assert {
        '["weights"][1]',
        "[3].weights[0]",
        "[3].name",
        '["p"].y',
    } <= set(fingerprint(value).leaves)


def test_a_value_that_contains_itself_ends():
    value: list[object] = [np.ones(2)]
    value.append(value)
    assert fingerprint(value).leaves["[1]"].kind == "cycle to the whole"


def test_a_subclass_with_attributes_of_its_own_is_more_than_its_items():
    class Result(dict):
        pass

    one, other = Result(a=1), Result(a=1)
    one.note, other.note = 1, 2
    assert fingerprint(one) != fingerprint(other)


def test_nothing_holds_nothing():
    empty = {"a": [], "b": []}
    for value in (None, [], {}, [None, {}], [None], np.zeros((0, 3)), *frames(empty)):
        assert fingerprint(value).size == 0


# --- numpy ---


@given(NUMBERS)
def test_memory_layout_is_no_part_of_an_array(array):
    digest = fingerprint(array).digest
    assert fingerprint(np.asfortranarray(array)).digest == digest
    assert fingerprint(array.astype(array.dtype.newbyteorder(">"))).digest == digest
    assert fingerprint(np.repeat(array, 2, axis=0)[::2]).digest == digest


@given(NUMBERS, st.data())
def test_any_other_element_changes_an_array(array, data):
    other = array.copy()
    place = data.draw(st.integers(0, array.size - 1))
    other.reshape(-1)[place] = data.draw(hnp.from_dtype(array.dtype))
    assert (fingerprint(other) == fingerprint(array)) == (other.tobytes() == array.tobytes())


def test_dtype_and_shape_are_part_of_an_array():
    ones = np.ones(4)
    assert different_from_all(
        [ones, ones.astype("f4"), ones.astype(int), ones.reshape(2, 2), ones.astype(object)]
    )


def test_padding_of_records_is_no_part_of_them():
    dtype = np.dtype([("a", "u1"), ("b", "f8")], align=True)
    one, other = np.zeros(3, dtype), np.zeros(3, dtype)
    other.view(np.uint8).reshape(3, -1)[:, 1:8] = 7
    assert one.tobytes() != other.tobytes()
    assert fingerprint(one) == fingerprint(other)
    other["b"][1] = 5
    assert fingerprint(one) != fingerprint(other)


def test_extended_floats_do_not_hash_their_padding():
    one = np.array([1.5, 2.5], dtype=np.longdouble)
    other = one.copy()
    if one.itemsize == 16:
        other.view(np.uint8).reshape(2, 16)[:, 10:] = 9
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(one + 1)


def test_what_lies_under_a_mask_is_no_part_of_the_array():
    one = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    other = np.ma.array([1, 9, 3], mask=[0, 1, 0])
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(np.ma.array([1, 2, 3], mask=[0, 0, 0]))


def test_object_arrays_of_arrays_are_walked():
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.ones(2), RandomForestClassifier]
    assert "[0]" in fingerprint(ragged).leaves


@pytest.mark.parametrize(
    "make",
    [
        np.random.default_rng,
        np.random.RandomState,
        random.Random,
        np.random.PCG64,
        np.random.SeedSequence,
    ],
)
def test_random_states_are_known_by_their_state(make):
    assert fingerprint(make(1)) == fingerprint(make(1))
    assert fingerprint(make(1)) != fingerprint(make(2))


def test_a_generator_that_was_used_is_another():
    used = np.random.default_rng(1)
    used.random()
    assert fingerprint(used) != fingerprint(np.random.default_rng(1))


def test_sparse_matrices_are_known_by_their_entries():
    row, column, data = [0, 1, 1], [2, 0, 1], [1.0, 2.0, 3.0]
    one = scipy.sparse.coo_matrix((data, (row, column)), shape=(3, 3))
    other = scipy.sparse.coo_matrix((data[::-1], (row[::-1], column[::-1])), shape=(3, 3))
    assert fingerprint(one) == fingerprint(other)
    assert different_from_all([one, one * 2, one.tocsr(), one.T.tocoo()])


def test_how_a_sparse_matrix_is_stored_is_no_part_of_it():
    """Neither the order of its entries, nor duplicates, nor the width of its indices."""
    one = scipy.sparse.csr_matrix(([1.0, 2.0, 3.0], [0, 2, 1], [0, 2, 3]), shape=(2, 3))
    unsorted = scipy.sparse.csr_matrix(([2.0, 1.0, 3.0], [2, 0, 1], [0, 2, 3]), shape=(2, 3))
    wide = one.copy()
    wide.indices, wide.indptr = wide.indices.astype("i8"), wide.indptr.astype("i8")
    twice = scipy.sparse.csr_matrix(([1.0, 1.5, 0.5, 3.0], [0, 2, 2, 1], [0, 3, 4]), shape=(2, 3))
    for other in (unsorted, wide, twice):
        assert fingerprint(other) == fingerprint(one)
    assert not unsorted.has_sorted_indices
    assert twice.nnz == 4


def test_a_zero_that_is_stored_is_an_entry_of_a_sparse_matrix():
    one = scipy.sparse.csr_matrix(([1.0, 0.0], [0, 2], [0, 2]), shape=(1, 3))
    other = scipy.sparse.csr_matrix(([1.0], [0], [0, 1]), shape=(1, 3))
    assert (one != other).nnz == 0
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_every_form_of_a_sparse_matrix_is_known(form):
    made = [scipy.sparse.csr_array(np.eye(4) * scale).asformat(form) for scale in (1, 1, 2)]
    assert fingerprint(made[0]) == fingerprint(made[1])
    assert fingerprint(made[0]) != fingerprint(made[2])
    assert fingerprint(made[0]).leaves[""].kind == f"sparse {form}"


# --- tables ---


def frames(values):
    return [pd.DataFrame(values), pl.DataFrame(values), pa.table(values)]


@pytest.mark.parametrize("library", [0, 1, 2])
def test_tables_are_their_values_dtypes_and_names(library):
    def make(**values):
        return frames(values)[library]

    base = make(x=[1, 2, 3], s=["a", "b", "c"])
    assert fingerprint(base) == fingerprint(make(x=[1, 2, 3], s=["a", "b", "c"]))
    assert different_from_all(
        [
            base,
            make(x=[1, 2, 4], s=["a", "b", "c"]),
            make(x=[1.0, 2.0, 3.0], s=["a", "b", "c"]),
            make(x=[1, 2, 3], s=["a", "b", None]),
            make(y=[1, 2, 3], s=["a", "b", "c"]),
            make(s=["a", "b", "c"], x=[1, 2, 3]),
            make(x=[1, 2], s=["a", "b"]),
        ]
    )


@pytest.mark.parametrize(
    "dtype", ["Int64", "Float64", "boolean", "string", "category", "str", "int64[pyarrow]"]
)
def test_every_pandas_dtype_keeps_values_and_missing_apart(dtype):
    values = [True, False, None] if dtype == "boolean" else [1, 2, None]
    zero = [True, False, False] if dtype == "boolean" else [1, 2, 0]
    if dtype in {"string", "str"}:
        values, zero = ["a", "b", None], ["a", "b", ""]
    one, other = (pd.Series(v, dtype=dtype) for v in (values, zero))
    assert fingerprint(one) == fingerprint(one.copy(deep=True))
    assert fingerprint(one) != fingerprint(other)


def test_pandas_index_and_special_columns():
    days = pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin")
    frame = pd.DataFrame(
        {
            "t": days,
            "p": pd.period_range("2020-01", periods=3, freq="M"),
            "i": pd.interval_range(0, 3),
            "d": pd.to_timedelta([1, 2, 3], unit="s"),
            "s": pd.arrays.SparseArray([0, 0, 1]),
            "o": [dt.date(2020, 1, 1), {"k": [1]}, Colour.RED],
        },
        index=pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["n", "c"]),
    )
    assert fingerprint(frame) == fingerprint(frame.copy(deep=True))
    changed = [
        frame.assign(t=days.tz_convert("UTC")),
        frame.assign(p=frame["p"].to_numpy()[::-1]),
        frame.assign(i=pd.interval_range(0, 3, closed="left")),
        frame.assign(d=frame["d"] * 2),
        frame.rename_axis(["n", "d"]),
        frame.reset_index(drop=True),
        frame.assign(o=[dt.date(2020, 1, 1), {"k": [2]}, Colour.RED]),
    ]
    assert different_from_all([frame, *changed])


def test_columns_of_one_name_are_told_apart_by_position():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert ".iloc[:, 1]" in fingerprint(frame).leaves


def test_polars_dtypes():
    frame = pl.DataFrame(
        {
            "t": [dt.datetime(2020, 1, 1), None],  # noqa: DTZ001
            "d": [dt.date(2020, 1, 1), None],
            "l": [[1, 2], None],
            "s": [{"a": 1}, {"a": None}],
            "c": pl.Series(["x", "y"], dtype=pl.Categorical),
            "b": [True, None],
            "x": [b"1", None],
        }
    )
    assert fingerprint(frame) == fingerprint(frame.clone())
    for column in frame.columns:
        swapped = frame.with_columns(frame[column].reverse())
        assert list_changed(frame, swapped)[0].startswith(f'["{column}"]')


def test_arrow_chunks_are_no_part_of_a_table():
    whole = pa.table({"a": [1, None, 3], "t": [dt.date(2020, 1, 1)] * 3, "s": ["x", None, "z"]})
    parts = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    assert fingerprint(whole) == fingerprint(parts)


def list_changed(one, other):
    a, b = fingerprint(one).leaves, fingerprint(other).leaves
    return [path for path in a if a[path] != b.get(path)]


# --- estimators ---


def pipeline(C=1.0, rows=X):
    return Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression(C=C))]).fit(rows, Y)


def test_estimators_are_parameters_and_fitted_state():
    assert fingerprint(pipeline()) == fingerprint(pipeline())
    assert list_changed(pipeline(), pipeline(C=2.0))[:2] == [
        '.named_steps["clf"].C',
        '.named_steps["clf"].coef_',
    ]
    assert '.named_steps["scale"].mean_' in list_changed(pipeline(), pipeline(rows=X + 1))


def test_trees_are_walked():
    one = RandomForestClassifier(3, random_state=1).fit(X, Y)
    other = RandomForestClassifier(3, random_state=2).fit(X, Y)
    assert fingerprint(one) == fingerprint(RandomForestClassifier(3, random_state=1).fit(X, Y))
    assert any(".tree_.nodes" in path for path in list_changed(one, other))


def test_rows_kept_in_private_attributes_count():
    """Everything public of two such models is equal: only ``_fit_X`` tells them apart."""
    one = KNeighborsClassifier().fit(X, Y)
    assert fingerprint(one) != fingerprint(KNeighborsClassifier().fit(X[::-1], Y))


def test_durations_of_a_search_do_not_count():
    def search():
        return GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y)

    one, other = search(), search()
    other.refit_time_ += 1
    other.cv_results_["mean_fit_time"] += 1
    assert fingerprint(one) == fingerprint(other)


def test_a_random_state_as_parameter_is_known_by_its_state():
    def fit(state):
        return RandomForestClassifier(2, random_state=state).fit(X, Y)

    one = fit(np.random.RandomState(1))
    assert fingerprint(one) == fingerprint(fit(np.random.RandomState(1)))
    assert fingerprint(one) != fingerprint(fit(np.random.RandomState(2)))


def test_functions_in_estimators_are_known_by_name_or_code():
    def made(factor):
        return FunctionTransformer(lambda rows: rows * factor).fit(X)

    assert fingerprint(made(2)) == fingerprint(made(2))
    assert fingerprint(made(2)) != fingerprint(made(3))
    assert different_from_all([FunctionTransformer(f).fit(X) for f in (np.log1p, np.expm1, None)])


def test_column_transformers_and_feature_names():
    frame = pd.DataFrame({"a": ["x", "y"] * 3, "b": range(6)})

    def fit(table):
        steps = [("one", OneHotEncoder(), ["a"]), ("num", StandardScaler(), slice(1, 2))]
        return ColumnTransformer(steps).fit(table)

    assert fingerprint(fit(frame)) == fingerprint(fit(frame))
    assert fingerprint(fit(frame)) != fingerprint(fit(frame.assign(a=["x", "z"] * 3)))


# --- files ---


def test_a_path_stands_for_the_bytes_of_its_file(tmp_path):
    one, other = tmp_path / "a.bin", tmp_path / "b.bin"
    one.write_bytes(b"123")
    other.write_bytes(b"123")
    assert fingerprint(one) == fingerprint(other)
    other.write_bytes(b"124")
    assert fingerprint(one) != fingerprint(other)


def test_a_folder_is_its_tree(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "w.bin").write_bytes(b"w")
        (tmp_path / name / "m.json").write_text("{}")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "two")
    (tmp_path / "two" / "sub" / "w.bin").write_bytes(b"v")
    assert list_changed(tmp_path / "one", tmp_path / "two") == [' / "sub/w.bin"']
    (tmp_path / "one" / "sub" / "w.bin").write_bytes(b"v")
    (tmp_path / "two" / "empty").mkdir()
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "two")


# --- misuse ---


def complaint(value):
    with pytest.raises(MLGatesError) as caught:
        fingerprint(value)
    return str(caught.value)


def test_a_missing_file_is_misuse():
    text = complaint({"model": Path("no/such/model.bin")})
    assert 'result["model"] is a path that does not exist' in text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_a_folder_is_refused_and_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "'pipe', which is neither a file nor a folder" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("value", "place", "fix"),
    [
        ({"model": [1, Opaque()]}, 'result["model"][1]', "return what it predicts"),
        ((i for i in "ab"), "result ", "return list(…)"),
        (pl.LazyFrame({"a": [1]}), "result ", "return frame.collect()"),
        ({"f": sys.stdout}, 'result["f"]', "return the Path of the file"),
    ],
    ids=["object", "generator", "lazy", "file"],
)
def test_an_unknown_type_is_misuse_with_its_place(value, place, fix):
    text = complaint(value)
    assert text.startswith(place)
    assert "has no fingerprint" in text
    assert f"fix:   {fix}" in text
    assert " 0x" not in text


def test_a_key_without_canonical_form_is_misuse():
    assert "a key of result has no canonical form" in complaint({Opaque(): 1})


def test_an_estimator_that_was_not_fitted_is_misuse():
    text = complaint({"m": LogisticRegression()})
    assert 'result["m"] is a LogisticRegression that was not fitted' in text


def test_endless_nesting_is_misuse():
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert "nested too deeply" in complaint(value)
