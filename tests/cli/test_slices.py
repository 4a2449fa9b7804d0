"""``mlgates slices``: where a model is weak, in the words that people read."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.cli import main


def weak_table(n: int = 4000, *, weak: bool = True) -> pd.DataFrame:
    """Every tenth answer is wrong; of those from the north by phone every second."""
    k = np.arange(n)
    region = np.array(["north", "south", "east", "west"])[k // 10 % 4]
    channel = np.array(["phone", "desk"])[k // 40 % 2]
    truth = k // 80 % 2
    wrong = k % 10 == 0
    if weak:
        wrong |= (region == "north") & (channel == "phone") & (k % 2 == 1)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(wrong, 1 - truth, truth),
            "region": region,
            "channel": channel,
            "age": 20 + k * 7 % 60,
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weak_table().to_csv("holdout.csv", index=False)
    return tmp_path


CONFIGURATION = """
[tool.mlgates.tables.holdout]
path = "holdout.csv"
"""


def test_the_weak_slice_is_shown_with_the_gate_that_holds_it(folder, capsys):
    assert main(["slices", "holdout.csv", "--by", "region", "channel"]) == 0
    assert capsys.readouterr().out == (
        " holdout.csv: accuracy 0.838 on 4,000 rows\n"
        "\n"
        " significantly worse than the rest (95 % for all looks together):\n"
        "   slice                         rows  accuracy  the rest  worse by  at least\n"
        "   region=north, channel=phone    500     0.400     0.900     0.500     0.438\n"
        "   region=north                 1,000     0.650     0.900     0.250     0.207\n"
        "   channel=phone                2,000     0.775     0.900     0.125     0.094\n"
        "\n"
        " looked at 14 slices, by region, channel and up to 2 at once; bounds corrected for all of "
        "them\n"
        "\n"
        " a gate that holds the first; choose what every slice must reach (min):\n"
        "\n"
        "   [tool.mlgates.gates.accuracy-by-region-channel]\n"
        '   kind = "metric"\n'
        '   table = "holdout"\n'
        '   metric = "accuracy"\n'
        '   by = ["region", "channel"]\n'
        "   min = 0.83\n"
        "\n"
        '   @pytest.mark.metric("accuracy", by=["region", "channel"], min=0.83)\n'
    )


def test_the_gate_that_is_shown_fails_on_this_table(folder, capsys):
    assert main(["slices", "holdout.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("   [tool.mlgates.gates.accuracy-by-region-channel]")
    toml = CONFIGURATION + "\n".join(line.strip() for line in lines[start : start + 6])
    assert tomllib.loads(toml)
    Path("pyproject.toml").write_text(toml)
    assert main(["check"]) == 1
    assert "region=north, channel=phone" in capsys.readouterr().out


def test_where_nothing_is_worse_that_is_said_with_the_number_of_looks(folder, capsys):
    weak_table(weak=False).to_csv("holdout.csv", index=False)
    assert main(["slices", "holdout.csv", "--by", "region", "channel", "--depth", "1"]) == 0
    out = capsys.readouterr().out
    assert " no slice of 6 is significantly worse (95 % for all looks together)\n" in out
    assert "[tool" not in out


def test_every_column_without_a_role_is_searched_and_numbers_in_bands(folder, capsys):
    assert main(["slices", "holdout.csv", "--top", "1"]) == 0
    out = capsys.readouterr().out
    assert "by region, channel, age* and up to 2 at once" in out
    assert " * over 10 numbers, in 5 bands of about as many rows\n" in out
    assert "more: --top" in out


def test_a_band_says_its_edges_for_the_column_to_be_written(folder, capsys):
    table = weak_table(weak=False)
    old = table.age > 70
    table.loc[old, "y_pred"] = 1 - table.loc[old, "y_true"]
    table.to_csv("holdout.csv", index=False)
    assert main(["slices", "holdout.csv", "--by", "age"]) == 0
    out = capsys.readouterr().out
    assert "   age over 67 " in out
    assert '   by = "age_band"\n' in out
    edges = "upper edges 31, 43, 55, 67"
    assert f" age_band: write the bands of age where the table is made: {edges}\n" in out


def test_json_has_every_slice(folder, capsys):
    assert main(["slices", "holdout.csv", "--by", "region", "channel", "--json", "-"]) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert "significantly worse" in said.err
    assert (record["slices_looked_at"], record["correction"]) == (14, "bonferroni")
    assert record["slices"][0]["by"] == ["region", "channel"]
    assert record["slices"][0]["group"] == ["north", "phone"]
    assert record["slices"][0]["value"] == pytest.approx(0.4)


def test_a_declared_table_brings_its_roles(folder, capsys):
    weak_table().rename(columns={"y_true": "label", "y_pred": "answer"}).to_csv(
        "holdout.csv", index=False
    )
    Path("mlgates.toml").write_text(
        'y_pred = "answer"\n[tables.scored]\npath = "holdout.csv"\ny_true = "label"\n'
    )
    assert main(["slices", "scored", "--by", "region"]) == 0
    out = capsys.readouterr().out
    assert "   region=north" in out
    assert "   [gates.accuracy-by-region]\n" in out
    assert '   table = "scored"\n' in out
    assert main(["slices", "holdout.csv", "--by", "region"]) == 0  # the same table by its path


def test_the_command_line_stands_over_the_declared_roles(folder, capsys):
    weak_table().assign(other=0).to_csv("holdout.csv", index=False)
    arguments = ["--by", "region", "--y-pred", "other", "--metric", "recall", "--pos-label", "1"]
    assert main(["slices", "holdout.csv", *arguments]) == 0
    assert "recall 0.000" in capsys.readouterr().out


def test_labels_that_are_text_need_the_positive_one(folder, capsys):
    table = weak_table()
    names = {0: "good", 1: "bad"}
    table.assign(y_true=table.y_true.map(names), y_pred=table.y_pred.map(names)).to_csv(
        "holdout.csv", index=False
    )
    assert main(["slices", "holdout.csv", "--metric", "recall"]) == 2
    assert "which label" in capsys.readouterr().err
    assert main(["slices", "holdout.csv", "--metric", "recall", "--pos-label", "bad"]) == 0
    assert "region=north, channel=phone" in capsys.readouterr().out
    assert main(["slices", "holdout.csv", "--metric", "recall", "--pos-label", "ba"]) == 2
    assert "does not occur" in capsys.readouterr().err


def test_a_private_table_shows_no_value(folder, capsys):
    Path("pyproject.toml").write_text(CONFIGURATION + "private = true\n")
    for name in ("holdout", "holdout.csv"):
        assert main(["slices", name, "--json", "record.json"]) == 0
        out = capsys.readouterr().out + Path("record.json").read_text()
        assert "region=group 2, channel=group 2" in out
        for value in ("north", "phone", "over 31", "upper edges"):
            assert value not in out
    assert main(["slices", "holdout.csv", "--private"]) == 0
    assert "north" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["holdout.csv", "--by", "regoin"], "did you mean 'region'?"),
        (["holdout.csv", "--by", "y_pred"], "would judge nothing"),
        (["holdout.csv", "--y-true", "label"], "'label' is not in table"),
        (["holdout.csv", "--y-true", "label"], "fix:   name what plays the role: --y-true COLUMN"),
        (["holdout.csv", "--metric", "brier"], "what plays the role: --y-score COLUMN"),
        (["holdout.csv", "--metric", "acuracy"], "did you mean 'accuracy'?"),
        (["holdout.csv", "--metric", "average_precision"], "roc_auc finds"),
        (["holdout.csv", "--metric", "roc_auc"], "'y_score' is not in table"),
        (["holdout.csv", "--cluster", "y_pred"], "how the rows were drawn"),
        (["holdout.csv", "--sample-weight", "region"], "weights are numbers"),
        (["holdout.csv", "--cluster", "user"], "'user' is not in table"),
        (["holdout.csv", "--metric", "brier"], "'y_score' is not in table"),
        (["holdout.csv", "--y-true", "y_pred"], "always be right"),
        (["holdout.csv", "--config", "none.toml"], "none.toml"),
        (["holdout.csv", "--json", "."], "cannot be written"),
    ],
)
def test_misuse_is_told_in_words(folder, capsys, arguments, said):
    assert main(["slices", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--depth=4", "--min-rows=0", "--top=x", "--confidence=2"])
def test_options_out_of_range_are_misuse(folder, capsys, option):
    assert main(["slices", "holdout.csv", option]) == 2
    assert option.split("=")[0] in capsys.readouterr().err


def test_a_broken_configuration_is_misuse(folder, capsys):
    Path("pyproject.toml").write_text("[tool.mlgates]\nconfidnce = 1\n")
    assert main(["slices", "holdout.csv"]) == 2
    assert "confidnce" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("y_true,y_pred,region\n", "0 rows"),
        ("y_true,y_pred,region\n1,,a\n0,0,b\n", "missing in 1 of 2 rows"),
        ("y_true,y_pred\n1,1\n0,0\n", "no column to cut by"),
        ("y_true,y_pred,region\n1,0.4,a\n0,0.3,b\n", "probabilities"),
    ],
)
def test_tables_that_cannot_be_searched_are_misuse(folder, capsys, content, said):
    Path("holdout.csv").write_text(content)
    assert main(["slices", "holdout.csv"]) == 2
    assert said in capsys.readouterr().err


def test_weights_and_clusters_are_respected_and_said(folder, capsys):
    weak_table().assign(w=1, user=np.arange(4000) // 2).to_csv("holdout.csv", index=False)
    given = ["--sample-weight", "w", "--cluster", "user"]
    assert main(["slices", "holdout.csv", *given, "--json", "-"]) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert (record["weighted"], record["clustered"]) == (True, True)
    assert "by region, channel, age* and" in said.err
    assert " values and bounds are weighted and by clusters\n" in said.err
    first = record["slices"][0]
    assert (first["group"], first["value"]) == (["north", "phone"], pytest.approx(0.4))


def test_rows_of_few_clusters_are_no_evidence_and_a_query_is_a_cluster(folder, capsys):
    weak_table().assign(day=np.arange(4000) // 1000).to_csv("holdout.csv", index=False)
    for role in ("cluster", "query"):
        Path("pyproject.toml").write_text(f'[tool.mlgates]\n{role} = "day"\n')
        assert main(["slices", "holdout.csv", "--by", "region"]) == 0
        assert "values and bounds are by clusters" in capsys.readouterr().out


def test_slices_without_a_value_are_counted_and_never_passed_over(folder, capsys):
    table = weak_table(weak=False)
    table["y_score"] = table.y_pred + np.arange(4000) % 7 / 10
    table.loc[table.region == "west", "y_true"] = 1
    table.to_csv("holdout.csv", index=False)
    given = ["slices", "holdout.csv", "--metric", "roc_auc", "--by", "region", "--json", "-"]
    assert main(given) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["slices_without_value"] == 1
    assert " 1 slice not judged: they, or the rest, hold one class only\n" in said.err
    assert "looked at 3 slices" in said.err


def test_where_no_slice_has_a_value_there_is_no_clean_bill(folder, capsys):
    table = weak_table()
    table["y_score"], table["y_true"] = table.age / 100, (table.region == "west") * 1
    table.to_csv("holdout.csv", index=False)
    assert main(["slices", "holdout.csv", "--metric", "roc_auc", "--by", "region"]) == 2
    assert "4 slices, or their rests, hold one class only" in capsys.readouterr().err


@pytest.mark.parametrize("metric", ["roc_auc", "rmse", "r2", "accuracy", "brier", "mape", "f1"])
@pytest.mark.parametrize("drawn", [[], ["--sample-weight", "w", "--cluster", "user"]])
def test_the_gate_that_is_shown_is_accepted_and_fails_on_this_table(folder, capsys, metric, drawn):
    rng = np.random.default_rng(0)
    table = weak_table(2000)
    bad = (table.region == "north") & (table.channel == "phone")
    if metric in ("rmse", "r2", "mape"):
        table["y_true"] = 20 + rng.normal(size=2000)
        table["y_pred"] = table.y_true + rng.normal(size=2000) * np.where(bad, 3, 0.5)
    table["y_score"] = np.where(bad, 0.9 - 0.8 * table.y_pred, 0.1 + 0.8 * table.y_pred)
    table["w"], table["user"] = rng.lognormal(size=2000), np.arange(2000) // 2
    table.rename(columns={"y_true": "truth"}).to_csv("holdout.csv", index=False)
    given = ["--metric", metric, "--y-true", "truth", *drawn, "--by", "region", "channel"]
    given += ["--pos-label", "1"] if metric in ("roc_auc", "brier", "f1") else []
    assert main(["slices", "holdout.csv", *given]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("   [tool.mlgates.gates."))
    shown = [line.strip() for line in lines[start : lines.index("", start)]]
    Path("pyproject.toml").write_text(CONFIGURATION + "\n".join(shown))
    assert main(["check"]) == 1
    assert "region=north, channel=phone" in capsys.readouterr().out
    marker = next(line.strip() for line in lines if "@pytest.mark" in line)
    assert all(f"{line.partition(' = ')[0]}=" in marker for line in shown[4:])


def test_no_slice_to_look_at_is_misuse_and_no_clean_bill(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [f"{i % 2},{i % 2},{'ab'[i % 3 == 0]}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["y_true,y_pred,part", *lines]) + "\n")
    assert main(["slices", "t.csv", "--min-rows", "900"]) == 2
    assert "has no slice to look at" in capsys.readouterr().err


def test_roles_that_no_column_plays_are_told_at_once_with_their_options(folder, capsys):
    weak_table().rename(columns={"y_true": "label", "y_pred": "guess"}).to_csv("odd.csv")
    assert main(["slices", "odd.csv"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(
        "y_true 'y_true' is not in table 'odd.csv'; y_pred 'y_pred' is not in table 'odd.csv'\n"
        "  got:   columns "
    )
    assert err.count("'label'") == 1
    assert err.endswith("name what plays the role: --y-true COLUMN --y-pred COLUMN\n")


def test_every_column_is_named_once(folder, capsys):
    assert main(["slices", "holdout.csv"]) == 0
    out = capsys.readouterr().out
    (looked,) = [line for line in out.splitlines() if line.startswith(" looked at ")]
    assert looked.count("age") == 1
    assert " * over 10 numbers, in 5 bands of about as many rows\n" in out


def test_the_id_of_a_declared_gate_is_not_proposed_again(folder, capsys):
    gate = 'kind = "metric"\ntable = "t"\nmetric = "accuracy"\nmin = 0.5\n'
    Path("mlgates.toml").write_text(
        f'[tables.t]\npath = "holdout.csv"\n[gates.accuracy-by-region-channel]\n{gate}'
    )
    assert main(["slices", "t"]) == 0
    assert "   [gates.accuracy-by-region-channel-2]\n" in capsys.readouterr().out
