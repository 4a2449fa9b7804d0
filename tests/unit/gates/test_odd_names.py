"""Columns may be called anything: names with dots and quotes, and names that look like ours."""

from __future__ import annotations

import pytest

from pytest_mlgates import data_schema, fairness, metric
from pytest_mlgates.cli import main

NAMES = ["a.b", 'a"b', "__rows__", "__ROWS__", "__mlgates_rows__", "__mlgates_member__", "a, b"]
ROWS = 400


@pytest.fixture(params=["parquet", "csv", "pandas", "polars", "arrow", "lazy"])
def made(request, tmp_path):
    """A function: the table of such a kind with the column *name*, which is F in every other."""
    frames = pytest.importorskip("pandas" if request.param == "pandas" else "polars")

    def make(name):
        data = {
            "y_true": [i % 2 for i in range(ROWS)],
            "y_pred": [(i + (i % 10 == 0)) % 2 for i in range(ROWS)],
            name: ["FM"[i // 2 % 2] for i in range(ROWS)],
        }
        if request.param == "lazy":
            return frames.LazyFrame(data)
        frame = frames.DataFrame(data)
        if request.param == "arrow":
            pytest.importorskip("pyarrow")
            return frame.to_arrow()
        if request.param in ("parquet", "csv"):
            path = tmp_path / f"table.{request.param}"
            getattr(frame, f"write_{request.param}")(path)
            return path
        return frame

    return make


@pytest.mark.parametrize("name", NAMES)
def test_groups_are_found_whatever_their_column_is_called(made, name):
    verdict = fairness(made(name), "demographic_parity_difference", by=name, max=0.5)
    assert verdict.passed
    assert verdict.n == ROWS
    by = metric(made(name), "accuracy", min=0.5, by=name)
    assert by.passed
    assert {tuple(group["group"]): group["n"] for group in by.to_dict()["groups"]} == {
        ("F",): ROWS // 2,
        ("M",): ROWS // 2,
    }


def suite(name):
    column = {"column": name}
    return [
        {"type": "expect_column_values_to_be_unique", "kwargs": column},
        {
            "type": "expect_compound_columns_to_be_unique",
            "kwargs": {"column_list": [name, "y_true"]},
        },
        {
            "type": "expect_column_most_common_value_to_be_in_set",
            "kwargs": {**column, "value_set": ["F", "M"], "ties_okay": True},
        },
        {
            "type": "expect_column_distinct_values_to_equal_set",
            "kwargs": {**column, "value_set": ["F", "M"]},
        },
        {
            "type": "expect_column_pair_values_to_be_in_set",
            "kwargs": {
                "column_A": name,
                "column_B": "y_true",
                "value_pairs_set": [
                    [s, i] for s in ("F", "M", *map(str, range(100))) for i in (0, 1)
                ],
            },
        },
    ]


@pytest.mark.parametrize("name", NAMES)
def test_values_are_grouped_whatever_their_column_is_called(made, name):
    verdict = data_schema(made(name), suite(name), examples=1)
    details = verdict.to_dict()["details"]
    assert [d["success"] for d in details] == [False, False, True, True, True]
    assert [d["unexpected_count"] for d in details[:2]] == [ROWS, ROWS]


@pytest.mark.parametrize("name", ["a.b", "__rows__", "__mlgates_row__"])
def test_rows_are_shown_whatever_their_column_is_called(made, name):
    wanted = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": name, "value_set": ["F"]},
    }
    verdict = data_schema(made(name), [wanted], examples=1)
    assert verdict.details[0]["unexpected_count"] == ROWS // 2
    assert "M" in verdict.message.split("e.g.")[1]


@pytest.mark.parametrize("name", ["a.b", "__rows__"])
def test_a_declared_gate_groups_by_such_a_column(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i % 2},{i % 2},{'FM'[i // 2 % 2]}\n" for i in range(ROWS))
    (tmp_path / "t.csv").write_text(f"y_true,y_pred,{name}\n{rows}")
    (tmp_path / "mlgates.toml").write_text(
        '[tables.t]\npath = "t.csv"\n[gates.parity]\nkind = "fairness"\ntable = "t"\n'
        f'metric = "demographic_parity_difference"\nby = "{name}"\nmax = 0.5\n'
    )
    assert main(["check"]) == 0
    assert f"by {name}" in capsys.readouterr().out
