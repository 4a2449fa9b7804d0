"""``trace_keras``: the stages of ``model.fit``, from one callback."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from pytest_mlgates.core import tracing
from pytest_mlgates.core.errors import MLGatesError


def trace_keras(*, batches: bool = False) -> Any:
    """A callback that records a fit: ``model.fit(…, callbacks=[trace_keras()])``.

    The stages are ``keras.weights 0`` before the first epoch, then for each epoch ``keras.loss``
    (all its logs, as exact numbers), ``keras.weights`` and ``keras.optimizer`` with its number.
    Where no gate runs, nothing is done. The data are not seen by a callback: trace them yourself.

    Args:
        batches: Record ``keras.batch_loss`` and ``keras.batch_weights`` after each batch too, to
            see within an epoch where the runs part.

    Raises:
        MLGatesError: if Keras is not installed.
    """
    return _kind()(batches=batches)


@cache
def _kind() -> type[Any]:
    try:
        import keras
    except ImportError as error:
        raise MLGatesError(
            "trace_keras needs Keras", got=str(error), fix="pip install keras"
        ) from None

    class TraceFit(keras.callbacks.Callback):  # type: ignore[misc]
        """See :func:`trace_keras`."""

        def __init__(self, *, batches: bool) -> None:
            super().__init__()
            self._batches, self._seen = batches, 0

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            """Record the initial weights."""
            self._seen = 0
            if tracing.is_listening():
                tracing.note("dropout", _dropout(self.model))
                tracing.trace("keras.weights", 0, _weights(self.model))

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            """Record a batch, if asked for."""
            self._seen += 1
            if self._batches and tracing.is_listening():
                tracing.trace("keras.batch_loss", self._seen, _numbers(logs))
                tracing.trace("keras.batch_weights", self._seen, _weights(self.model))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Record an epoch."""
            if tracing.is_listening():
                tracing.trace("keras.loss", epoch + 1, _numbers(logs))
                tracing.trace("keras.weights", epoch + 1, _weights(self.model))
                optimizer = getattr(self.model, "optimizer", None)
                variables = getattr(optimizer, "variables", ())
                state = [_array(one) for one in variables]
                tracing.trace("keras.optimizer", epoch + 1, state)

    return TraceFit


def _weights(model: Any) -> list[Any]:
    """In the order of the model: names count up from one model to the next."""
    return [_array(one) for one in model.get_weights()]


def _array(variable: Any) -> Any:
    found = np.asarray(variable)
    # bfloat16, which numpy does not know: its bits
    return found.view(np.uint8) if found.dtype.kind == "V" and found.ndim else found


def _numbers(logs: Any) -> dict[str, float]:
    return {str(name): float(value) for name, value in (logs or {}).items()}


def _dropout(model: Any) -> list[str]:
    layers = getattr(model, "layers", ())
    found = [type(one).__name__ for one in layers if "Dropout" in type(one).__name__]
    return found[:5]
