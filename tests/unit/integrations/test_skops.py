"""Models in .skops files: as table models and as champions, and none that could run code."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.cli import main

io = pytest.importorskip("skops.io")
linear_model = pytest.importorskip("sklearn.linear_model")
dummy = pytest.importorskip("sklearn.dummy")

CONFIG = """
[tables.h]
path = "h.parquet"
model = "new.skops"

[gates.better]
kind = "metric"
table = "h"
metric = "accuracy"
no_worse_than = "{champion}"
margin = 0.01
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    truth = (frame["a"] + rng.normal(0, 0.3, 400) > 0).astype(int)
    io.dump(linear_model.LogisticRegression().fit(frame, truth), tmp_path / "new.skops")
    io.dump(dummy.DummyClassifier().fit(frame, truth), tmp_path / "old.skops")
    frame.assign(y_true=truth).to_parquet(tmp_path / "h.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(project, champion, capsys):
    (project / "mlgates.toml").write_text(CONFIG.format(champion=champion))
    code = main(["check", "--json", "out.json"])
    return code, capsys.readouterr(), json.loads((project / "out.json").read_text())


def test_evidence_is_about_the_judged_file_and_not_about_its_champion(project, capsys):
    check(project, "old.skops", capsys)
    assert main(["verify", ".mlgates/evidence.json", "--model", "new.skops"]) == 0
    assert main(["verify", ".mlgates/evidence.json", "--model", "old.skops"]) == 1
    assert "it is about another model than 'old.skops'" in capsys.readouterr().out


def test_a_file_is_model_and_champion(project, capsys):
    code, _, found = check(project, "old.skops", capsys)
    assert code == 0
    verdict = found["verdicts"][0]
    assert verdict["finding"] == "proven"
    assert verdict["details"][-1]["champion"] == "old.skops"
    assert verdict["details"][-1]["champion_digest"].startswith("sha256:")
    assert verdict["estimate"] > 0.2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.skops", "there is no model file 'gone.skops'"),
        ("cut.skops", "cannot be read"),
        ("own.skops", "not known to be harmless"),
    ],
)
def test_a_file_that_is_none_is_misuse_in_one_message(project, capsys, name, words):
    whole = (project / "old.skops").read_bytes()
    (project / "cut.skops").write_bytes(whole[: len(whole) // 2])
    io.dump({"x": Suspicious()}, project / "own.skops")
    code, printed, _ = check(project, name, capsys)
    assert code == 2
    assert words in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


class Suspicious:
    """What a stranger put into a file."""

    def __init__(self):
        self.a = 1

    def __setstate__(self, state):
        raise AssertionError("opened")
