"""Great Expectations opens an inferred suite, shows its reasons, and judges as we do."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pytest_mlgates import data_schema
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema.inference import infer
from tests.inference_study import CASES, breaks_of, halves

gx = pytest.importorskip("great_expectations")
pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def validate():
    """GX's answers to *suite* on a pandas frame, by type and column."""
    from pytest_mlgates.integrations.great_expectations import _context, _quiet

    def run(frame, suite):
        with _quiet(), _context(gx) as context:
            source = context.data_sources.add_pandas("p")
            asset = source.add_dataframe_asset("a")
            whole = asset.add_batch_definition_whole_dataframe("w")
            batch = whole.get_batch({"dataframe": frame})
            opened = gx.ExpectationSuite(**json.loads(json.dumps(suite)))
            found = batch.validate(opened)
        answers = []
        for one in found.results:
            config = one.expectation_config
            assert not _raised(one), (config.type, config.kwargs, one.exception_info)
            answers.append((_named(config.type, config.kwargs), bool(one.success)))
        return opened, sorted(answers)

    return run


def _raised(result):
    info = result.exception_info or {}
    inner = [info] if "raised_exception" in info else list(info.values())
    return any(one.get("raised_exception") for one in inner)


def _named(kind, kwargs):
    """An expectation of one suite: GX reads dates in bounds, and adds keys of its own."""
    asked = {k for k in kwargs if k.endswith("_value") and kwargs[k] is not None}
    return kind, kwargs.get("column", ""), str(kwargs.get("mostly", 1.0)), *sorted(asked)


def ours(frame, suite):
    details = data_schema(frame, suite).details
    return sorted((_named(d["type"], d["kwargs"]), d["success"]) for d in details)


@pytest.mark.parametrize("name", ["titanic", "orders"])
def test_a_good_half_and_broken_ones_are_judged_alike(validate, name):
    case = CASES[name]()
    random = np.random.default_rng(5)
    here, there = (pd.DataFrame(half) for half in halves(case, random))
    suite = infer(to_table(here)).suite("inferred")
    opened, answers = validate(there, suite)
    assert answers == ours(there, suite)
    assert all(success for _, success in answers)
    reasons = {e["meta"]["notes"] for e in suite["expectations"]}
    assert {one.meta["notes"] for one in opened.expectations} == reasons
    assert opened.notes == suite["notes"]
    breaks = breaks_of(case)
    arrays = {column: there[column].to_numpy() for column in there.columns}
    for what in ("nulls in 10 % of a complete column", "minus signs in 10 % of the rows"):
        broken = pd.DataFrame(breaks[what](arrays, random))
        _, answers = validate(broken, suite)
        assert answers == ours(broken, suite)
        assert not all(success for _, success in answers)


def test_the_types_hold_in_gx_for_every_kind_of_column_of_pandas(validate):
    n = 60
    days = pd.Series(pd.date_range("2024-01-01", periods=n, unit="us"))
    frame = pd.DataFrame(
        {
            "int64": np.arange(n),
            "int8": (np.arange(n) % 5).astype("int8"),
            "uint16": np.arange(n).astype("uint16"),
            "Int64": pd.array([*range(n - 1), None], dtype="Int64"),
            "float32": np.linspace(0, 1, n).astype("float32"),
            "Float64": pd.array([*np.linspace(0, 1, n - 1), None], dtype="Float64"),
            "str": pd.Series(["a", "b", None] * (n // 3)),
            "string": pd.array(["a", "b", None] * (n // 3), dtype="string"),
            "object": pd.Series(["a", "b", None] * (n // 3), dtype=object),
            "bool": np.arange(n) % 2 == 0,
            "boolean": pd.array([True, False, None] * (n // 3), dtype="boolean"),
            "naive": days,
            "zoned": days.dt.tz_localize("UTC"),
            "date": days.dt.date,
            "category": pd.Categorical(["a", "b", "a"] * (n // 3)),
        }
    )
    suite = infer(to_table(frame)).suite("inferred")
    typed = [e for e in suite["expectations"] if "type" in e["type"]]
    assert len(typed) >= 13
    _, answers = validate(frame, suite)
    assert [named for named, success in answers if not success] == []


def test_the_reasons_are_shown_by_gx(validate):
    suite = infer(to_table({"x": np.arange(100)})).suite("inferred")
    opened, _ = validate(pd.DataFrame({"x": np.arange(100)}), suite)
    opened.include_rendered_content = True
    opened.render()
    shown = opened.expectations[2].rendered_content[0].to_json_dict()["value"]
    assert shown["meta_notes"]["content"][0].startswith("0 of 100 values are missing; up to ")
