"""Dates and timestamps: loose limits, because time moves on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_mlgates.gates.data_schema.inference.setting import FEWEST

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values

STATEMENTS = 1
_YEAR = dt.timedelta(days=365)
_DECADES = dt.timedelta(days=50 * 365)
# What pandas can hold in nanoseconds; a limit outside cannot be compared there.
_FIRST, _LAST = dt.date(1678, 1, 1), dt.date(2262, 1, 1)


def infer_times(found: Findings, values: Values, low: dt.date, high: dt.date) -> None:
    """As long before the first as the data span, and 50 years (or their span) after the last.

    A column of time has no upper limit that a later batch keeps; what is half a century ahead is a
    placeholder or another unit.
    """
    setting = values.setting
    if setting.private:
        found.leave_out("limits", "they are values of a private table")
        return
    if values.n < FEWEST:
        found.leave_out("limits", values.setting.too_few(values.n))
        return
    allowed = values.outside(2)
    if allowed.is_too_much:
        found.leave_out("limits", values.setting.too_few(values.n))
        return
    first, last = _day(low), _day(high)
    span = last - first
    least = max(first - max(span, _YEAR), _FIRST) if first > _FIRST + 2 * _YEAR else None
    most = _later(last, max(span, _DECADES))
    given = {
        name: _text(day, low)
        for name, day in (("min_value", least), ("max_value", most))
        if day is not None
    }
    if not given:
        found.leave_out("limits", "they would leave the calendar of pandas")
        return
    words = f"{least or '…'} to {most or '…'}"
    found.add(
        "expect_column_values_to_be_between",
        f"{values.n:,} values lie from {first} to {last}; up to {allowed} of "
        f"{setting.batch_said()} may lie before those by more than they span, or ahead of them by "
        f"more than 50 years ({setting.said()}).",
        words,
        **given,
        mostly=allowed.mostly,
    )


def _day(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _later(last: dt.date, by: dt.timedelta) -> dt.date | None:
    if last >= _LAST - _YEAR:
        return None
    return _LAST if last > _LAST - by else last + by


def _text(day: dt.date, like: dt.date) -> str:
    """*day* in ISO form, in the kind of the column: a date, a time, a time with a zone."""
    if not isinstance(like, dt.datetime):
        return day.isoformat()
    zone = "+00:00" if like.tzinfo is not None else ""
    return f"{day.isoformat()}T00:00:00{zone}"
