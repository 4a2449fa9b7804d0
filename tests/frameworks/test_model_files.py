"""What the frameworks write is judged rightly: their own models pass, code in them does not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from pytest_mlgates.engines.model_files.judge import judge
from tests.model_files import touching

# Of the frameworks among themselves, while they save.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

ROWS = np.random.default_rng(0).random((40, 3))
LABELS = (ROWS[:, 0] > 0.5).astype(int)


def judged(path):
    found = judge(path.read_bytes(), path.name)
    return [one.what for one in found.troubles]


@pytest.mark.parametrize("zipped", [True, False])
def test_torch(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.LayerNorm(4))
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    net(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    for name, content in (("state.pt", state), ("net.pth", net)):
        torch.save(content, tmp_path / name, _use_new_zipfile_serialization=zipped)
        assert judged(tmp_path / name) == []
    torch.save(Evil(), tmp_path / "evil.pt", _use_new_zipfile_serialization=zipped)
    assert "posix.system" in judged(tmp_path / "evil.pt")[0]


def test_torchscript_is_refused(tmp_path):
    torch = pytest.importorskip("torch")
    torch.jit.save(torch.jit.trace(torch.nn.Linear(3, 1), torch.ones(1, 3)), tmp_path / "s.pt")
    assert any("TorchScript" in one for one in judged(tmp_path / "s.pt"))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_keras(tmp_path, suffix):
    keras = pytest.importorskip("keras")
    pytest.importorskip("h5py")
    layers = [
        keras.layers.Input((3,)),
        keras.layers.Dense(4, activation="relu", kernel_regularizer="l2"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.1),
    ]
    model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(), "binary_crossentropy", metrics=["accuracy"])
    model.fit(ROWS, LABELS, verbose=0)
    model.save(tmp_path / f"m.{suffix}")
    assert judged(tmp_path / f"m.{suffix}") == []
    evil = keras.Sequential([*layers, keras.layers.Lambda(lambda x: x)])
    evil.save(tmp_path / f"evil.{suffix}")
    assert any("Lambda" in one for one in judged(tmp_path / f"evil.{suffix}"))


def test_weights_of_keras(tmp_path):
    keras = pytest.importorskip("keras")
    pytest.importorskip("h5py")
    keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)]).save_weights(
        tmp_path / "m.weights.h5"
    )
    assert judged(tmp_path / "m.weights.h5") == []


def test_xgboost(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=2).fit(ROWS, LABELS)
    for name in ("m.json", "m.ubj"):
        model.save_model(tmp_path / name)
        assert judged(tmp_path / name) == []
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
    assert judged(tmp_path / "m.pkl") == []


def test_lightgbm(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=1, verbose=-1)
    model.fit(ROWS, LABELS)
    model.booster_.save_model(tmp_path / "m.txt")
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
    for name in ("m.txt", "m.pkl"):
        assert judged(tmp_path / name) == []


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("true",)


def test_the_payloads_are_seen_with_the_frameworks_installed_too():
    for content in touching("canary").values():
        assert not judge(content, "m.pt").is_safe
