"""Plans of fairness gates beyond plain rates: every form is planned, and more rows show more."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import fairness, metric
from pytest_mlgates.cli import main

FORMS = {
    "to overall": 'metric = "true_positive_rate_difference"\nmethod = "to_overall"\nmax = 0.1',
    "mean": 'metric = "equalized_odds_difference"\nagg = "mean"\nmax = 0.1',
    "control": 'metric = "demographic_parity_difference"\ncontrol = "half"\nmax = 0.1',
    "numbers": 'metric = "mae_difference"\ny_pred = "y_score"\nmax = 0.1',
    "lowest": 'metric = "accuracy_score_group_min"\nmin = 0.7',
    "weights": 'metric = "selection_rate_ratio"\nsample_weight = "w"\nmin = 0.8',
    "clusters": 'metric = "demographic_parity_difference"\ncluster = "user"\nmax = 0.1',
    "f1 to overall": 'metric = "f1_score_difference"\nmethod = "to_overall"\nmax = 0.1',
    "auc": 'metric = "roc_auc_score_difference"\nsample_weight = "w"\ncluster = "user"\nmax = 0.1',
    "rmse to overall": 'metric = "rmse_difference"\nmethod = "to_overall"\ny_pred = "y_score"\n'
    "max = 0.1",
    "calibration": 'metric = "calibration_difference"\nmax = 0.1',
    "champion": 'metric = "demographic_parity_difference"\nno_worse_than = "old.parquet"\n'
    "margin = 0.1",
}


def rows(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    score = np.clip(truth * 0.35 + rng.random(n) * 0.65, 0, 1)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_score": score,
            "y_pred": (score > 0.5).astype(int),
            "region": rng.choice(list("abc"), n),
            "half": rng.choice(["x", "y"], n),
            "user": rng.integers(0, max(40, n // 8), n),
            "w": rng.uniform(0.5, 2, n),
            "id": np.arange(n),
        }
    )


def planned(folder, form: str, n: int) -> dict:
    table = rows(n)
    table.to_parquet(folder / "h.parquet")
    flipped = np.random.default_rng(5).random(n) < 0.1
    old = table.assign(y_pred=np.where(flipped, 1 - table["y_pred"], table["y_pred"]))
    old.to_parquet(folder / "old.parquet")
    (folder / "mlgates.toml").write_text(
        '[tables.h]\npath = "h.parquet"\n[gates.g]\nkind = "fairness"\ntable = "h"\n'
        f'by = "region"\n{FORMS[form]}\n'
    )
    assert main(["plan", "--json", "plan.json"]) == 0
    (found,) = json.loads((folder / "plan.json").read_text())["plans"]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_planned_and_four_times_the_rows_settle_half(
    form, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    few, many = (planned(tmp_path, form, n)["bounds"][0] for n in (1500, 6000))
    small, large = (one["settles"]["violation"] for one in (few, many))
    assert 1.5 < small / large < 2.7
    assert few["chance_of_proof"] <= many["chance_of_proof"] + 0.02
    assert few["bottleneck"]["where"]
    assert few["rows_needed"][0]["count"] > 0
    assert "approximate" in capsys.readouterr().out


def plan_of(folder, table: pd.DataFrame, gate: str) -> dict:
    table.to_parquet(folder / "h.parquet")
    (folder / "mlgates.toml").write_text(
        f'[tables.h]\npath = "h.parquet"\n[gates.g]\ntable = "h"\n{gate}\n'
    )
    assert main(["plan", "--json", "plan.json"]) == 0
    return json.loads((folder / "plan.json").read_text())["plans"][0]["bounds"][0]


def test_the_worst_of_two_groups_is_proven_as_often_as_planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)

    def drawn():
        group = np.repeat([0, 1], [300, 3000])
        truth = rng.integers(0, 2, 3300)
        predicted = np.where(rng.random(3300) < 0.9, truth, 1 - truth)
        return pd.DataFrame({"g": group, "y_true": truth, "y_pred": predicted})

    gate = 'kind = "fairness"\nmetric = "accuracy_score_group_min"\nby = "g"\nmin = 0.865'
    chances = [plan_of(tmp_path, drawn(), gate)["chance_of_proof"] for _ in range(8)]
    found = [
        fairness(drawn(), "accuracy_score_group_min", by="g", min=0.865).finding.value == "proven"
        for _ in range(200)
    ]
    assert np.mean(chances) == pytest.approx(np.mean(found), abs=0.15)


@pytest.mark.parametrize(("name", "limit"), [("mae", 2.0), ("rmse", 5.0)])
def test_errors_far_from_their_bound_are_planned_as_large_as_they_would_be(
    tmp_path, monkeypatch, name, limit
):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)

    def drawn(value):
        spread = value / (np.sqrt(2 / np.pi) if name == "mae" else 1)
        truth = rng.normal(size=800)
        return pd.DataFrame({"y_true": truth, "y_pred": truth + rng.normal(0, spread, 800)})

    gate = f'kind = "metric"\nmetric = "{name}"\nmax = {limit}'
    settled = plan_of(tmp_path, drawn(0.4), gate)["settles"]["value"]
    found = [metric(drawn(settled), name, max=limit).finding.value for _ in range(200)]
    assert found.count("disproven") / 200 == pytest.approx(0.8, abs=0.1)


def test_errors_that_grow_faster_than_their_distance_settle_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = pd.DataFrame({"y_true": [0.0] * 3, "y_pred": [0.1, 0.2, 9.0]})
    found = plan_of(tmp_path, few, 'kind = "metric"\nmetric = "mae"\nmax = 1.0')
    assert found["settles"]["value"] is None


def test_the_chance_of_a_proof_is_what_a_simulation_finds(tmp_path, monkeypatch):
    """Within .12: normal errors, from the bounds of one table."""
    monkeypatch.chdir(tmp_path)
    n, runs = 1200, 120
    chance = planned(tmp_path, "to overall", n)["bounds"][0]["chance_of_proof"]
    proven = 0
    for seed in range(1, runs + 1):
        found = fairness(
            rows(n, seed),
            "true_positive_rate_difference",
            by="region",
            method="to_overall",
            max=0.1,
        )
        proven += str(found.finding) == "proven"
    assert proven / runs == pytest.approx(chance, abs=0.12)
