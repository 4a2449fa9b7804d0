"""What decides the bits of a result beside the code: CPU class, BLAS, threads, versions.

Plain values, without host name, user or path. Nothing is imported for it but `threadpoolctl`, where
that is installed.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

# Distribution by module, for those whose numbers are their own.
_PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "torch": "torch",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "jax": "jax",
    "jaxlib": "jaxlib",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "statsmodels": "statsmodels",
    "numba": "numba",
    "cupy": "cupy",
}
_SETTINGS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT"),
    *("OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_DYNAMIC", "OMP_DYNAMIC"),
    *("NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "ATEN_CPU_CAPABILITY"),
    *("CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "TF_DETERMINISTIC_OPS"),
    *("TF_ENABLE_ONEDNN_OPTS", "POLARS_MAX_THREADS"),
)
_LABELS = {
    "python": "Python",
    "implementation": "Python",
    "system": "operating system",
    "machine": "machine",
    "byte_order": "byte order",
    "cpu": "CPU class",
    "simd": "CPU class",
    "numpy_simd": "numpy's instruction sets",
    "blas": "BLAS",
    "blas_kernel": "kernels of the BLAS",
    "blas_threads": "threads of the BLAS",
    "threads": "threads",
    "gpu": "GPU",
}
# From the widest registers down: what vectorised sums are grouped by.
_SIMD = {
    "avx512f": "AVX512",
    "avx2": "AVX2",
    "avx": "AVX",
    "sse4_2": "SSE4.2",
    "sve2": "SVE2",
    "sve": "SVE",
    "asimd": "NEON",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something in which two environments differ.

    Attributes:
        name: What, for people: ``CPU class``.
        stored: What it was.
        here: What it is.
        decides: Whether equal bits are no longer to be expected.
    """

    name: str
    stored: str
    here: str
    decides: bool

    @property
    def text(self) -> str:
        """``CPU class differs (stored …, here …)``."""
        return f"{self.name} differs (stored {self.stored}, here {self.here})"

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def environment() -> dict[str, Any]:
    """The environment of this process, as values that JSON knows."""
    cpu, simd = _cpu()
    found = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": _system(),
        "machine": platform.machine(),
        "byte_order": sys.byteorder,
        "cpu": cpu,
        "simd": simd,
        **_numpy(),
        **_pool(),
        "threads": _threads(),
        "gpu": _gpu(),
        "settings": {name: os.environ[name] for name in _SETTINGS if os.environ.get(name)},
        "packages": _packages(),
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def changes(stored: Mapping[str, Any], here: Mapping[str, Any]) -> list[Change]:
    """In what two environments differ, what decides bits first; [] if in nothing that is known.

    A value that only one of them knows (a package that only one process imported) is not compared:
    that the code imports something else is no matter of the environment.
    """
    found = [
        Change(name=_LABELS[key], stored=str(stored[key]), here=str(here[key]), decides=True)
        for key in _LABELS
        if key in stored and key in here and stored[key] != here[key] and key != "python"
    ]
    if stored.get("gpu") != here.get("gpu") and ("gpu" not in stored or "gpu" not in here):
        one, other = stored.get("gpu", "none"), here.get("gpu", "none")
        found.append(Change(name="GPU", stored=one, here=other, decides=True))
    mine, theirs = stored.get("settings", {}), here.get("settings", {})
    found += [
        Change(
            name=key, stored=mine.get(key, "not set"), here=theirs.get(key, "not set"), decides=True
        )
        for key in sorted({*mine, *theirs})
        if mine.get(key) != theirs.get(key)
    ]
    mine, theirs = stored.get("packages", {}), here.get("packages", {})
    found += [
        Change(name=key, stored=mine[key], here=theirs[key], decides=True)
        for key in mine
        if key in theirs and mine[key] != theirs[key]
    ]
    one, other = str(stored.get("python")), str(here.get("python"))
    if one != other:
        decides = one.split(".")[:2] != other.split(".")[:2]
        found.append(Change(name="Python", stored=one, here=other, decides=decides))
    return _once(sorted(found, key=lambda change: not change.decides))


def _once(found: list[Change]) -> list[Change]:
    """One line per name: a CPU class is known by its model and by its instructions."""
    merged: dict[str, Change] = {}
    for one in found:
        before = merged.get(one.name)
        if before is None:
            merged[one.name] = one
            continue
        merged[one.name] = replace(
            before,
            stored=f"{before.stored}, {one.stored}",
            here=f"{before.here}, {one.here}",
        )
    return list(merged.values())


def _system() -> str:
    system = platform.system()
    if system == "Linux":  # the C library computes exp and its like; the kernel does not
        return " ".join(part for part in (system, *platform.libc_ver()) if part)
    if system == "Darwin":  # Accelerate comes with the system
        return f"macOS {platform.mac_ver()[0]}"
    return f"{system} {platform.version()}"


def _cpu() -> tuple[str, str]:
    """The model of the CPU without its stepping, and its widest registers."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor(), ""
    first = text.strip().partition("\n\n")[0]
    known = {
        key.strip(): value.strip()
        for key, separator, value in (line.partition(":") for line in first.splitlines())
        if separator
    }
    if "vendor_id" in known:
        cpu = f"{known['vendor_id']} family {known.get('cpu family')} model {known.get('model')}"
    elif "CPU part" in known:
        cpu = f"ARM implementer {known.get('CPU implementer')} part {known['CPU part']}"
    else:
        cpu = platform.processor()
    flags = set(f"{known.get('flags', '')} {known.get('Features', '')}".split())
    return cpu, next((name for flag, name in _SIMD.items() if flag in flags), "")


def _numpy() -> dict[str, str]:
    try:
        config: Any = np.show_config(mode="dicts")
        blas = config["Build Dependencies"]["blas"]
        found = config.get("SIMD Extensions", {}).get("found", [])
        return {
            "blas": f"{blas['name']} {blas.get('version', '')}".strip(),
            "numpy_simd": " ".join(map(str, found)),
        }
    except (TypeError, KeyError, AttributeError):  # another shape in another version
        return {}


def _pool() -> dict[str, Any]:
    """The BLAS that was loaded first, which is numpy's, as far as `threadpoolctl` knows it."""
    try:
        pools = importlib.import_module("threadpoolctl").threadpool_info()
    except Exception:  # not installed, or a library that it cannot ask
        return {}
    blas: Mapping[str, Any] = next((pool for pool in pools if pool.get("user_api") == "blas"), {})
    return {
        "blas_kernel": blas.get("architecture"),
        "blas_threads": blas.get("num_threads"),
    }


def _threads() -> int:
    """How many threads a library takes that asks nobody else."""
    value = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if value.isdecimal() and int(value):
        return int(value)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpu() -> str:
    """The GPU that torch has used in this process; asking earlier would start its driver."""
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return ""
        device, cuda = torch.cuda.get_device_name(), torch.version.cuda
        return f"{device}, CUDA {cuda}, cuDNN {torch.backends.cudnn.version()}"
    except Exception:  # a build without CUDA says so in many ways
        return ""


def _packages() -> dict[str, str]:
    found = {}
    for module, distribution in _PACKAGES.items():
        if module in sys.modules:
            try:
                found[distribution] = metadata.version(distribution)
            except metadata.PackageNotFoundError:  # torch-cpu and its like
                found[distribution] = str(getattr(sys.modules[module], "__version__", "unknown"))
    return found
