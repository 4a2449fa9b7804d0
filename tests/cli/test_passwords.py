"""A URL is no file, and the password in one is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates import fairness, metric
from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MLGatesError

SECRET = "hunter2"
CONFIGURATION = """
[tables.rows]
path = "{path}"
{model}
[gates.accuracy]
kind = "metric"
table = "rows"
metric = "accuracy"
min = 0.5
no_worse_than = "{champion}"
margin = 0.1
first = true
"""
TABLE = {"y_true": [0, 1, 1], "y_pred": [0, 1, 1], "id": [1, 2, 3], "group": ["a", "b", "b"]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("y_true,y_pred,id\n0,0,1\n1,1,2\n1,1,3\n")
    return tmp_path


def configure(*, path="rows.csv", champion="old.csv", model=""):
    text = CONFIGURATION.format(path=path, champion=champion, model=model)
    Path("mlgates.toml").write_text(text)


@pytest.mark.parametrize(
    "given",
    [
        {"path": f"s3://me:{SECRET}@bucket/rows.csv"},
        {"champion": f"https://me:{SECRET}@host/old.csv"},
        {"champion": f"https://:{SECRET}@host/model"},
        {"champion": f"https://host/old.csv?signature={SECRET}"},
        {"model": f'model = "registry://me:{SECRET}@host/model"'},
    ],
    ids=["path", "file", "champion", "signed", "model"],
)
@pytest.mark.parametrize(
    "arguments", [["check"], ["lock"], ["plan"], ["doctor"], ["check", "--explain"]], ids=" ".join
)
def test_a_password_is_a_mistake_and_shown_nowhere(folder, capsys, given, arguments):
    configure(**given)
    assert main(arguments) != 0
    out = "".join(capsys.readouterr())
    assert "a name without a password or a query, which would" in " ".join(out.split())
    assert SECRET not in out
    written = (one for one in folder.rglob("*") if one.is_file() and one.name != "mlgates.toml")
    assert all(SECRET not in one.read_text() for one in written)


CALLS = {
    "metric": lambda **given: metric(TABLE, "accuracy", **given),
    "fairness": lambda **given: fairness(TABLE, "equalized_odds_ratio", by="group", **given),
}


@pytest.mark.parametrize("gate", list(CALLS))
def test_a_call_refuses_it_too(gate):
    with pytest.raises(MLGatesError, match="is not usable") as caught:
        CALLS[gate](no_worse_than=f"https://me:{SECRET}@host/old.csv", margin=0.1)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["s3", "https", "gs", "abfss", "file"])
def test_a_url_is_no_table_and_is_not_missing_either(folder, capsys, scheme):
    reference = f"{scheme}://host/old.csv"
    configure(path=reference)
    assert main(["check"]) == 2
    out = "".join(capsys.readouterr())
    assert "a URL is no path of a table" in out
    assert f"got:   {scheme}://…" in out
    # A champion that is not there yet lets a first model pass; a URL never will be there.
    configure(champion=reference)
    assert main(["check"]) == 2
    assert "a URL is no path of a table" in "".join(capsys.readouterr())


def test_a_url_names_no_model(folder, capsys):
    configure(champion="postgresql://host/model")
    assert main(["check"]) == 2
    out = "".join(capsys.readouterr())
    assert "a URL names no model" in out
    assert "got:   postgresql://…" in out


def test_a_folder_called_like_a_url_is_read(folder):
    place = folder / "s3:" / "bucket"
    place.mkdir(parents=True)
    (folder / "rows.csv").rename(place / "rows.csv")
    assert metric("s3:/bucket/rows.csv", "accuracy", min=0.2).estimate == 1
