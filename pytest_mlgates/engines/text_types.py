"""Types of columns that a file writes as text: what their values, all of them, can be read as.

===============  ==================================================================  ===========
kind             every value is                                                      DuckDB
===============  ==================================================================  ===========
truth values     ``true`` or ``false``, in any case                                  BOOLEAN
whole numbers    digits with or without a sign, of at most 64 bits                   BIGINT,
                                                                                     UBIGINT
numbers          a decimal number, with or without an exponent; ``inf``, ``nan``     DOUBLE
dates            ``2024-01-31``                                                      DATE
times            ``2024-01-31 10:00``, ``…T10:00:00.123456``, or a date              TIMESTAMP
times of a zone  the same with ``Z`` or ``+02:00``                                   TIMESTAMPTZ
text             anything else                                                       VARCHAR
===============  ==================================================================  ===========

DuckDB's own casts read more than that, and read it wrongly for a contract: ``1.5`` as the integer
2, ``0x1F`` as 31, ``2024-01-31 10:00`` as a date, a time of a zone without its zone. So each value
is matched before it is cast.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_mlgates.engines import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_DIGITS_OF_64_BITS = 18
_MARK = "mlgates: not of kind, column "


class Kind(StrEnum):
    """What the values of a column are, by DuckDB's name."""

    TRUTH = "BOOLEAN"
    WHOLE = "BIGINT"
    UNSIGNED = "UBIGINT"
    NUMBER = "DOUBLE"
    DATE = "DATE"
    TIME = "TIMESTAMP"
    ZONED = "TIMESTAMPTZ"
    TEXT = "VARCHAR"
    EMPTY = "NULL"


class Grammar:
    """Which kinds values may be read as, and how they are written.

    The patterns mean the same to Python's ``re`` and to RE2, which DuckDB uses.

    Args:
        decimal: The decimal mark.
        numeric: Whether text can be a number or a truth value (it cannot in JSON, which has both).
    """

    def __init__(self, *, decimal: str = ".", numeric: bool = True) -> None:
        self.decimal, self.numeric = decimal, numeric
        mark = re.escape(decimal)
        self.number = (
            rf" *[+-]?(?:(?:[0-9]+{mark}?[0-9]*|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
            r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]) *"
        )
        self.patterns = {
            # Without regard to case, and to nothing else: ``(?i:s)`` means the long s too.
            Kind.TRUTH: "[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]",
            Kind.WHOLE: " *[+-]?[0-9]+ *",
            Kind.NUMBER: self.number,
            Kind.DATE: _DAY,
            Kind.TIME: f"{_DAY}(?:{_CLOCK})?",
            Kind.ZONED: rf"{_DAY}{_CLOCK}(?:Z|[+-][0-9]{{2}}(?::[0-9]{{2}})?)",
        }
        if not numeric:
            for kind in (Kind.TRUTH, Kind.WHOLE, Kind.NUMBER):
                del self.patterns[kind]

    @cached_property
    def _compiled(self) -> dict[Kind, re.Pattern[str]]:
        return {kind: re.compile(pattern) for kind, pattern in self.patterns.items()}

    def guess(self, values: Sequence[str | None]) -> Kind | None:
        """What a sample of a column suggests; None where it suggests nothing.

        Text is certain: one value that is of no other kind makes it so. Anything else is to be
        checked in every row (:meth:`checked`).
        """
        found = [value for value in values if value is not None]
        if not found:
            return None
        for kind, pattern in self._compiled.items():
            if all(pattern.fullmatch(value) for value in found):
                too_long = any(len(value.strip(" +-")) > _DIGITS_OF_64_BITS for value in found)
                return None if kind is Kind.WHOLE and too_long else kind
        return Kind.TEXT

    def cast(self, column: str, kind: Kind) -> str:
        """*column* (an identifier) as values of *kind*, all of which are known to be of it."""
        if kind is Kind.TEXT:
            return column
        if kind is Kind.NUMBER and self.decimal != ".":
            column = f"replace({column}, {sql.text(self.decimal)}, '.')"
        return f"try_cast({column} as {Kind.TEXT if kind is Kind.EMPTY else kind})"

    def checked(self, column: str, kind: Kind | None, place: int) -> str:
        """The same; the query fails where a value is not of *kind*: see :func:`misfit`."""
        if kind is None or kind is Kind.TEXT:
            return column
        matched = self.matches(column, self.patterns[kind])
        return (
            f"case when {column} is not null then coalesce("
            f"case when {matched} then {self.cast(column, kind)} end, "
            f"error({sql.text(f'{_MARK}{place};')})) end"
        )

    @staticmethod
    def matches(column: str, pattern: str) -> str:
        """Whether *column* (an identifier) matches *pattern* from end to end."""
        return f"regexp_full_match({column}, {sql.text(pattern)})"

    def survey(self, column: str) -> list[str]:
        """Aggregates over *column* (an identifier) that :meth:`decide` needs."""
        parts = [f"count({column})"]
        for kind, pattern in self.patterns.items():
            matched = f"case when {self.matches(column, pattern)} then {column} end"
            if kind in (Kind.TRUTH, Kind.NUMBER):
                parts.append(f"count({matched})")
            else:
                parts.append(f"count(try_cast({matched} as {kind}))")
            if kind is Kind.WHOLE:
                parts += [f"count(try_cast({matched} as {Kind.UNSIGNED}))", f"count({matched})"]
        return parts

    def decide(self, counts: Sequence[int]) -> Kind:
        """The kind of a column whose :meth:`survey` gave *counts*."""
        present, *rest = counts
        if not present:
            return Kind.EMPTY
        names: list[Kind] = []
        for kind in self.patterns:
            # Whole numbers of more than 64 bits stay text: a float would round them.
            more = [Kind.UNSIGNED, Kind.TEXT] if kind is Kind.WHOLE else []
            names += [kind, *more]
        return next((n for n, c in zip(names, rest, strict=True) if c == present), Kind.TEXT)


def misfit(error: Exception) -> int | None:
    """The place of the column that :meth:`Grammar.checked` refused, None for another error."""
    found = re.search(rf"{_MARK}(\d+);", str(error))
    return int(found.group(1)) if found else None
