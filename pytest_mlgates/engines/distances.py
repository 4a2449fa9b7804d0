"""How far the numbers of two arrays are apart, bit for bit and one by one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.engines.ulps import ulps

if TYPE_CHECKING:
    from pytest_mlgates.engines.sources import Array

_TWO_DAYS_S = 2 * 86400


def comparable(array: Array) -> Array:
    """Every element as comparable bits: NaN equals itself, -0.0 is not 0.0."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.kind in "biumMSU" or not flat.itemsize:
        return flat.view(np.int64) if flat.dtype.kind in "mM" else flat
    words = {2: np.uint16, 4: np.uint32, 8: np.uint64}
    if flat.dtype.kind == "f" and flat.itemsize in words:
        return flat.view(words[flat.itemsize])
    return flat.view(f"V{flat.itemsize}")


def is_now(values: Array) -> bool:
    """Whether all *values* are times within two days, as seconds since 1970 or finer, or dates."""
    if values.dtype.kind == "M":
        values = values.astype("datetime64[s]").astype(np.int64)
    if values.dtype.kind not in "iuf":
        return False
    now = time.time()
    return any(
        bool((np.abs(values / scale - now) < _TWO_DAYS_S).all()) for scale in (1, 1e3, 1e6, 1e9)
    )


def largest_distance(a: Array, b: Array) -> float | None:
    """The largest distance of a pair of finite numbers or times, None if there is no pair."""
    if a.dtype.kind not in "biufcmM":
        return None
    if a.dtype.kind in "mM":
        alive = ~(np.isnat(a) | np.isnat(b))
        a, b = a.view(np.int64), b.view(np.int64)
    elif a.dtype.kind in "fc":
        alive = np.isfinite(a) & np.isfinite(b)
    else:
        alive = np.ones(len(a), dtype=bool)
    if not alive.any():
        return None
    kind = np.clongdouble if a.dtype.kind == "c" else np.longdouble
    with np.errstate(over="ignore"):
        return float(np.abs(a[alive].astype(kind) - b[alive].astype(kind)).max())


def largest_ulp(a: Array, b: Array) -> int | None:
    """The largest number of floats between two of a pair."""
    if a.dtype.kind != "f":
        return None
    alive = np.isfinite(a) & np.isfinite(b)
    apart = ulps(a[alive], b[alive]) if alive.any() else None
    return None if apart is None else int(apart.max())
