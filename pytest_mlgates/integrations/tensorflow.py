"""Fingerprints of TensorFlow: tensors, variables, generators of random numbers."""

from __future__ import annotations

import sys
from typing import Any

from pytest_mlgates.extensions import hookimpl


@hookimpl(trylast=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What a value of TensorFlow consists of; a symbol of a graph has no values."""
    tf = sys.modules.get("tensorflow")
    if tf is None or not hasattr(tf, "RaggedTensor"):  # still being imported
        return None
    if isinstance(value, tf.Tensor | tf.Variable):
        import numpy as np

        return np.asarray(value.numpy()) if hasattr(value, "numpy") else None
    if isinstance(value, tf.RaggedTensor):
        return {"values": value.values, "row_splits": value.row_splits}
    if isinstance(value, tf.SparseTensor):
        parts = ("indices", "values", "dense_shape")
        return {name: getattr(value, name) for name in parts}
    if isinstance(value, tf.random.Generator):
        return {"algorithm": int(value.algorithm), "state": value.state}
    if isinstance(value, tf.DType):
        return value.name
    return None
