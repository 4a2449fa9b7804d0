"""Fingerprints of Keras 3: models, layers, variables, optimizers, metrics, seeds, histories.

A model is its configuration, its weights by their paths, what it was compiled with and the state of
its optimizer. Keras numbers what it names itself through a whole process (``dense_7``): such names
are numbered anew, in the order of the model, so that the second training in a process can equal the
first.
"""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.integrations.torch import of_tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = (bool, int, float, str, type(None))


@hookimpl(trylast=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What a value of Keras consists of."""
    keras: Any = sys.modules.get("keras")
    if not hasattr(keras, "Layer"):  # an older Keras, or still being imported
        return None
    with warnings.catch_warnings():  # Keras' own, of numpy: no business of who runs a gate
        warnings.simplefilter("ignore", DeprecationWarning)
        return _parts(value, keras)


def _parts(value: Any, keras: Any) -> Any:
    if isinstance(value, keras.Layer):
        return _layer(value, keras)
    if isinstance(value, keras.Variable):
        return _array(value)
    if isinstance(value, keras.optimizers.Optimizer):
        return _optimizer(value, _Names())
    if isinstance(value, keras.metrics.Metric):
        return {"config": _Names().told(_described(value)), "variables": _arrays(value.variables)}
    if isinstance(value, keras.random.SeedGenerator):
        return {"state": _array(value.state)}
    if isinstance(value, keras.callbacks.History):
        return {"epoch": value.epoch, "history": value.history}
    return None


def _layer(value: Any, keras: Any) -> Any:
    if not value.built:
        raise MLGatesError(
            f"the {type(value).__name__} {value.name!r} is not built: it has no weights yet",
            want="a model that was trained, or called once",
            fix="call model.build(…), or return the model after fit",
        )
    names = _Names()
    layers = list(value._flatten_layers())  # noqa: SLF001  (`layers` is not recursive)
    for one in layers:
        names.learn(one.name, type(one).__name__)
    whole = isinstance(value, keras.Sequential) or hasattr(value, "_operations")
    described = names.told([_described(one) for one in (layers[:1] if whole else layers)])
    parts = {
        "config": described[0]["config"] if whole else described,
        "trainable": [one.trainable for one in layers],
        "weights": names.by_path(value.variables),
    }
    if getattr(value, "compiled", False):
        compiled = value.get_compile_config()
        parts["compiled"] = names.told({k: one for k, one in compiled.items() if k != "optimizer"})
        if value.optimizer is not None:
            parts["optimizer"] = _optimizer(value.optimizer, names)
    return parts


def _optimizer(value: Any, names: _Names) -> dict[str, Any]:
    return {"config": names.told(_described(value)), "variables": _arrays(value.variables)}


def _described(value: Any) -> dict[str, Any]:
    """The configuration of *value*; where it gives none, its plain attributes."""
    try:
        config = value.get_config()
    except NotImplementedError:
        config = {
            name: one
            for name, one in vars(value).items()
            if isinstance(one, _PLAIN) and not name.startswith("_")
        }
    return {"class_name": type(value).__name__, "config": {"name": value.name, **config}}


def _array(value: Any) -> Any:
    """The values of a variable, on whatever backend."""
    import numpy as np

    keras = sys.modules["keras"]
    tensor = keras.ops.convert_to_tensor(value)
    backend = keras.backend.backend()
    if backend == "torch":
        return of_tensor(tensor, sys.modules["torch"])
    if backend == "tensorflow":  # whose __array__ numpy warns about
        return np.asarray(tensor.numpy())
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _arrays(variables: Iterable[Any]) -> list[Any]:
    return [_array(one) for one in variables]


class _Names:
    """Names that Keras gave, numbered anew in the order in which they are met."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, name: str, class_name: str) -> None:
        """Number *name* anew, if it is one that Keras gives to a *class_name*."""
        base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", class_name).lower()
        base = re.sub("_+", "_", base)
        if name in self._told or not re.fullmatch(rf"{re.escape(base)}(_\d+)?", name):
            return
        count = self._counts[base] = self._counts.get(base, 0) + 1
        self._told[name] = base if count == 1 else f"{base}_{count - 1}"

    def told(self, config: Any) -> Any:
        """*config* with its names numbered anew."""
        if isinstance(config, list | tuple):
            return [self.told(one) for one in config]
        if not isinstance(config, dict):
            return config
        inner = config.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            self.learn(inner["name"], str(config.get("class_name")))
        return {key: self._value(key, one) for key, one in config.items()}

    def _value(self, key: str, value: Any) -> Any:
        if key in {"name", "keras_history", "input_layers", "output_layers"}:
            return self._renamed(value)
        return self.told(value)

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._renamed(one) for one in value]
        return self._told.get(value, value) if isinstance(value, str) else value

    def by_path(self, variables: Iterable[Any]) -> dict[str, Any]:
        """The values of *variables* by their paths; a path that comes again gets a number."""
        found: dict[str, Any] = {}
        for variable in variables:
            for name in variable.path.split("/"):
                self.learn(name, "SeedGenerator")
            path = "/".join(self._told.get(name, name) for name in variable.path.split("/"))
            again = sum(one == path or one.startswith(f"{path} (") for one in found)
            found[f"{path} ({again + 1})" if again else path] = _array(variable)
        return found
