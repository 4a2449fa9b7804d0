"""Evident keys: columns whose values are distinct where that is no accident."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values

_NAMED = re.compile(r"(^|_)(id|uuid|guid|key|pk|hash|rowid)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEAST_LENGTH = 8


def named_like_a_key(column: str) -> bool:
    """Whether the name says so: ``id``, ``order_id``, ``orderId``, ``uuid``."""
    name = re.sub(r"\W+", "_", _HUMP.sub("_", column)).casefold().strip("_")
    return _NAMED.search(name) is not None


def key_of_numbers(
    column: str, ordered: NDArray[Any], distinct: int, *, whole: bool, level: float
) -> str:
    """Why sorted numbers are a key, empty if they are not evidently one.

    Numbers drawn at random from the range that they span would be distinct with a probability of
    ``exp(-n(n-1) / 2 span)`` at most; where that is under *level*, they are numbered.
    """
    n = len(ordered)
    if distinct < n or not whole:
        return ""
    if named_like_a_key(column):
        return f"All {n:,} values are distinct, as the name says."
    span = int(ordered[-1]) - int(ordered[0]) + 1
    if n * (n - 1) / (2 * span) < math.log(1 / level):
        return ""
    return f"All {n:,} values are distinct whole numbers within a span of {span:,}: a numbering."


def key_of_texts(column: str, n: int, distinct: int, length: int | None, *, mixed: bool) -> str:
    """Why texts are a key: *length* where all have the same, *mixed* of letters and digits."""
    if distinct < n:
        return ""
    if named_like_a_key(column):
        return f"All {n:,} values are distinct, as the name says."
    if length is None or length < _LEAST_LENGTH or not mixed:
        return ""
    return f"All {n:,} values are distinct, {length} letters and digits each: identifiers."


def infer_key(found: Findings, values: Values, reason: str) -> None:
    """Infer that no value occurs twice."""
    if values.setting.private:  # how many they are, and within which span, are values of it
        reason = "All values are distinct, which is no accident."
    found.add("expect_column_values_to_be_unique", reason, "unique")
