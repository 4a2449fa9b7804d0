"""Type names of contracts: those that GX accepts on pandas, for columns of every engine.

==================  ==========================================================================
column              names that hold
==================  ==========================================================================
Int64 (and so on)   ``int64`` (``int``, ``int_``, ``long`` mean int64), ``Int64``
Float64, Float32    ``float64`` (``float``, ``double``), ``float32`` (``single``)
String              ``str``, ``string``; ``object`` only in an ``object`` column of pandas
Boolean             ``bool``, ``bool_``, ``boolean``
Datetime            ``datetime64`` (with any unit) naive, ``Timestamp`` aware, ``datetime`` both
Date                ``date``
Categorical, Enum   ``category``
==================  ==========================================================================

An integer column with nulls is float64 in pandas and stays int64 elsewhere: the type is the
table's own.
"""

from __future__ import annotations

import re
from typing import Any

from pytest_mlgates.engines.lazy import nw

# By name in narwhals, several where a name stands for several of its types.
_PLAIN: dict[str, tuple[str, ...]] = {
    "int8": ("Int8",),
    "int16": ("Int16",),
    "int32": ("Int32",),
    "int64": ("Int64",),
    "uint8": ("UInt8",),
    "uint16": ("UInt16",),
    "uint32": ("UInt32",),
    "uint64": ("UInt64",),
    "float32": ("Float32",),
    "float64": ("Float64",),
    "str": ("String",),
    "bool": ("Boolean",),
    "date": ("Date",),
    "datetime": ("Datetime",),
    "category": ("Categorical", "Enum"),
    "timedelta64": ("Duration",),
    "time": ("Time",),
    "decimal": ("Decimal",),
    "bytes": ("Binary",),
    "list": ("List", "Array"),
    "dict": ("Struct",),
}
_ALSO = {
    "int": "int64",
    "int_": "int64",
    "long": "int64",
    "float": "float64",
    "float_": "float64",
    "double": "float64",
    "single": "float32",
    "str_": "str",
    "string": "str",
    "string_types": "str",
    "unicode": "str",
    "StringDtype": "str",
    "bool_": "bool",
    "boolean": "bool",
    "BooleanDtype": "bool",
    "object_": "object",
    "O": "object",
    "Decimal": "decimal",
    "CategoricalDtype": "category",
    "CategoricalDtypeType": "category",
    "Timedelta": "timedelta64",
    "M8": "datetime64",
    **{
        f"{kind}{bits}": f"{kind.lower()}{bits}"
        for kind in ("Int", "UInt", "Float")
        for bits in (8, 16, 32, 64)
        if not (kind == "Float" and bits < 32)
    },
    **{
        f"{kind}{bits}Dtype": f"{kind.lower()}{bits}"
        for kind in ("Int", "UInt", "Float")
        for bits in (8, 16, 32, 64)
        if not (kind == "Float" and bits < 32)
    },
}
NAMES = (*_PLAIN, "object", "datetime64", "Timestamp", *_ALSO)
_UNIT = re.compile(r"^(datetime64|timedelta64)\[[a-z]+\]$")


def canonical(name: str) -> str | None:
    """*name* in the words of this page, None if it is not a type name."""
    found = _UNIT.match(name)
    name = found[1] if found else name
    name = _ALSO.get(name, name)
    return name if name in _PLAIN or name in ("object", "datetime64", "Timestamp") else None


def is_type(dtype: Any, name: str, *, is_object: bool) -> bool:
    """Whether a column of *dtype* is of the type called *name* (canonical)."""
    if name == "object":
        return is_object or isinstance(dtype, nw.Object)
    if name in ("datetime64", "Timestamp"):
        aware = getattr(dtype, "time_zone", None) is not None
        return isinstance(dtype, nw.Datetime) and aware == (name == "Timestamp")
    return isinstance(dtype, tuple(getattr(nw, one) for one in _PLAIN[name]))


def name_of(dtype: Any, *, is_object: bool) -> str:
    """What *dtype* is called in results: the words of pandas."""
    if is_object:
        return "object"
    for name in ("datetime64", "Timestamp", *_PLAIN):
        if is_type(dtype, name, is_object=False):
            return name
    return str(dtype).lower()
