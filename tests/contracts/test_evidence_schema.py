"""What is written is what ``evidence.schema.json`` promises, whatever the gate found."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.verdict import Bound, GroupValue, InputDigest, Outcome, Verdict, plain
from tests.projects import BAD_DATA, record_in, write_project

jsonschema = pytest.importorskip("jsonschema")
np = pytest.importorskip("numpy")

SCHEMA = json.loads(
    resources.files("pytest_mlgates.core").joinpath("evidence.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def edit(old: str, new: str) -> None:
    path = Path("pyproject.toml")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def record(*gates: str) -> dict:
    """The record of a run, valid and the same on both ways out."""
    main(["check", *gates, "--json", "a.json", "--evidence", "b.json"])
    found = json.loads(Path("a.json").read_text())
    assert found == record_in(Path("b.json"))
    for one in (found, json.loads(Path("b.json").read_text())):
        assert [error.message for error in VALIDATOR.iter_errors(one)] == []
    return found


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_all_four_kinds_that_pass_are_valid(project):
    found = record()
    assert {v["outcome"] for v in found["verdicts"]} == {"passed"}
    assert found["result"] == "PASSED"


def test_all_four_kinds_that_fail_are_valid(project):
    Path("data/applications.csv").write_text(BAD_DATA)
    edit("min = 0.6", "min = 0.95")
    text = Path("holdout.csv").read_text().replace("1,0,0.25,F", "1,1,0.75,F")
    Path("holdout.csv").write_text(text.replace("0,1,0.75,M", "0,0,0.25,M"))
    edit("max = 0.4", "max = 0.01\nconfidence = 0.6")
    (trainer,) = Path().glob("trainer_*.py")
    trainer.write_text("import random\ndef train():\n    return [random.random(), 1.0]\n")
    found = record()
    assert {v["kind"]: v["outcome"] for v in found["verdicts"]} == dict.fromkeys(
        ("data_schema", "metric", "fairness", "reproducibility"), "failed"
    )
    assert found["result"] == "FAILED"


def test_all_four_kinds_that_err_are_valid(project):
    Path("data/applications.csv").unlink()
    Path("holdout.csv").write_text("a,b\n1,2\n")
    (trainer,) = Path().glob("trainer_*.py")
    trainer.write_text("def train():\n    raise ValueError('no rows')\n")
    found = record()
    assert [v["outcome"] for v in found["verdicts"]] == ["error"] * 4
    assert [v["finding"] for v in found["verdicts"]] == [None] * 4


@pytest.mark.parametrize("policy", ["estimate", "pass", "fail"])
def test_inconclusive_gates_are_valid(project, policy):
    edit("min = 0.6", f'min = 0.79\ninconclusive = "{policy}"')
    edit("max = 0.4", f'max = 0.05\ninconclusive = "{policy}"')
    found = record("accuracy", "parity")
    assert [v["finding"] for v in found["verdicts"]] == ["inconclusive"] * 2
    assert [v["policy"] for v in found["verdicts"]] == [policy] * 2
    assert found["result"] == ("FAILED" if policy == "fail" else "WARNED")


def test_slices_champions_and_private_tables_are_valid(project):
    Path("champion.csv").write_text(Path("holdout.csv").read_text())
    edit("min = 0.6", 'no_worse_than = "champion.csv"\nmargin = 0.1')
    edit('path = "holdout.csv"', 'path = "holdout.csv"\nprivate = true')
    record("accuracy", "parity")
    edit('no_worse_than = "champion.csv"\nmargin = 0.1', 'min = 0.5\nby = ["sex"]')
    record("accuracy", "parity")


def test_the_schema_refuses_what_no_gate_may_write(project):
    found = record()
    for change in (
        {"outcome": "ok"},
        {"finding": None},
        {"n": -1},
        {"message": ""},
        {"inputs": [{"name": "x", "digest": "md5:1", "rows": 1}]},
        {"bound": {"maximum": 1}},
    ):
        broken = {**found, "verdicts": [{**found["verdicts"][1], **change}]}
        assert not VALIDATOR.is_valid(broken), change
    assert not VALIDATOR.is_valid({**found, "result": "OK"})


def test_a_verdict_survives_the_way_through_json(project):
    for written in record()["verdicts"]:
        again = Verdict.from_dict(written)
        assert again.to_dict() == written
        assert Verdict.from_dict(json.loads(again.to_json())) == again


def test_numbers_of_numpy_and_what_is_no_number_become_plain_json():
    verdict = Verdict(
        id=np.str_("x"),
        kind="metric",
        finding=None,
        outcome=Outcome.ERROR,
        message="m",
        estimate=np.float32(0.5),
        lower=np.nan,
        upper=float("inf"),
        n=np.int64(3),
        bound=Bound(min=np.float64(0.25)),
        groups=(GroupValue(group=(np.int8(1), np.bool_(True)), n=np.uint8(2), value=-np.inf),),
        details=({"a": np.array([1, 2]), "b": {3, 1}, np.str_("c"): np.array(2.0)},),
        inputs=(InputDigest(name="t", digest=None, rows=np.int32(3)),),
    )
    out = json.loads(verdict.to_json())
    assert (out["estimate"], out["lower"], out["upper"], out["n"]) == (0.5, None, None, 3)
    assert out["bound"] == {"min": 0.25}
    assert out["groups"][0]["group"] == [1, True]
    assert (out["groups"][0]["n"], out["groups"][0]["value"]) == (2, None)
    assert out["details"] == [{"a": [1, 2], "b": [1, 3], "c": 2.0}]
    assert all_plain(verdict.to_dict())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.datetime64("2020-01-02"), "2020-01-02"),
        (np.str_("text"), "text"),
        (np.float64("nan"), None),
        (b"x", "b'x'"),
        ({"k": (np.int64(1),)}, {"k": [1]}),
    ],
)
def test_every_value_becomes_plain(value, expected):
    assert plain(value) == expected
    assert all_plain(plain(value))


def test_missing_values_of_pandas_become_null():
    pd = pytest.importorskip("pandas")
    assert plain([pd.NA, pd.NaT, pd.Timestamp("2020-01-02")]) == [None, None, "2020-01-02 00:00:00"]


def all_plain(value) -> bool:
    if isinstance(value, dict):
        return all(type(k) is str and all_plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(all_plain(v) for v in value)
    return type(value) in {str, int, float, bool, type(None)}
