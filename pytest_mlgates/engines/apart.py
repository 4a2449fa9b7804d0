"""How far floats are apart, block by block, and what a tolerance allows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.exact import exact
from pytest_mlgates.engines.ulps import ulps

Array = np.ndarray[Any, Any]

_BLOCK = 1 << 18
# Limits are kept to 12 significant digits, as everywhere: 1.1 and 1.0 are not over 0.1 apart.
_ROUNDING = 1 + 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """How far a value may be from that of run 1; every limit that is given must be kept.

    Attributes:
        atol: With rtol: ``|a - b| <= atol + rtol |b|``, b being the value of run 1.
        rtol: See atol.
        max_ulp: The most floats that may lie between the two.
        max_flips: The share of labels that may differ, in each part.
    """

    atol: float | None = None
    rtol: float | None = None
    max_ulp: int | None = None
    max_flips: float = 0.0

    @property
    def floats(self) -> str:
        """What floats are held to: ``atol=1e-06, rtol=0.001``."""
        named = {"atol": self.atol, "rtol": self.rtol, "max_ulp": self.max_ulp}
        given = [f"{name}={value:g}" for name, value in named.items() if value is not None]
        return ", ".join(given) or "equality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far the floats of a part are apart.

    Attributes:
        beyond: How many are beyond what is allowed, those lost among them.
        lost: How many are NaN or infinite in one only, or infinite with another sign.
        first: The place of the first that is beyond.
        max_abs: The largest distance of a finite pair, None if there is none.
        max_rel: The largest distance by the size of the first; infinite where that is 0.
        max_ulp: The largest distance in units in the last place, None where they have none.
        used: The largest distance as a share of ``atol + rtol |b|``.
    """

    beyond: int
    lost: int
    first: int | None
    max_abs: float | None
    max_rel: float | None
    max_ulp: int | None
    used: float | None


def share_allows(count: int, of: int, share: float) -> bool:
    """Whether *count* of *of* is at most *share*, exactly."""
    return not count or Fraction(count, of) <= exact(share)


def floats_apart(first: Array, other: Array, allowed: Allowed) -> Apart:
    """How far *other* is from *first*, of the same shape and type of floats.

    Raises:
        MLGatesError: if max_ulp is asked of floats that have more than 64 bits.
    """
    x, y = np.ravel(first), np.ravel(other)
    if allowed.max_ulp is not None and x.itemsize > (16 if x.dtype.kind == "c" else 8):
        raise MLGatesError(
            "max_ulp cannot be kept by floats of more than 64 bits",
            got=str(x.dtype),
            fix="atol or rtol instead, or return them as float64",
        )
    blocks = [
        _block(x[start : start + _BLOCK], y[start : start + _BLOCK], start, allowed)
        for start in range(0, len(x), _BLOCK)
    ]
    return Apart(
        beyond=sum(block.beyond for block in blocks),
        lost=sum(block.lost for block in blocks),
        first=next((block.first for block in blocks if block.first is not None), None),
        max_abs=_most(block.max_abs for block in blocks),
        max_rel=_most(block.max_rel for block in blocks),
        max_ulp=_most(block.max_ulp for block in blocks),
        used=_most(block.used for block in blocks),
    )


def _block(x: Array, y: Array, start: int, allowed: Allowed) -> Apart:
    alive = np.isfinite(x) & np.isfinite(y)
    lost = ~alive & ~_same(x, y)
    wide = np.promote_types(x.dtype, np.float64)
    a, b = x[alive].astype(wide), y[alive].astype(wide)
    beyond = lost.copy()
    far = rel = ulp = used = None
    if len(a):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            distance = np.abs(a - b)
            size = np.abs(a)
            limit = (allowed.atol or 0.0) + (allowed.rtol or 0.0) * size
            apart = distance > 0
            rel = float(np.max(np.where(apart, distance / size, 0.0)))
            used = float(np.max(np.where(apart, distance / limit, 0.0)))
        far = float(distance.max())
        distances = _ulps(x[alive], y[alive])
        ulp = None if distances is None else int(distances.max())
        if allowed.max_ulp is None or allowed.atol is not None or allowed.rtol is not None:
            beyond[alive] |= (distance > limit * _ROUNDING) | np.isinf(distance)
        if allowed.max_ulp is not None:
            assert distances is not None  # noqa: S101
            beyond[alive] |= distances > np.uint64(allowed.max_ulp)
    places = np.flatnonzero(beyond)
    return Apart(
        beyond=len(places),
        lost=int(lost.sum()),
        first=start + int(places[0]) if len(places) else None,
        max_abs=far,
        max_rel=rel,
        max_ulp=ulp,
        used=used,
    )


def _same(x: Array, y: Array) -> Array:
    """Where both are NaN, or the same infinity; of complex numbers: in both parts."""
    if x.dtype.kind == "c":
        same: Array = _same(x.real, y.real) & _same(x.imag, y.imag)
        return same
    found: Array = (x == y) | (np.isnan(x) & np.isnan(y))
    return found


def _ulps(x: Array, y: Array) -> Array | None:
    if x.dtype.kind != "c":
        return ulps(x, y)
    parts = [ulps(np.ascontiguousarray(x.real), np.ascontiguousarray(y.real))]
    parts.append(ulps(np.ascontiguousarray(x.imag), np.ascontiguousarray(y.imag)))
    if parts[0] is None or parts[1] is None:
        return None
    return np.maximum(parts[0], parts[1])


def _most(values: Any) -> Any:
    known = [value for value in values if value is not None]
    return max(known, default=None)
