"""Bounds and members of columns of timestamps: in the column's zone, and in what it can hold."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    from collections.abc import Iterable

# What 64 bits of nanoseconds hold, to the second: engines wrap or raise beyond.
_FIRST = dt.datetime(1677, 9, 21, 0, 12, 44, tzinfo=dt.UTC)
_LAST = dt.datetime(2262, 4, 11, 23, 47, 16, tzinfo=dt.UTC)


def comparison(op: str, moment: dt.datetime, dtype: Any, engine: str) -> tuple[str, Any] | bool:
    """The same comparison with a time that a column of *dtype* can hold, or its answer."""
    beyond = _beyond(moment, dtype)
    if beyond:
        return op in (("<=", "<", "!=") if beyond > 0 else (">=", ">", "!="))
    zone = dtype.time_zone
    if engine == "polars" and dtype.time_unit == "ns":  # which would cut the column to microseconds
        if zone is None:
            return op, nw.lit(moment, nw.Datetime("ns"))
        utc = nw.lit(moment.astimezone(dt.UTC).replace(tzinfo=None), nw.Datetime("ns"))
        return op, utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    if zone is None and engine == "pyspark":  # which would move it by the session's zone
        return op, nw.lit(moment.isoformat(sep=" ")).cast(nw.Datetime("us"))
    return op, moment if zone is None else _in_zone(moment, zone)


def members(moments: Iterable[dt.datetime], dtype: Any) -> list[dt.datetime]:
    """Those of *moments* that a column of *dtype* can hold."""
    return [moment for moment in moments if not _beyond(moment, dtype)]


def told_apart(dtype: Any, engine: str) -> bool:
    """Whether members of a column of *dtype* have to be compared one by one.

    In a list, Spark moves them by its session's zone, and old versions of polars cut them.
    """
    return isinstance(dtype, nw.Datetime) and (
        engine == "pyspark" or (engine == "polars" and dtype.time_unit == "ns")
    )


def with_zone(value: Any, dtype: Any) -> Any:
    """*value* of a column of *dtype*: Spark hands times with a zone over in that of the machine."""
    naive = isinstance(value, dt.datetime) and value.tzinfo is None
    zoned = getattr(dtype, "time_zone", None) is not None
    return value.astimezone(dt.UTC) if naive and zoned else value


def _beyond(moment: dt.datetime, dtype: Any) -> int:
    """1 if *moment* is after all that a column of *dtype* can hold, -1 if before, else 0."""
    if dtype.time_unit != "ns":
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (moment > _LAST) - (moment < _FIRST)


def _in_zone(moment: dt.datetime, zone: str) -> dt.datetime:
    """*moment* in *zone*: polars and Arrow compare times of one zone only."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OverflowError):  # such as "+01:00"
        return moment
