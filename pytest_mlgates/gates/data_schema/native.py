"""The native expectations, by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.gates.data_schema import (
    column_checks,
    distinct_checks,
    format_checks,
    order_checks,
    pair_checks,
    quantile_checks,
    record_checks,
    regex_checks,
    row_checks,
    set_checks,
    spread_checks,
    table_checks,
    text_checks,
    unique_checks,
)

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.native_type import NativeType

NATIVE: dict[str, NativeType] = {
    **table_checks.TYPES,
    **row_checks.TYPES,
    **regex_checks.TYPES,
    **text_checks.TYPES,
    **format_checks.TYPES,
    **pair_checks.TYPES,
    **record_checks.TYPES,
    **unique_checks.TYPES,
    **column_checks.TYPES,
    **set_checks.TYPES,
    **distinct_checks.TYPES,
    **spread_checks.TYPES,
    **quantile_checks.TYPES,
    **order_checks.TYPES,
}
