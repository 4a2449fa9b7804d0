"""Plain values as canonical text: dates, keys, whatever stands in an object array or a set."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import json
import struct
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def dtype_name(dtype: np.dtype[Any]) -> str:
    """``float64``, ``datetime64[ns]``, ``str12`` (in characters), ``float80``."""
    if dtype.kind == "U":
        return f"str{dtype.itemsize // 4}"
    if dtype.kind == "V" and dtype.type is not np.void:  # bfloat16 and the like, of ml_dtypes
        return str(dtype.name)
    if dtype.kind in "SV":
        return f"{'bytes' if dtype.kind == 'S' else 'void'}{dtype.itemsize}"
    if is_extended(dtype):
        return "float80" if dtype.kind == "f" else "complex160"
    return str(dtype.name)


def is_extended(dtype: np.dtype[Any]) -> bool:
    """Whether an element is the 80-bit float of x86, padded to 16 bytes."""
    return dtype.char in "gG" and np.finfo(dtype).nmant == 63


def scalar_token(value: Any) -> str | None:
    """The canonical text of a plain value, None if it is none; different values differ."""
    if value is None:
        return "none"
    found = _TOKENS.get(type(value))
    if found is not None:
        return found(value)
    if isinstance(value, enum.Enum):
        inner = scalar_token(value.value)
        return f"e{type(value).__qualname__}:{value.name if inner is None else inner}"
    if isinstance(value, np.generic):
        if value.dtype.kind not in "biufcmMSU" or is_extended(value.dtype):
            return None
        raw = value.astype(value.dtype.newbyteorder("<")).tobytes()
        return f"N{dtype_name(value.dtype)}:{raw.hex()}"
    if type(value).__module__.startswith("pandas."):
        return _pandas_token(value)
    # bool before int, datetime before date: a subclass is also an instance of the later one
    for kind, make in _TOKENS.items():
        if isinstance(value, kind):
            return make(value)
    return None


def key_text(key: Any) -> str | None:
    """A dictionary key or column label as it stands in a path, None if it has no canonical text."""
    if type(key) is str:
        return json.dumps(key, ensure_ascii=False)
    if key is None or type(key) in (bool, int, float):
        return repr(key)
    if type(key) is tuple:
        parts = [key_text(part) for part in key]
        return None if None in parts else f"({', '.join(map(str, parts))})"
    if isinstance(key, np.generic) and not isinstance(key, str | bytes):
        return key_text(key.item())
    if isinstance(key, enum.Enum):
        return f"{type(key).__qualname__}.{key.name}"
    return scalar_token(key)


def nested_token(value: Any) -> str | None:
    """Like :func:`scalar_token`, for lists, tuples, dictionaries and arrays of plain values too."""
    token = scalar_token(value)
    if token is not None:
        return token
    if isinstance(value, np.ndarray) and value.dtype.fields is None:
        return _joined(f"[{value.shape}", value.ravel().tolist())
    if type(value) in (list, tuple):
        return _joined("[", value)
    if type(value) is dict:
        pairs = [nested_token(pair) for pair in value.items()]
        return None if None in pairs else "{" + "".join(sorted(map(_counted, pairs))) + "}"
    return None


def _joined(start: str, values: Sequence[Any]) -> str | None:
    tokens = [nested_token(value) for value in values]
    return None if None in tokens else start + "".join(map(_counted, tokens)) + "]"


def _counted(token: str | None) -> str:
    return f"{len(token or '')}:{token}"


def _pandas_token(value: Any) -> str | None:
    name = type(value).__name__
    if name == "NAType":
        return "missing"
    if name in {"NaTType", "Timestamp"}:
        return f"t{value.isoformat()}"
    if name == "Timedelta":
        return f"l{value.days}:{value.seconds}:{value.microseconds}:{value.nanoseconds}"
    if name == "Period":
        return f"P{value.ordinal}:{value.freqstr}"
    if name == "Interval":
        ends = nested_token([value.left, value.right])
        return None if ends is None else f"I{value.closed}{ends}"
    return None


def _bits(value: float) -> str:
    return struct.pack("<d", value).hex()


def _slice(value: slice) -> str | None:
    return _joined("slice[", (value.start, value.stop, value.step))


_TOKENS: dict[type, Callable[[Any], str | None]] = {
    bool: lambda value: f"b{int(value)}",
    int: lambda value: f"i{value:x}",
    float: lambda value: f"f{_bits(value)}",
    complex: lambda value: f"c{_bits(value.real)}{_bits(value.imag)}",
    str: lambda value: f"s{str.__str__(value)}",
    bytes: lambda value: f"y{value.hex()}",
    bytearray: lambda value: f"y{value.hex()}",
    decimal.Decimal: lambda value: f"d{value}",
    fractions.Fraction: lambda value: f"q{value.numerator:x}/{value.denominator:x}",
    uuid.UUID: lambda value: f"u{value.hex}",
    dt.datetime: lambda value: f"t{value.isoformat()}",
    dt.date: lambda value: f"a{value.isoformat()}",
    dt.time: lambda value: f"h{value.isoformat()}",
    dt.timedelta: lambda value: f"l{value.days}:{value.seconds}:{value.microseconds}:0",
    range: lambda value: f"r{value.start:x}:{value.stop:x}:{value.step:x}",
    slice: _slice,
}
