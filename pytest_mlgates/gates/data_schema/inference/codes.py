"""Closed sets: columns whose values the sample has seen, all but a bounded few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import plural
from pytest_mlgates.gates.data_schema.inference.setting import percent
from pytest_mlgates.statistics.tolerance import near_a_limit, seen_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values

MOST_VALUES = 100
# The set is evidently closed where less of a batch than _FEW_NEW may be new. In a small table more
# may, up to _MOST_NEW, if that is the table's size: up to twice what it is without a rare value.
_FEW_NEW, _MOST_NEW = 0.02, 0.1
_MOST_RARE = 2
_MOST_SHOWN = 4


def infer_codes(
    found: Findings,
    values: Values,
    counts: Sequence[tuple[Any, int]],
    *,
    rare_ones: bool = True,
) -> bool:
    """Infer that the next batch holds *counts*' values and no others; False where it may not.

    Args:
        found: Where it goes.
        values: Of the column.
        counts: Each value with its rows.
        rare_ones: Whether values that are seen a few times only may be among them.
    """
    setting = values.setting
    rarest = min(n for _, n in counts)
    if not rare_ones and rarest < near_a_limit(setting.level):
        return False
    seen: dict[int, int] = {}
    for _, times in counts:
        seen[times] = seen.get(times, 0) + 1
    allowed = values.unseen(seen)
    least = values.unseen({values.n: 1})
    if allowed.share > min(_MOST_NEW, max(_FEW_NEW, _MOST_RARE * least.share)):
        return False
    members = sorted(value for value, _ in counts)
    shown = ", ".join(str(v) for v in members[:_MOST_SHOWN])
    more = f" and {len(members) - _MOST_SHOWN} more" if len(members) > _MOST_SHOWN else ""
    found.add(
        "expect_column_values_to_be_in_set",
        f"{values.n:,} values are {plural(len(members), 'different one')}, the rarest seen "
        f"{plural(rarest, 'time')}; up to {allowed} of {setting.batch_said()} may be new "
        f"({setting.said()}).",
        f"in {{{shown}{more}}}" + f", at most {percent(allowed.share)} new",
        value_set=members,
        mostly=allowed.mostly,
    )
    _infer_common(found, values, counts)
    return True


def _infer_common(found: Findings, values: Values, counts: Sequence[tuple[Any, int]]) -> None:
    """What is seen so often that it will be seen again."""
    setting = values.setting
    often = seen_again(values.n, values.low, setting.level)
    common = sorted(value for value, times in counts if times >= often)
    if not common:
        return
    everything = "all of them" if len(common) == len(counts) else f"{len(common)} common ones"
    found.add(
        "expect_column_distinct_values_to_contain_set",
        f"{plural(len(common), 'value')} of {len(counts)} are seen {often} times or more, so often "
        f"that {setting.batch_said()} has them too ({setting.said()}).",
        f"{everything} again",
        value_set=common,
    )
