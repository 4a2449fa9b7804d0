"""Handwritten digits with Keras."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.datasets import load_digits

from pytest_mlgates import trace, trace_keras


def train(seed: int) -> list[np.ndarray]:
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    trace("order", order)
    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    told = [trace_keras()]
    model.fit(x[order] / 16, y[order], epochs=3, batch_size=64, verbose=0, callbacks=told)
    return model.get_weights()
