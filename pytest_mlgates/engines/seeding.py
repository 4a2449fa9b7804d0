"""``seed``: every global random generator that is there, and the deterministic modes, at once."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.tracing import note
from pytest_mlgates.engines.late_imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MOST = 2**32 - 1  # what numpy's legacy generator takes
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_in_force: list[int | None] = [None]


def seed(value: int, *, deterministic: bool = True) -> Seeding:
    """Seed ``random``, ``numpy.random``, torch and TensorFlow/Keras, those that are imported.

    As a plain call, what it sets stays. In ``with seed(7) as rng:`` a library that is imported
    within the block is seeded as soon as it is imported, and at the end the generators and modes
    are what they were before. TensorFlow alone cannot be set back: its seed and its deterministic
    mode stay.

    Args:
        value: A whole number from 0 to 2**32 - 1.
        deterministic: Also switch on the deterministic modes: of torch (an operation without a
            deterministic kernel raises from then on; cuDNN, cuBLAS), and of TensorFlow.

    Returns:
        The context; ``rng`` of it, which the block gets too, is a numpy ``Generator`` of this seed.

    Raises:
        MLGatesError: for anything but such a number.
    """
    number: Any = value
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole or not 0 <= number <= MOST:
        raise MLGatesError(
            "a seed is a whole number from 0 to 2**32 - 1",
            got=f"seed({number!r})",
            fix="seed(7)",
        )
    return Seeding(int(number), deterministic=deterministic)


def seed_in_force() -> int | None:
    """The seed that was set last, and not set back since."""
    return _in_force[0]


def derived_seed(session: int, test: str) -> int:
    """The seed of *test*: another for every test and session, the same in every process."""
    digest = hashlib.sha256(f"mlgates-seed-1\0{session}\0{test}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


class Seeding:
    """What :func:`seed` has set, and how to set it back.

    Attributes:
        value: The seed.
        rng: A numpy ``Generator`` of it.
        seeded: The libraries that were seeded, in order.
    """

    def __init__(self, value: int, *, deterministic: bool) -> None:
        self.value, self._deterministic = value, deterministic
        self.rng = np.random.default_rng(value)
        self.seeded: list[str] = []
        self._restore = ExitStack()
        self._before, _in_force[0] = _in_force[0], value
        note("seed", value)
        self._python()
        for name, action in self._later().items():
            if name in sys.modules:
                action(sys.modules[name])

    def __enter__(self) -> np.random.Generator:
        """Go on seeding what is imported until the end of the block."""
        later = {name: action for name, action in self._later().items() if name not in sys.modules}
        self._restore.enter_context(when_imported(later))
        return self.rng

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Set the generators and modes back to what they were."""
        _in_force[0] = self._before
        self._restore.close()

    def _later(self) -> dict[str, Callable[[Any], None]]:
        return {"torch": self._torch, "tensorflow": self._tensorflow, "keras": self._keras}

    def _python(self) -> None:
        self._restore.callback(random.setstate, random.getstate())
        random.seed(self.value)
        state = np.random.get_state(legacy=False)  # noqa: NPY002
        self._restore.callback(np.random.set_state, state)
        np.random.seed(self.value)  # noqa: NPY002
        self.seeded += ["random", "numpy.random"]

    def _torch(self, torch: Any) -> None:
        self._restore.callback(torch.set_rng_state, torch.get_rng_state())
        if torch.cuda.is_initialized():
            self._restore.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
        torch.manual_seed(self.value)  # every device; one that is not initialized yet, when it is
        self.seeded.append("torch")
        if not self._deterministic:
            return
        cudnn = torch.backends.cudnn
        self._restore.callback(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        self._restore.callback(setattr, cudnn, "deterministic", cudnn.deterministic)
        self._restore.callback(setattr, cudnn, "benchmark", cudnn.benchmark)
        if _CUBLAS not in os.environ:  # read when cuBLAS starts
            os.environ[_CUBLAS] = ":4096:8"
            self._restore.callback(os.environ.pop, _CUBLAS, None)
        torch.use_deterministic_algorithms(True)
        cudnn.deterministic, cudnn.benchmark = True, False

    def _tensorflow(self, tensorflow: Any) -> None:
        tensorflow.random.set_seed(self.value)
        self.seeded.append("tensorflow")
        if self._deterministic:
            tensorflow.config.experimental.enable_op_determinism()

    def _keras(self, keras: Any) -> None:
        """Its own generator, alone: the others, which its function seeds too, go on as they are."""
        states = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
        torch = sys.modules.get("torch") if keras.backend.backend() == "torch" else None
        state = None if torch is None else torch.get_rng_state()
        keras.utils.set_random_seed(self.value)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(state)
        self.seeded.append("keras")
