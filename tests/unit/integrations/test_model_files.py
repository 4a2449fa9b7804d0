"""Models from pickles and joblib's files: loaded after the same scan as the hook's, else not."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.integrations.model_files import mlgates_load_model
from tests.model_files import LFS_POINTER, safetensors, touching

joblib = pytest.importorskip("joblib")
linear_model = pytest.importorskip("sklearn.linear_model")

CONFIG = """
[tables.h]
path = "h.parquet"
model = "{model}"

[gates.better]
kind = "metric"
table = "h"
metric = "accuracy"
{bound}
"""


class Net:
    """A class of the project's own."""

    def predict(self, frame):
        return (frame["a"] > 0).astype(int).to_numpy()


@pytest.fixture
def project(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"])
    truth = (frame["a"] > 0).astype(int)
    frame.assign(y_true=truth).to_parquet(tmp_path / "h.parquet")
    model = linear_model.LogisticRegression().fit(frame, truth)
    joblib.dump(model, tmp_path / "new.joblib", compress=3)
    (tmp_path / "old.pkl").write_bytes(pickle.dumps(model))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not (tmp_path / "canary").exists()


def check(project, model, extra="", bound="min = 0.9"):
    (project / "mlgates.toml").write_text(CONFIG.format(model=model, bound=bound) + extra)
    return main(["check"])


def test_a_file_is_model_and_champion(project):
    assert check(project, "new.joblib", bound='no_worse_than = "old.pkl"\nmargin = 0.01') == 0
    evidence = (project / ".mlgates/evidence.json").read_text()
    assert '"champion": "old.pkl"' in evidence.replace('":"', '": "')


def test_the_digest_is_the_one_of_the_file(project):
    model = mlgates_load_model("old.pkl", project)
    assert (
        model.digest == "sha256:" + hashlib.sha256((project / "old.pkl").read_bytes()).hexdigest()
    )
    assert model.features == ("a", "b")
    assert model.classes == (0, 1)


@pytest.mark.parametrize("kind", touching("canary"))
def test_a_hostile_file_is_refused_and_does_not_run(project, capsys, kind):
    (project / "bad.joblib").write_bytes(touching("canary")[kind])
    assert check(project, "bad.joblib") == 2
    printed = capsys.readouterr()
    assert "model file 'bad.joblib' is not safe to load" in printed.out + printed.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.pkl", None, "there is no model file 'gone.pkl'"),
        ("pointer.pkl", LFS_POINTER, "git lfs pull"),
        ("safe.pkl", safetensors(), "holds no pickle"),
        ("list.pkl", pickle.dumps([1]), "holds no model"),
        ("cut.pkl", pickle.dumps([1, 2])[:-2], "is a broken pickle"),
    ],
)
def test_a_file_that_is_no_model_is_misuse(project, capsys, name, content, words):
    if content is not None:
        (project / name).write_bytes(content)
    assert check(project, name) == 2
    printed = capsys.readouterr()
    assert words in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


def test_a_class_of_the_project_is_loaded_once_it_is_allowed(project, capsys):
    (project / "net.pkl").write_bytes(pickle.dumps(Net()))
    assert check(project, "net.pkl") == 2
    assert f"{Net.__module__}.Net, which is not known to be harmless" in capsys.readouterr().out
    allowed = f'\n[model-files]\nallow_globals = ["{Net.__module__}.Net"]\n'
    assert check(project, "net.pkl", allowed) == 0


def test_a_file_is_loaded_by_its_digest(project):
    content = pickle.dumps(Net())
    (project / "net.pkl").write_bytes(content)
    entry = f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nreason = "ours"\n'
    assert check(project, "net.pkl", f"\n[[model-files.allow]]\n{entry}") == 0
    (project / "net.pkl").write_bytes(touching("canary")["os.system"])
    assert check(project, "net.pkl", f"\n[[model-files.allow]]\n{entry}") == 2


def test_what_does_not_load_is_told_in_one_message(project, capsys):
    (project / "odd.pkl").write_bytes(
        b"csklearn.linear_model._logistic\nLogisticRegression\n(I1\nI2\ntR."
    )
    assert check(project, "odd.pkl") == 2
    printed = capsys.readouterr()
    assert "model file 'odd.pkl' does not load" in printed.out + printed.err
