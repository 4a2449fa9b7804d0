"""Configurations of Keras models: which of their layers run code. Standard library only."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.model_files.found import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Collection

# Layers that run code from the file, or open further files without asking.
_RUN_CODE = {"TFSMLayer", "TorchModuleWrapper", "TFOpLambda", "SlicingOpLambda", "JaxLayer"}
# Where Keras keeps classes that models consist of. Not `keras.utils`, `keras.config` or
# `keras.saving`: what stands there acts when it is called (get_file, enable_unsafe_…).
_PARTS = (
    *("activations", "constraints", "dtype_policies", "initializers", "layers", "losses"),
    *("metrics", "models", "ops", "optimizers", "quantizers", "regularizers", "random"),
)
_ROOTS = ("keras", "keras.src", "tf_keras", "tf_keras.src", "tensorflow.keras")
_HAVE_FUNCTIONS = {"activations", "initializers", "losses", "metrics", "regularizers"}


def offenders(content: Any, allowed: Collection[str]) -> list[str]:
    """The layers and objects in a configuration that run code, or that Keras does not know."""
    found: dict[str, None] = {}
    stack = [content]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            name = _offender(part)
            if name is not None and name not in allowed:
                found[name] = None
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return list(found)


def _offender(part: dict[str, Any]) -> str | None:
    name, module = part.get("class_name"), part.get("module")
    if not isinstance(name, str):
        return None
    full = f"{module}.{name}" if isinstance(module, str) else name
    if name in _RUN_CODE or "lambda" in name.lower():
        return full
    if module is None:
        return None
    if not isinstance(module, str):
        return full
    if name == "function":  # one of Keras' own, by its name in "config"
        part_of = module.rpartition(".")[2]
        return None if module == "builtins" or part_of in _HAVE_FUNCTIONS else full
    # Names of classes alone: functions beside them act when they are called (load_model).
    return None if _is_of_keras(module) and name.lstrip("_")[:1].isupper() else full


def _is_of_keras(module: str) -> bool:
    if module in ("keras", "tf_keras"):  # policies, variables
        return True
    for root in _ROOTS:
        rest = module.removeprefix(f"{root}.")
        if rest != module and rest.split(".")[0] in _PARTS:
            return True
    return False


def configurations_in_hdf5(data: bytes) -> list[bytes]:
    """The texts that describe the model in a file of Keras' before version 3.

    Raises:
        UnreadableError: without h5py, and for a file that Keras did not write. A search through the
            bytes would not do: an attribute may stand in pieces.
    """
    try:
        import h5py  # type: ignore[import-not-found, unused-ignore]
    except (Exception, SystemExit):
        raise UnreadableError(
            "is HDF5, which is read with h5py only (`additional_dependencies: [h5py]`, or save the "
            "model as .keras)"
        ) from None
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            attributes = {str(key): file.attrs[key] for key in file.attrs}
            parts = set(file)
    except Exception as error:
        raise UnreadableError(f"is HDF5 that cannot be read: {error}") from None
    if not attributes and {"layers", "vars"} <= parts:  # weights alone, as Keras 3 writes them
        return []
    if not {"model_config", "layer_names", "keras_version"} & set(attributes):
        raise UnreadableError("is HDF5 that Keras did not write: others keep pickles in it")
    texts = (attributes.get(key) for key in ("model_config", "training_config"))
    return [t.encode() if isinstance(t, str) else bytes(t) for t in texts if t is not None]
