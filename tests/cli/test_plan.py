"""``mlgates plan``: what people read before a gate is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.projects import CONFIGURATION, holdout, write_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path)


def changed(old: str, new: str) -> None:
    path = Path("pyproject.toml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_every_gate_has_its_block(project, capsys):
    assert main(["plan"]) == 0
    assert capsys.readouterr().out == (
        " schema   data_schema\n"
        "   exact: every row is judged, so any number of rows settles it\n"
        "\n"
        " accuracy   accuracy  min 0.60  on holdout.csv, n=400 (95 %)\n"
        "   settles  a violation of 0.062 or more (a true value of 0.538)\n"
        "   proven   in over 99 % of cases if it is truly 0.800, as it looks\n"
        "   rows     about 32 rows prove it if it is truly 0.800, well on the right side\n"
        "   so       what matters is settled, and a proof is to be expected\n"
        "\n"
        " parity   demographic_parity_difference by sex  max 0.40  on holdout.csv, n=400 (95 %)\n"
        "   settles  a violation of 0.129 or more (a true value of 0.529)\n"
        "   worst    F (200 rows): a violation of 0.129 or more (a true value of 0.529)\n"
        "   proven   in over 99 % of cases if all groups are truly equal\n"
        "   rows     about 22 rows in every group prove it if all groups are truly equal, "
        "at 0.500\n"
        "   so       what matters is settled, and a proof is to be expected\n"
        "   note     2 groups\n"
        "\n"
        " training   reproducibility\n"
        "   exact: what the runs return is compared, so rows play no part\n"
        "\n"
        " 4 gates planned; nothing was evaluated\n"
    )
    assert not (project / ".mlgates").exists()


def test_no_rows_settle_nothing(project, capsys):
    Path("data/applications.csv").unlink()
    assert main(["plan", "schema"]) == 2
    out = capsys.readouterr().out
    assert out.startswith(
        " schema   could not be planned\n"
        "   no file matches 'data/*.csv'\n"
        "     where: pyproject.toml [tool.mlgates.tables.applications] path\n"
    )
    assert "any number of rows" not in out
    Path("contracts/applications.json").unlink()
    assert main(["plan", "schema"]) == 2
    out = capsys.readouterr().out
    assert "no file matches" in out
    assert "suite 'contracts/applications.json' cannot be read" in out


def test_a_suite_that_cannot_be_read_is_no_plan(project, capsys):
    Path("contracts/applications.json").write_text("{")
    assert main(["plan", "schema"]) == 2
    assert "suite 'contracts/applications.json' is not JSON" in capsys.readouterr().out


def test_gates_that_cannot_show_anything_are_called_so(project, capsys):
    changed("max = 0.4", "max = 0.01")
    (project / "holdout.csv").write_text(holdout(20))
    assert main(["plan", "parity"]) == 0
    out = capsys.readouterr().out
    verdict = "cannot settle anything useful and `promote` will practically never prove it"
    assert f"   so       {verdict}\n" in out
    assert " 1 gate planned: 1 cannot settle anything useful, 1 that `promote` will" in out


def test_json_has_what_people_read(project, capsys):
    assert main(["plan", "accuracy", "--json", "-"]) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert "1 gate planned" in said.err
    (plan,) = record["plans"]
    assert (plan["id"], plan["n"], plan["can_settle"], plan["exact"]) == (
        "accuracy",
        400,
        True,
        False,
    )
    assert plan["bounds"][0]["rows_needed"][0]["count"] == 32
    assert main(["plan", "--json", "out/plan.json"]) == 0
    assert len(json.loads(Path("out/plan.json").read_text())["plans"]) == 4


def test_what_a_model_prints_is_not_among_the_json(project, capfd):
    Path("loud_model.py").write_text(
        "import os\n"
        "def predict(features):\n"
        "    print('loud')\n"
        "    os.write(1, b'louder')\n"
        "    return [1] * len(features)\n"
    )
    changed('path = "holdout.csv"', 'path = "holdout.csv"\nmodel = "loud_model:predict"')
    (project / "holdout.csv").write_text("y_true,x\n" + "1,2\n0,3\n" * 100)
    assert main(["plan", "accuracy", "--json", "-"]) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["plans"][0]["n"] == 200
    assert "louder" in said.err


def test_an_unwritable_json_is_misuse_after_the_plan_was_shown(project, capsys):
    assert main(["plan", "accuracy", "--json", "data"]) == 2
    said = capsys.readouterr()
    assert "1 gate planned" in said.out
    assert "'data' cannot be written" in said.err


def test_an_unknown_gate_is_misuse(project, capsys):
    assert main(["plan", "acuracy"]) == 2
    assert "did you mean 'accuracy'?" in capsys.readouterr().err


def test_no_configuration_is_misuse(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["plan"]) == 2
    assert "mlgates plan --config" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[tool.mlgates", "[tool.mlgates]\nconfidnce = 0.9\n"])
def test_a_broken_configuration_is_misuse(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    Path("broken.toml").write_text(text)
    Path("pyproject.toml").write_text(text)
    assert main(["plan", "--config", "pyproject.toml"]) == 2
    assert "pyproject.toml" in capsys.readouterr().err


def test_config_names_another_file(project, tmp_path_factory, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert main(["plan", "accuracy", "--config", str(project / "pyproject.toml")]) == 0
    assert "n=400" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "holdout.csv"),
        ("y_true,y_pred,sex\n", "0 rows"),
        ("y_true,sex\n1,F\n0,M\n", "'y_pred' is not in table"),
        ("y_true,y_pred,sex\n1,,F\n0,0,M\n", "missing in 1 of 2 rows"),
        ("y_true,y_pred,sex\n1,0.3,F\n0,0.2,M\n", "probabilities"),
    ],
)
def test_a_gate_that_cannot_be_planned_is_misuse_and_the_others_are_planned(
    project, capsys, content, said
):
    path = project / "holdout.csv"
    path.unlink() if content is None else path.write_text(content)
    assert main(["plan"]) == 2
    out = capsys.readouterr().out
    assert " accuracy   could not be planned\n" in out
    assert said in out
    assert " schema   data_schema\n" in out
    assert "2 gates planned; 2 could not be planned" in out


def test_a_wrong_column_is_named(project, capsys):
    changed('by = "sex"', 'by = "gender"')
    assert main(["plan", "parity", "--json", "-"]) == 2
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert "'gender' is not in table 'holdout.csv'" in plan["error"]
    assert plan["can_settle"] is None


def test_a_terminal_of_ascii_gets_ascii(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, configuration=CONFIGURATION.replace('"sex"', '["sex", "y_score"]'))
    assert main(["plan", "parity"]) == 0
    assert "by sex × y_score" in capsys.readouterr().out
