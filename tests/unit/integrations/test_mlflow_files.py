"""Models from a registry are judged before MLflow loads them, unless the registry is trusted."""

from __future__ import annotations

import pickle
import shutil

import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.integrations.mlflow import mlgates_load_model
from pytest_mlgates.integrations.mlflow_store import Store
from tests.model_files import touching

mlflow = pytest.importorskip("mlflow")
yaml = pytest.importorskip("yaml")


@pytest.fixture
def model(store, tmp_path):
    """The folder of a model whose files a test may change, and how it is referred to."""
    found = Store(mlflow, f"sqlite:///{store.base / 'mlflow.db'}").find("models:/credit/1")
    folder = tmp_path / "changed"
    shutil.copytree(found.folder, folder)
    return Changed(folder, store.models["credit"])


class Changed:
    def __init__(self, folder, estimator):
        self.folder, self.estimator = folder, estimator

    def flavors(self, *, function=None, sklearn=None):
        path = self.folder / "MLmodel"
        content = yaml.safe_load(path.read_text())
        content["flavors"]["python_function"].update(function or {})
        content["flavors"]["sklearn"].update(sklearn or {})
        path.write_text(yaml.safe_dump(content))

    def pickled(self, content, name="model.pkl"):
        (self.folder / name).write_bytes(content)
        self.flavors(
            function={"model_path": name},
            sklearn={"pickled_model": name, "serialization_format": "cloudpickle"},
        )

    def load(self, base):
        """As the registry gives it: from a folder that others may write to."""
        from pytest_mlgates.config.model_files import model_files_for
        from pytest_mlgates.integrations.mlflow_files import judged_copy
        from pytest_mlgates.integrations.mlflow_store import Found

        found = Found(name="credit v1", folder=self.folder, scratch=None)
        return judged_copy(found, "models:/credit/1", model_files_for(base))


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary"
    yield path
    assert not path.exists()


def test_what_scikit_learn_logs_is_loaded_without_trust(store, model):
    assert mlgates_load_model("models:/credit@champion", store.base).name == "credit v1"
    model.pickled(pickle.dumps(model.estimator))
    copy = model.load(store.base)
    assert copy.folder != model.folder
    assert (copy.folder / "model.pkl").read_bytes() == pickle.dumps(model.estimator)
    shutil.rmtree(copy.scratch)


def refused(model, base):
    with pytest.raises(MLGatesError, match="could run code which came with the model") as caught:
        model.load(base)
    assert "trust_registry = true" in caught.value.fix
    return caught.value.got


@pytest.mark.parametrize("name", ["model.pkl", "requirements.txt", "model"])
def test_a_hostile_pickle_is_refused_whatever_it_is_called(store, model, canary, name):
    model.pickled(touching(str(canary))["os.system"], name)
    assert "os.system" in refused(model, store.base)


@pytest.mark.parametrize(
    ("function", "sklearn", "words"),
    [
        ({"loader_module": "mlflow.pyfunc.model"}, {}, "'mlflow.pyfunc.model' loads it"),
        ({"loader_module": "evil"}, {}, "'evil' loads it"),
        ({"code": "code"}, {}, "it brings code, 'code'"),
        ({}, {"code": "code"}, "it brings code, 'code'"),
        ({"model_path": "../outside.pkl"}, {}, "is not a file in its folder"),
        ({}, {"pickled_model": "/etc/hostname"}, "is not a file in its folder"),
    ],
)
def test_a_model_that_says_itself_what_runs_is_refused(store, model, function, sklearn, words):
    model.flavors(function=function, sklearn=sklearn)
    assert words in refused(model, store.base)


def test_code_beside_a_model_is_refused(store, model):
    (model.folder / "helper.py").write_text("x = 1")
    assert "it brings code, 'helper.py'" in refused(model, store.base)


def test_skops_trusts_no_type_that_the_model_names_itself(store, model):
    io = pytest.importorskip("skops.io")
    io.dump({"x": Own()}, model.folder / "model.skops")
    model.flavors(sklearn={"skops_trusted_types": [f"{Own.__module__}.Own"]})
    assert "types that are not known to be harmless" in refused(model, store.base)


def test_a_trusted_registry_is_loaded_as_it_is(store, monkeypatch):
    from pytest_mlgates.integrations import mlflow as integration

    monkeypatch.setattr(integration, "judged_copy", lambda *_: pytest.fail("judged"))
    (store.base / "mlgates.toml").write_text("trust_registry = true\n")
    assert mlgates_load_model("models:/credit@champion", store.base).name == "credit v1"


def test_a_refused_model_of_a_gate_is_misuse_with_the_way_out(
    store, model, canary, monkeypatch, capsys
):
    from pytest_mlgates.cli import main
    from pytest_mlgates.integrations import mlflow_store

    model.pickled(touching(str(canary))["eval"])
    found = mlflow_store.Found(name="credit v1", folder=model.folder, scratch=None)
    monkeypatch.setattr(mlflow_store.Store, "find", lambda *_: found)
    store.frame.assign(y_true=1).to_csv(store.base / "h.csv", index=False)
    (store.base / "mlgates.toml").write_text(
        '[tables.h]\npath = "h.csv"\nmodel = "models:/credit@champion"\n'
        '[gates.g]\nkind = "metric"\ntable = "h"\nmetric = "accuracy"\nmin = 0.5\n'
    )
    assert main(["check", "--config", str(store.base / "mlgates.toml")]) == 2
    printed = capsys.readouterr()
    assert "would import builtins.eval" in printed.out + printed.err


class Own:
    def __init__(self):
        self.a = 1
