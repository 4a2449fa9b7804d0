"""Columns of text: closed sets, lengths, fixed shapes, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural
from pytest_mlgates.gates.data_schema.inference.codes import infer_codes
from pytest_mlgates.gates.data_schema.inference.keys import infer_key_of_texts
from pytest_mlgates.gates.data_schema.inference.setting import FEWEST, percent
from pytest_mlgates.statistics.tolerance import fewer_distinct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values
    from pytest_mlgates.gates.data_schema.inference.shapes import Shape

# A set, what must be seen again, lengths and their middle, a shape, a key, a variety: which of them
# are made depends on the values, so that each is paid for.
STATEMENTS = 7
_LENGTHS = "expect_column_value_lengths_to_be_between"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What was counted of a column of text.

    Attributes:
        lengths: The rows of each length, in characters.
        distinct: How many different values there are.
        once: How many of them are seen once.
        counts: Each value with its rows, where the values are few; else empty.
        shape: The pattern that all values have, None where they have no fixed one.
    """

    lengths: Mapping[int, int]
    distinct: int
    once: int
    counts: Sequence[tuple[str, int]] = ()
    shape: Shape | None = None


def infer_texts(found: Findings, values: Values, texts: Texts) -> None:
    """What *texts* say about the next batch."""
    if values.n < FEWEST:
        found.leave_out("lengths", values.setting.too_few(values.n))
        return
    setting = values.setting
    length = next(iter(texts.lengths)) if len(texts.lengths) == 1 else None
    mixed = texts.shape is not None and texts.shape.mixes
    key = infer_key_of_texts(found, values, texts.distinct, length, mixed=mixed)
    if setting.private:
        found.leave_out("categories or lengths", "they are values of a private table")
        return
    if not key and texts.counts and infer_codes(found, values, texts.counts):
        return
    if not key:
        rare = f"{texts.once:,} of them seen once" if texts.once else "some of them seldom seen"
        many = plural(texts.distinct, "different value")
        found.leave_out("categories", f"{many} in {values.n:,}, {rare}")
    _infer_lengths(found, values, texts)
    if texts.shape is not None:
        _infer_shape(found, values, texts.shape)
    if not key:
        _infer_variety(found, values, texts)


def _infer_lengths(found: Findings, values: Values, texts: Texts) -> None:
    setting = values.setting
    low, high = min(texts.lengths), max(texts.lengths)
    allowed = values.outside(2)
    if allowed.is_too_much:
        found.leave_out("lengths", values.setting.too_few(values.n))
        return
    words = f"{low} characters" if low == high else f"{low} to {high} characters"
    found.add(
        _LENGTHS,
        f"All {values.n:,} values have {words}; up to {allowed} of {setting.batch_said()} may have "
        f"others ({setting.said()}).",
        words,
        min_value=low,
        max_value=high,
        mostly=allowed.mostly,
    )
    if low < high:
        _infer_middle_length(found, values, texts)


def _infer_middle_length(found: Findings, values: Values, texts: Texts) -> None:
    """A cut-off of long texts shortens the longer half: it need not leave the range."""
    setting = values.setting
    rank, middle, shorter = (values.n + 1) // 2, 0, 0
    for middle in sorted(texts.lengths):
        if shorter + texts.lengths[middle] >= rank:
            break
        shorter += texts.lengths[middle]
    allowed = values.outside(rank)
    if shorter == 0 or allowed.is_too_much:
        return
    found.add(
        _LENGTHS,
        f"Half of {values.n:,} values have {middle} characters or more; up to {allowed} of "
        f"{setting.batch_said()} may have fewer ({setting.said()}).",
        f"at least {middle} in {percent(1 - allowed.share)}",
        min_value=middle,
        mostly=allowed.mostly,
    )


def _infer_shape(found: Findings, values: Values, shape: Shape) -> None:
    setting = values.setting
    allowed = values.unlike(shape.choices)
    if allowed.is_too_much:
        return
    found.add(
        "expect_column_values_to_match_regex",
        f"All {values.n:,} values have this shape; up to {allowed} of {setting.batch_said()} may "
        f"have another ({setting.said()}).",
        f"shape {shape.regex}",
        regex=shape.regex,
        mostly=allowed.mostly,
    )


def _infer_variety(found: Findings, values: Values, texts: Texts) -> None:
    """How many different values there must be: a column that became constant has one."""
    setting = values.setting
    if setting.batch < setting.rows:
        found.leave_out("number of different values", "the batches to come are smaller")
        return
    missing = max(0, values.n - values.low)
    least = texts.distinct - fewer_distinct(values.n, setting.level) - missing
    if least < texts.distinct / 4 or least < 2:
        return
    found.add(
        "expect_column_unique_value_count_to_be_between",
        f"{texts.distinct:,} of {values.n:,} values are different ones; {setting.batch_said()} has "
        f"{least:,} or more ({setting.said()}).",
        f"{least:,} or more different",
        min_value=least,
    )
