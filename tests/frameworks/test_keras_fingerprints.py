from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from pytest_mlgates import MLGatesError  # noqa: E402
from pytest_mlgates.engines.differences import compare  # noqa: E402
from pytest_mlgates.engines.fingerprint import fingerprint  # noqa: E402


def network(dropout=0.5):
    rows = keras.Input((4,))
    hidden = keras.layers.Dense(3, activation="softmax")(rows)
    hidden = keras.layers.Dropout(dropout)(hidden)
    hidden = keras.layers.Dense(3, name="mine")(hidden)
    return keras.Model(rows, keras.layers.Dense(1)(hidden))


def trained(seed=1, **options):
    keras.utils.set_random_seed(seed)
    model = network(**options)
    model.compile("adam", "mse", metrics=["mae"])
    rows = np.random.default_rng(0).normal(size=(16, 4))
    model.fit(rows, rows[:, :1], epochs=2, verbose=0)
    return model


def paths(one, other):
    return [found.path for found in compare(fingerprint(one), fingerprint(other))]


def test_the_second_training_of_a_process_equals_the_first():
    """Its layers are called dense_2 and dense_3 by then."""
    one, other = trained(), trained()
    assert one.layers[1].name != other.layers[1].name
    assert paths(one, other) == []
    assert fingerprint(one.history) == fingerprint(other.history)


def test_another_seed_names_the_first_weight():
    assert paths(trained(), trained(seed=2))[0] == 'result.weights["dense/kernel"]'


def test_dropout_alone_makes_another_model():
    keras.utils.set_random_seed(1)
    one, other = network(), network(dropout=0.4)
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        theirs.assign(mine)
    found = paths(one, other)
    assert found[0] == 'result.config["layers"][2]["config"]["rate"]'


def test_a_layer_with_a_name_of_its_own_keeps_it():
    assert 'result.weights["mine/kernel"]' in paths(trained(), trained(seed=2))


def test_the_state_of_the_optimizer_is_part_of_a_compiled_model():
    one, other = trained(), trained()
    other.optimizer.variables[-1].assign_add([1.0])
    (found,) = paths(one, other)
    assert found.startswith('result.optimizer["variables"]')


def test_subclassed_models_are_their_layers_and_weights():
    class Own(keras.Model):
        def __init__(self, rate):
            super().__init__()
            self.inner = [keras.layers.Dense(2), keras.layers.Dropout(rate)]
            self.memory = keras.layers.LSTM(2)

        def call(self, rows):
            return self.memory(self.inner[1](self.inner[0](rows))[..., None])

    def made(rate=0.3):
        keras.utils.set_random_seed(1)
        model = Own(rate)
        model(np.ones((2, 3)))
        return model

    assert paths(made(), made()) == []
    assert paths(made(), made(rate=0.2)) == ['result.config[2]["config"]["rate"]']


def test_variables_optimizers_metrics_and_seeds():
    def values(number):
        optimizer = keras.optimizers.Adam(0.1 * number)
        metric = keras.metrics.MeanSquaredError()
        metric.update_state([1.0], [float(number)])
        seed = keras.random.SeedGenerator(number)
        variables = [
            keras.Variable(np.full(3, number), dtype=d, trainable=False)
            for d in ("float32", "bfloat16", "int32")
        ]
        return [optimizer, metric, seed, *variables]

    for one, same, other in zip(values(2), values(2), values(3), strict=True):
        assert fingerprint(one) == fingerprint(same)
        assert fingerprint(one) != fingerprint(other)


def test_a_model_without_weights_is_refused():
    with pytest.raises(MLGatesError, match="is not built"):
        fingerprint(keras.Sequential([keras.layers.Dense(1)]))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="this is the inner run")
def test_all_of_this_holds_on_the_backend_of_pytorch():
    """Where a layer of Keras is a module of PyTorch too."""
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "8 passed, 1 skipped" in done.stdout
