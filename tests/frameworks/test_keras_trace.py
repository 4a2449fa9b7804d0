"""A Keras fit tells its stages from one callback; what differs first is named, and why."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from pytest_mlgates import reproducibility, seed, trace_keras  # noqa: E402

ROWS = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
LABELS = (ROWS[:, :1] > 0).astype("float32")


def train(*, seeded=True, dropout=0.0, shuffle=False, weights_seeded=False, batches=False):
    if seeded:
        keras.utils.set_random_seed(3)
    start = keras.initializers.GlorotUniform(seed=1) if weights_seeded else "glorot_uniform"
    dense = partial(keras.layers.Dense, kernel_initializer=start)
    layers = [keras.Input((6,)), dense(8, activation="relu"), keras.layers.Dropout(dropout)]
    model = keras.Sequential([*layers, dense(1)])
    model.compile("adam", "mse")
    traced = trace_keras(batches=batches)
    model.fit(ROWS, LABELS, epochs=2, shuffle=shuffle, verbose=0, callbacks=[traced])
    return model.predict(ROWS, verbose=0)


def stages(verdict):
    return [one["stage"] for one in verdict.details[0]["stages"]]


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "fresh"])
def test_a_seeded_fit_is_proven_with_all_its_stages(fresh):
    verdict = reproducibility(partial(train, dropout=0.5, shuffle=True), fresh_process=fresh)
    assert verdict.passed, verdict.message
    assert stages(verdict) == [
        "keras.weights 0",
        *("keras.loss 1", "keras.weights 1", "keras.optimizer 1"),
        *("keras.loss 2", "keras.weights 2", "keras.optimizer 2"),
    ]


def test_unseeded_weights_are_named():
    message = reproducibility(partial(train, seeded=False)).message
    assert "from stage 'keras.weights 0' on" in message
    assert "the global generator random, which each run finds" in message


def test_unseeded_dropout_is_named():
    planted = partial(train, seeded=False, weights_seeded=True, dropout=0.5)
    message = reproducibility(planted).message
    assert "from stage 'keras.loss 1' on" in message
    assert "dropout (Dropout) draws from the global generator random" in message


def test_batches_are_recorded_where_asked_for():
    found = stages(reproducibility(partial(train, batches=True)))
    assert found.count("keras.batch_loss 1") == 1
    assert "keras.batch_weights 4" in found


def test_seed_sets_keras_and_its_generators():
    def build():
        return keras.layers.Dense(3), keras.random.normal((3,))

    drawn = []
    for _ in range(2):
        random.seed()
        with seed(7, deterministic=False):
            layer, numbers = build()
            layer.build((None, 2))
            drawn.append((np.asarray(layer.kernel), np.asarray(numbers)))
    assert np.array_equal(drawn[0][0], drawn[1][0])
    assert np.array_equal(drawn[0][1], drawn[1][1])


def test_nothing_is_recorded_where_no_gate_runs():
    assert train().shape == (64, 1)
