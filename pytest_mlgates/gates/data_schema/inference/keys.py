"""Evident keys: columns whose values are distinct where that is no accident."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values

_ALONE = re.compile(r"^(id|uuid|guid|key|pk|row_?id|index)$")
_NAMED = re.compile(r"(^|_)(id|uuid|guid|key|hash)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEAST_LENGTH = 8


def infer_key_of_numbers(
    found: Findings, values: Values, ordered: NDArray[Any], distinct: int, *, whole: bool
) -> bool:
    """Infer that no number occurs twice, where that is evident; False where it is not.

    Numbers drawn at random from the range that they span would be distinct with a probability of
    ``exp(-n(n-1) / 2 span)`` at most; where that is under the level, they are a numbering.
    """
    n = len(ordered)
    if distinct < n or not whole:
        return False
    span = int(ordered[-1]) - int(ordered[0]) + 1
    if n * (n - 1) / (2 * span) >= math.log(1 / values.setting.level):
        reason = f"All {n:,} values are distinct whole numbers in a span of {span:,}: a numbering."
        return _add(found, values, reason)
    return _by_name(found, values)


def infer_key_of_texts(
    found: Findings, values: Values, distinct: int, length: int | None, *, mixed: bool
) -> bool:
    """Infer that no text occurs twice, where that is evident; False where it is not.

    Args:
        found: Where it goes.
        values: Of the column.
        distinct: How many there are.
        length: Of all texts, where they have one; 8 or more make an identifier.
        mixed: Whether they have both letters and digits, at fixed places.
    """
    if distinct < values.n:
        return False
    if length is not None and length >= _LEAST_LENGTH and mixed:
        reason = f"All {values.n:,} values are distinct, {length} characters each: identifiers."
        return _add(found, values, reason)
    return _by_name(found, values)


def _by_name(found: Findings, values: Values) -> bool:
    """A name alone may be another table's key, of which the next batch may hold some twice."""
    name = re.sub(r"\W+", "_", _HUMP.sub("_", found.column)).casefold().strip("_")
    if _ALONE.match(name):
        return _add(found, values, f"All {values.n:,} values are distinct, as the name says.")
    allowed = values.repeated()
    if not _NAMED.search(name) or allowed.is_too_much:
        return False
    setting = values.setting
    reason = (
        f"All {values.n:,} values are distinct and the name is a key's; up to {allowed} of "
        f"{setting.batch_said()} may share theirs with another ({setting.said()})."
    )
    return _add(found, values, reason, mostly=allowed.mostly)


def _add(found: Findings, values: Values, reason: str, **kwargs: float) -> bool:
    if values.setting.private:  # how many they are, and within which span, are values of it
        reason = "All values are distinct, which is no accident."
    words = "unique" if not kwargs else f"unique in {100 * kwargs['mostly']:.3g} %"
    found.add("expect_column_values_to_be_unique", reason, words, **kwargs)
    return True
