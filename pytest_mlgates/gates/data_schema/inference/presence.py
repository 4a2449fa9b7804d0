"""Nulls and types: what is inferred of every column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.inference.setting import Values, percent

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.inference.setting import Findings

# In the order of how often readers make them; the last ones are nullable types of pandas.
_NUMBERS = [
    "int64",
    "float64",
    "int32",
    "int16",
    "int8",
    "float32",
    "Int64Dtype",
    "Float64Dtype",
]
_TYPE_LIST = "expect_column_values_to_be_in_type_list"
_OF_TYPE = "expect_column_values_to_be_of_type"


def infer_presence(found: Findings, values: Values, present: int) -> None:
    """How many values may be missing, where *present* are not."""
    setting = values.setting
    if setting.hides(present):
        found.leave_out("bound of missing values", setting.too_few(present))
        return
    missing, hidden = setting.rows - values.n, setting.hides(setting.rows - present)
    rows = Values(n=setting.rows, low=setting.batch, high=setting.batch, setting=setting)
    allowed = rows.seen(missing)
    if allowed.is_too_much:
        found.leave_out(
            "bound of missing values", f"{setting.rows_said()} would allow {percent(allowed.share)}"
        )
        return
    count = f"Fewer than {setting.min_cell}" if hidden else f"{missing:,}"
    found.add(
        "expect_column_values_to_not_be_null",
        f"{count} of {setting.rows:,} values are missing; up to {allowed} may be in "
        f"{setting.batch_said()} ({setting.said()}).",
        f"at most {percent(allowed.share)} missing",
        mostly=allowed.mostly,
    )


def infer_type(found: Findings, kind: Family, dtype: Any) -> None:
    """The family of types, in names that hold on pandas, polars and DuckDB."""
    if kind in (Family.INTEGER, Family.NUMBER):
        why = (
            "Whole numbers; floats are allowed, which is what pandas makes of them beside a "
            "missing value."
            if kind is Family.INTEGER
            else "Numbers; integers are allowed, which is what readers make of whole ones."
        )
        own = str(dtype).lower()
        unsigned = [own] if own not in _NUMBERS else []
        found.add(_TYPE_LIST, why, "", type_list=[*unsigned, *_NUMBERS])
    elif kind is Family.BOOLEAN:
        why = "Truth values; objects are allowed, which pandas makes of them beside a missing one."
        names = ["bool", "BooleanDtype", "object"]
        found.add(_TYPE_LIST, why, "", type_list=names)
    elif kind is Family.TEXT and isinstance(dtype, nw.String):
        found.add(_OF_TYPE, "Text.", "", type_="str")
    elif kind is Family.DATE:
        found.add(_OF_TYPE, "Dates without a time of day.", "", type_="date")
    elif kind is Family.TIME and dtype.time_zone is None:
        units = [f"datetime64[{unit}]" for unit in ("ns", "us", "ms", "s")]
        found.add(_TYPE_LIST, "Times without a zone, of any unit.", "", type_list=units)
    elif kind is Family.TIME:
        found.add(_OF_TYPE, "Times with a zone.", "", type_="Timestamp")
    else:
        found.leave_out("type", f"{type(dtype).__name__} has no name that holds on every engine")
