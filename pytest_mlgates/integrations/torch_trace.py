"""``trace_torch``: the stages of a torch loop, from one ``with`` around it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core import tracing
from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def trace_torch(
    model: Any, optimizer: Any = None, *, loader: Any = None, every: int = 1
) -> Iterator[None]:
    """Record a training loop in the block, step by step; where no gate runs, nothing is done.

    The stages are ``torch.weights 0`` before the first step, then for each step ``torch.batch``
    (what the model is called with), ``torch.gradients``, ``torch.weights`` and ``torch.optimizer``
    with its number. The first that differs says whether it is the data, the arithmetic or the
    initial weights.

    Args:
        model: A ``torch.nn.Module``.
        optimizer: Its ``torch.optim.Optimizer``: a step of the training is a step of it. Without
            one, only batches and the weights at both ends are recorded.
        loader: The ``DataLoader``, which tells more about the cause of another order of batches.
        every: Record every so many steps only: each costs a fingerprint of the weights, gradients
            and optimizer.

    Raises:
        MLGatesError: if *every* is no whole number from 1.
    """
    number: Any = every
    if not isinstance(number, int) or number < 1:
        raise MLGatesError("every is a whole number from 1", got=f"every={number!r}")
    if not tracing.is_listening():
        yield
        return
    _note(model, loader)
    steps = _Steps(model, optimizer, every)
    tracing.trace("torch.weights", 0, arrays(model.state_dict()))
    with contextlib.ExitStack() as hooks:
        for hook in steps.hooks():
            hooks.callback(hook.remove)
        yield
    if optimizer is None or steps.done % every:
        tracing.trace("torch.weights", steps.done, arrays(model.state_dict()))


class _Steps:
    """Records the steps of one training."""

    def __init__(self, model: Any, optimizer: Any, every: int) -> None:
        self._model, self._optimizer, self._every = model, optimizer, every
        self.done = 0

    def hooks(self) -> Iterator[Any]:
        """Registers for the events of a step."""
        yield self._model.register_forward_pre_hook(self._batch, with_kwargs=True)
        if self._optimizer is not None:
            yield self._optimizer.register_step_pre_hook(self._gradients)
            yield self._optimizer.register_step_post_hook(self._step)

    @property
    def _is_due(self) -> bool:
        return (self.done + 1) % self._every == 0

    def _batch(self, model: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if model.training and (self._is_due or self._optimizer is None):
            number = self.done + 1
            tracing.trace("torch.batch", number, (arrays(args), arrays(kwargs)))
        if self._optimizer is None and model.training:
            self.done += 1

    def _gradients(self, *_: Any) -> None:
        if self._is_due:
            found = {
                name: arrays(parameter.grad) for name, parameter in self._model.named_parameters()
            }
            tracing.trace("torch.gradients", self.done + 1, found)

    def _step(self, optimizer: Any, *_: Any) -> None:
        self.done += 1
        if self.done % self._every == 0:
            tracing.trace("torch.weights", self.done, arrays(self._model.state_dict()))
            tracing.trace("torch.optimizer", self.done, arrays(optimizer.state_dict()))


def arrays(value: Any) -> Any:
    """*value* with its tensors as numpy arrays; containers of what is neither are kept."""
    if hasattr(value, "detach"):
        return _array(value)
    if isinstance(value, dict):
        return {key: arrays(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [arrays(part) for part in value]
    return value


def _array(tensor: Any) -> Any:
    import torch

    tensor = tensor.detach().cpu()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.resolve_conj().resolve_neg()
    try:
        return tensor.numpy()
    except TypeError:  # bfloat16, and other formats that numpy does not know: their bits
        return (str(tensor.dtype), tensor.contiguous().view(torch.uint8).numpy())


def _note(model: Any, loader: Any) -> None:
    """What explains differences: layers of dropout, and how a loader draws and divides its work."""
    layers = [
        name or type(module).__name__
        for name, module in model.named_modules()
        if "Dropout" in type(module).__name__ and getattr(module, "p", 1) > 0
    ]
    tracing.note("dropout", layers[:5])
    if loader is not None:
        sampler = type(getattr(loader, "sampler", None)).__name__
        facts = {
            "workers": int(getattr(loader, "num_workers", 0)),
            "shuffles": sampler
            in {"RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler"},
            "seeded": getattr(loader, "generator", None) is not None,
        }
        tracing.note("loader", facts)
