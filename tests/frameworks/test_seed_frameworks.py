"""`seed` with the real libraries, in processes of their own: some modes cannot be undone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

LATE_TORCH = """
from pytest_mlgates import seed
with seed(7):
    import torch
    one = torch.rand(3)
    assert torch.are_deterministic_algorithms_enabled()
assert not torch.are_deterministic_algorithms_enabled()
with seed(7):
    assert torch.equal(torch.rand(3), one)
"""

TENSORFLOW = """
from pytest_mlgates import seed
found = []
with seed(7):
    import tensorflow as tf
    found.append(tf.random.normal((3,)).numpy())
with seed(7):
    found.append(tf.random.normal((3,)).numpy())
import numpy as np
assert np.array_equal(*found)
from tensorflow.python.framework import config
assert config.is_op_determinism_enabled()
from pytest_mlgates.engines.generators import states
before = states()
tf.random.normal((3,))
assert states()["tensorflow"] != before["tensorflow"]
"""

LATE_KERAS = """
from pytest_mlgates import seed
from pytest_mlgates.engines.generators import states
with seed(7, deterministic=False):
    import keras
    print(keras.random.normal((3,)), keras.layers.Dropout(0.5)(keras.ops.ones((9,)), training=True))
    before = states()
    keras.random.normal((3,))
    assert states()["keras"] != before["keras"]
"""


def ran(library, program):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("library", "program"), [("torch", LATE_TORCH), ("tensorflow", TENSORFLOW)]
)
def test_what_is_imported_in_the_block_is_seeded(library, program):
    ran(library, program)


def test_keras_that_is_imported_in_the_block_is_seeded():
    first = ran("keras", LATE_KERAS)
    assert "Tensor" in first
    assert ran("keras", LATE_KERAS) == first
