"""Options of every command and hook: whole names only, and what is refused at once."""

from __future__ import annotations

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.hooks import mlgates_check, mlgates_data


@pytest.mark.parametrize(
    ("run", "arguments"),
    [
        (main, ["check", "--exam", "3"]),
        (main, ["check", "--conf", "mlgates.toml"]),
        (main, ["infer", "t.csv", "--priv"]),
        (main, ["--vers"]),
        (mlgates_data.main, ["--suit", "suite.json", "t.csv"]),
        (mlgates_check.main, ["--conf", "mlgates.toml", "t.csv"]),
    ],
)
def test_an_option_is_not_abbreviated(capsys, run, arguments):
    """A new option would change what the short form means."""
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert "unrecognized arguments: --" in told or "the following arguments are required" in told


@pytest.mark.parametrize(
    "run",
    [
        lambda: main(["check"]),
        lambda: mlgates_check.main(["t.csv"]),
        lambda: mlgates_data.main(["t.csv"]),
        lambda: mlgates_data.main(["--suite", "suite.json", "t.csv"]),
    ],
    ids=["check", "mlgates-check", "mlgates-data", "mlgates-data --suite"],
)
def test_a_memory_limit_that_is_no_size_is_told_where_no_engine_is_needed(
    tmp_path, monkeypatch, capsys, run
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("age\n31\n32\n")
    (tmp_path / "suite.json").write_text(
        '[{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "age"}}]'
    )
    (tmp_path / "mlgates.toml").write_text(
        '[tables.t]\npath = "t.csv"\n'
        '[gates.g]\nkind = "data_schema"\ntable = "t"\nsuite = "suite.json"\n'
    )
    monkeypatch.setenv("MLGATES_MEMORY_LIMIT", "nonsense")
    assert run() == 2
    assert "MLGATES_MEMORY_LIMIT is not a size" in capsys.readouterr().out
    monkeypatch.setenv("MLGATES_MEMORY_LIMIT", "1GB")
    assert run() == 0


@pytest.mark.parametrize("option", [[], ["--private"]], ids=["open", "private"])
def test_no_contract_is_inferred_from_one_row(tmp_path, monkeypatch, capsys, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("age,name\n31,Ada\n")
    assert main(["infer", "t.csv", "-o", "suite.json", *option]) == 2
    told = capsys.readouterr().err
    assert told.startswith("table 't.csv' is too small to infer a contract from\n")
    assert ("1 row" in told) is not bool(option)
    assert not (tmp_path / "suite.json").exists()
    (tmp_path / "t.csv").write_text("age,name\n31,Ada\n32,Bob\n")
    assert main(["infer", "t.csv", "-o", "suite.json", *option]) == 0


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("age\n31\n")
    (tmp_path / "suite.json").write_bytes('[\n{"type": "é"}]'.encode("latin-1"))
    assert mlgates_data.main(["--suite", "suite.json", "t.csv"]) == 2
    out = capsys.readouterr().out
    assert (
        f"suite '{tmp_path}/suite.json' is not UTF-8 text\n    where: {tmp_path}/suite.json:2\n"
        in out
    )
    (tmp_path / "mlgates.toml").write_bytes("# one\n# two\n# é".encode("latin-1"))
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        f"mlgates.toml is not UTF-8 text\n  where: {tmp_path}/mlgates.toml:3\n"
    )
