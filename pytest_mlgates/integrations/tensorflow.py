"""Fingerprints of TensorFlow: tensors, variables, modules, generators of random numbers.

A module is its class and all of its attributes. TensorFlow wraps the lists and dictionaries among
them, to know of their variables; that is no part of the value.
"""

from __future__ import annotations

import sys
from typing import Any

from pytest_mlgates.extensions import hookimpl

_WRAPPERS = {"ListWrapper": list, "List": list, "_DictWrapper": dict, "_TupleWrapper": tuple}
_HOME = "tensorflow.python.trackable.data_structures"


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
    plain = _WRAPPERS.get(type(value).__name__) if type(value).__module__ == _HOME else None
    if plain is not None:
        return {"items": plain(value)}
    if isinstance(value, tf.Module) and not _is_of_keras(value):
        return {name: one for name, one in vars(value).items() if not _is_bookkeeping(name)}
    return None


def _is_bookkeeping(name: str) -> bool:
    return name.startswith("_self_") or name == "_name_scope"


def _is_of_keras(value: Any) -> bool:
    """Whether Keras knows *value* better: its layers may be modules of TensorFlow too."""
    keras: Any = sys.modules.get("keras")
    return hasattr(keras, "Layer") and isinstance(value, keras.Layer)
