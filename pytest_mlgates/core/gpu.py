"""Whether there is a GPU here: asked of the system, in no time. Standard library only.

A library would have to be imported to ask it, and says no on a machine whose wheels are those for
CPUs; what gates do with a GPU is theirs. ``MLGATES_GPU`` is for machines that are not known by
their devices.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "MLGATES_GPU"
_HIDDEN = "CUDA_VISIBLE_DEVICES"
# Of NVIDIA, of AMD (ROCm), and of Windows' subsystem for Linux.
_DEVICES = ("nvidia[0-9]*", "kfd", "dxg")


def is_here(
    variables: Mapping[str, str] | None = None,
    devices: Path = Path("/dev"),
    machine: tuple[str, str] | None = None,
) -> bool:
    """Whether this process may use a GPU.

    What ``MLGATES_GPU`` says (0 or 1); else none where ``CUDA_VISIBLE_DEVICES`` hides all (empty,
    or -1); else one if the system has a device of NVIDIA, of ROCm or of WSL, and on Apple silicon.

    Args:
        variables: The environment (default: of this process).
        devices: Where devices are.
        machine: Name of the system, and of its processor (default: of this machine).

    Raises:
        MLGatesError: if ``MLGATES_GPU`` is something else.
    """
    variables = os.environ if variables is None else variables
    said = variables.get(VARIABLE, "").strip()
    if said not in ("", "0", "1"):
        raise MLGatesError(
            f"{VARIABLE} is not usable",
            where="the environment",
            got=repr(said),
            want="1 where a GPU is, 0 where none is; without it, it is looked for",
        )
    if said:
        return said == "1"
    if variables.get(_HIDDEN, "0").strip() in ("", "-1"):
        return False
    if (machine or _machine()) == ("Darwin", "arm64"):
        return True
    return any(True for pattern in _DEVICES for _ in devices.glob(pattern))


def _machine() -> tuple[str, str]:
    import platform  # most gates need no GPU, and a hook has no time to lose

    return platform.system(), platform.machine()


def is_lacking(needs: str | None) -> bool:
    """Whether a gate that *needs* something (``"gpu"``, or nothing) cannot be evaluated here.

    Raises:
        MLGatesError: as :func:`is_here`.
    """
    return needs == "gpu" and not is_here()


def demand(needs: str | None) -> None:
    """Refuse to evaluate without what a gate *needs*.

    Raises:
        MLGatesError: if that is not here.
    """
    if is_lacking(needs):
        raise MLGatesError(
            "it needs a GPU, and there is none here",
            want=f"a machine with one ({VARIABLE}=1 says that this is one)",
            fix="evaluate it where one is, sign the evidence, and let that stand in here: "
            "mlgates check --stand-in evidence.json (pytest --mlgates-stand-in evidence.json)",
        )
