"""Fingerprints of PyTorch: tensors, modules, optimizers, schedulers, generators.

The device is no part of a tensor. A module is its class, its mode (training or not), all of its
attributes, its parameters with the names of those that are frozen, and its buffers, those too that
its state_dict leaves out; the same for each module in it.
"""

from __future__ import annotations

import sys
from typing import Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions import hookimpl

# An LSTM keeps its parameters a second time, as a list and as weak references.
_COPIES = ("_flat_weights", "_flat_weight_refs")
_HOOKS = ("_forward_pre_hooks", "_forward_hooks")


@hookimpl(trylast=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What a value of PyTorch consists of."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):  # still being imported
        return None
    if isinstance(value, torch.Tensor):
        return of_tensor(value, torch)
    if isinstance(value, torch.nn.Module) and not _is_of_keras(value):
        return _module(value, torch)
    if isinstance(value, torch.optim.Optimizer | torch.optim.lr_scheduler.LRScheduler):
        return {"state_dict()": value.state_dict()}
    if isinstance(value, torch.Generator):
        return {"device": value.device.type, "get_state()": value.get_state()}
    if isinstance(value, torch.device):
        return value.type
    if isinstance(value, torch.dtype | torch.memory_format | torch.layout):
        return str(value)
    return None


def _is_of_keras(value: Any) -> bool:
    """Whether Keras knows *value* better: on the backend of PyTorch its layers are modules too."""
    keras: Any = sys.modules.get("keras")
    return hasattr(keras, "Layer") and isinstance(value, keras.Layer)


def of_tensor(value: Any, torch: Any) -> Any:
    """What the tensor *value* consists of; *torch* is the library.

    Raises:
        MLGatesError: if it has no values.
    """
    if value.is_meta:
        raise MLGatesError(
            "a tensor on the device 'meta' has no values",
            want="a tensor whose values exist",
            fix='create the model outside of torch.device("meta")',
        )
    value = value.detach()
    if value.layout is not torch.strided:
        return _sparse(value, torch)
    if value.is_quantized:
        return {"int_repr()": value.int_repr(), **_scales(value, torch)}
    value = value.cpu().resolve_conj().resolve_neg()
    if value.dtype is torch.bfloat16:  # the upper half of a float of 32 bits
        upper = value.contiguous().view(torch.int16).int()
        return {"dtype": str(value.dtype), "float()": (upper << 16).view(torch.float32).numpy()}
    try:
        return value.numpy()
    except TypeError:  # floats of eight bits: numpy has no such numbers
        bits = value.contiguous().view(torch.uint8)
        return {"dtype": str(value.dtype), "bits": bits.numpy()}


def _sparse(value: Any, torch: Any) -> Any:
    """By its sorted entries, as sparse matrices of scipy are."""
    value = value.cpu()
    layout = str(value.layout)
    if value.layout is not torch.sparse_coo:
        value = value.to_sparse_coo()
    value = value.coalesce()
    shape = list(value.shape)
    return {"layout": layout, "shape": shape, "indices": value.indices(), "values": value.values()}


def _scales(value: Any, torch: Any) -> dict[str, Any]:
    if value.qscheme() in {torch.per_tensor_affine, torch.per_tensor_symmetric}:
        return {"q_scale()": value.q_scale(), "q_zero_point()": value.q_zero_point()}
    return {
        "q_per_channel_scales()": value.q_per_channel_scales(),
        "q_per_channel_zero_points()": value.q_per_channel_zero_points(),
        "q_per_channel_axis()": value.q_per_channel_axis(),
    }


def _module(value: Any, torch: Any) -> Any:
    if hasattr(value, "_orig_mod"):  # made by torch.compile
        return {"_orig_mod": value._orig_mod}  # noqa: SLF001  (the one name it has)
    state = dict(vars(value))
    if isinstance(value, torch.jit.ScriptModule):
        raise MLGatesError(
            f"a {type(value).__name__} is compiled: its attributes cannot be read",
            fix="return module.state_dict(), or the module before torch.jit compiled it",
        )
    parameters, buffers = state.pop("_parameters"), state.pop("_buffers")
    parts: dict[str, Any] = {
        "__frozen__": sorted(
            name for name, one in parameters.items() if one is not None and not one.requires_grad
        ),
        **{name: list(state[name].values()) for name in _HOOKS if state[name]},
        **parameters,
        **buffers,
        **state.pop("_modules"),
    }
    internal = set(vars(torch.nn.Module())) - {"training"}
    own = {name: one for name, one in state.items() if name not in {*internal, *_COPIES}}
    return {**own, **parts}
