"""The global random generators of this process: in which state each is.

Only libraries that are imported already are asked: asking must not import them.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


def states() -> dict[str, str]:
    """By the name that a user calls it, the digest of the state of each global generator.

    Equal states give equal digests in every process.
    """
    found = {"random": _digest(repr(random.getstate()).encode()), "numpy.random": _numpy()}
    for name, state in (("torch", _torch), ("tensorflow", _tensorflow), ("keras", _keras)):
        library = sys.modules.get(name)
        # Private names of other versions may be gone: then its generator is not watched.
        with contextlib.suppress(Exception):
            found |= {key: _digest(data) for key, data in state(library)}
    return found


def _numpy() -> str:
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002
    inner = state["state"]
    if "key" in inner:
        rest = (state["bit_generator"], inner["pos"], state["has_gauss"], state["gauss"])
        return _digest(inner["key"].tobytes() + repr(rest).encode())
    return _digest(repr(state).encode())  # np.random.set_bit_generator: another kind


def _torch(torch: Any) -> Iterator[tuple[str, bytes]]:
    if torch is None or not hasattr(torch, "get_rng_state"):  # none yet, or half imported
        return
    yield "torch", torch.get_rng_state().numpy().tobytes()
    if torch.cuda.is_initialized():
        devices = torch.cuda.get_rng_state_all()
        yield "torch.cuda", b"".join(one.cpu().numpy().tobytes() for one in devices)


def _tensorflow(tensorflow: Any) -> Iterator[tuple[str, bytes]]:
    """The generator that gives each operation its seed, once ``tf.random.set_seed`` was called."""
    context = sys.modules.get("tensorflow.python.eager.context")
    if tensorflow is None or context is None:
        return
    eager = context.context()
    seed, generator = eager._seed, eager._rng  # noqa: SLF001
    if seed is not None and generator is not None:
        yield "tensorflow", repr((seed, generator.getstate())).encode()


def _keras(keras: Any) -> Iterator[tuple[str, bytes]]:
    """The generator of ``keras.random`` where no seed is given; others are made from `random`."""
    shared = sys.modules.get("keras.src.backend.common.global_state")
    if keras is None or shared is None:
        return
    generator = shared.get_global_attribute("global_seed_generator")
    if generator is not None:
        yield "keras", np.asarray(generator.state).tobytes()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
