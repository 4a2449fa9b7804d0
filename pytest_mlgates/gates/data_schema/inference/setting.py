"""What an inference is asked for, and what one column can claim of the next batch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import plural
from pytest_mlgates.statistics.tolerance import (
    least_in_next,
    most_in_next,
    most_outside,
    repeated_rows,
    unseen_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# An allowance of more than this share of a batch is no expectation: a table of 40 rows allows 10.
MOST_SLACK = 0.25
# Fewer values than this say nothing but that they are there.
FEWEST = 30
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The whole suite's promise, divided among its statements.

    Attributes:
        rows: Of the table.
        batch: The rows of the batches to come.
        error: How often the whole suite may fail a batch that is as good.
        statements: How many statements share that (Bonferroni).
        private: Whether no value of the table may leave it.
        min_cell: Counts under this are not shown of a private table.
    """

    rows: int
    batch: int
    error: float
    statements: int = 1
    private: bool = False
    min_cell: int = 10

    @property
    def level(self) -> float:
        """Of one statement."""
        return self.error / max(1, self.statements)

    def said(self, times: int = 1) -> str:
        """``level 0.05 / 72`` of *times* statements."""
        part = f"{self.error:g} / {self.statements}"
        return f"level {part}" if times == 1 else f"level {times} × {part}"

    def hides(self, *counts: int) -> bool:
        """Whether one of *counts* could point at a person in a private table."""
        return self.private and any(0 < count < self.min_cell for count in counts)

    def rows_said(self) -> str:
        """``16,280 rows``."""
        hidden = self.hides(self.rows)
        return f"fewer than {self.min_cell} rows" if hidden else plural(self.rows, "row")

    def too_few(self, count: int, noun: str = "value") -> str:
        """Why nothing is said of *count* values."""
        if self.hides(count, self.rows - count):
            return f"the {noun}s are too few"
        return f"{plural(count, noun)} {'is' if count == 1 else 'are'} too few"

    def batch_said(self) -> str:
        """What the next batch is called."""
        return "a batch of this size" if self.batch == self.rows else f"{self.batch:,} rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One expectation, and why.

    Attributes:
        type: ``expect_…``.
        kwargs: Plain JSON types.
        note: The reason with its numbers, in one sentence.
        words: What it wants, in a few words; empty where the kind of the column says it.
    """

    type: str
    kwargs: dict[str, Any]
    note: str
    words: str

    def to_dict(self) -> dict[str, Any]:
        """As a suite of Great Expectations has it."""
        return {"type": self.type, "kwargs": self.kwargs, "meta": {"notes": self.note}}


@dataclass(slots=True)
class Findings:
    """What was inferred of one column, and what was not, with the reason."""

    column: str
    kind: str
    inferences: list[Inference] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, expectation: str, note: str, words: str, /, **kwargs: Any) -> None:
        """Infer *expectation* of this column."""
        self.inferences.append(
            Inference(
                type=expectation,
                kwargs={"column": self.column, **kwargs},
                note=note,
                words=words,
            )
        )

    def leave_out(self, what: str, why: str) -> None:
        """Say what was not inferred."""
        self.left_out.append(f"no {what}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The present values of one column, of which the next batch will have *low* to *high*."""

    n: int
    low: int
    high: int
    setting: Setting

    @classmethod
    def of(cls, present: int, setting: Setting) -> Values:
        """Of a column with *present* values that are not null.

        A few missing ones of a private table are counted as the most that they could be, so that
        no bound tells how many they are.
        """
        missing, rows, batch = setting.rows - present, setting.rows, setting.batch
        if setting.hides(missing):
            missing = setting.min_cell - 1
        most = most_in_next(missing, rows, batch, setting.level)
        least = least_in_next(missing, rows, batch, setting.level) if missing else 0
        return cls(n=rows - missing, low=batch - most, high=batch - least, setting=setting)

    def seen(self, count: int) -> Allowance:
        """How many of the next values may have what *count* of these have."""
        level = self.setting.level
        return self._allowance(lambda m: most_in_next(count, self.n, m, level), count / self.n)

    def outside(self, blocks: int) -> Allowance:
        """How many of the next values may lie outside limits that leave *blocks* outside."""
        level = self.setting.level
        here = (blocks - 1) / self.n
        return self._allowance(lambda m: most_outside(blocks, self.n, m, level), here)

    def unlike(self, choices: float) -> Allowance:
        """How many of the next values may lack what all of these have, the best of *choices*."""
        level = self.setting.level / choices
        return self._allowance(lambda m: most_in_next(0, self.n, m, level))

    def unseen(self, seen: Mapping[int, int]) -> Allowance:
        """How many of the next values may be new, where so many are *seen* so often."""
        level = self.setting.level
        return self._allowance(lambda m: unseen_rows(seen, self.n, m, level))

    def repeated(self) -> Allowance:
        """How many of the next values may share theirs with another, where none of these do."""
        level = self.setting.level
        return self._allowance(lambda m: repeated_rows(self.n, m, level))

    def _allowance(self, count: Callable[[int], int], here: float = 0.0) -> Allowance:
        """*count* out of m, for the number of values of the next batch where its share is most."""
        if self.low <= 0:
            return Allowance(count=0, of=0, here=here)
        pairs = [(count(m), m) for m in (self.low, self.high)]
        most, of = max(pairs, key=lambda pair: pair[0] / pair[1])
        return Allowance(count=most, of=of, here=here)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many values of a batch may break an expectation; *here* is the share that does here."""

    count: int
    of: int
    here: float = 0.0

    @property
    def share(self) -> float:
        """Of the values."""
        return self.count / self.of if self.of else 1.0

    @property
    def is_too_much(self) -> bool:
        """Whether so much is allowed that nothing is expected."""
        return self.share >= 1 or self.share - self.here > MOST_SLACK

    @property
    def mostly(self) -> float:
        """The argument of Great Expectations: rounded so that the allowance is kept."""
        digits = max(_DIGITS, len(str(self.of)) + 1)
        scale = 10**digits
        return float(Decimal(int((self.of - self.count) * scale // self.of)) / scale)

    def __str__(self) -> str:
        """``10 (0.06 %)``."""
        return f"{self.count:,} ({percent(self.share)})"


def percent(share: float) -> str:
    """A share for people: ``0.06 %``, ``20.1 %``, two digits of what is small."""
    number = 100 * share
    if number == 0 or number >= 1:
        return f"{number:.3g} %"
    return f"{number:.{1 - math.floor(math.log10(number))}f} %"


def rounded_down(value: float) -> float:
    """*value*, or a number of six digits a little under it."""
    return _rounded(value, ROUND_FLOOR)


def rounded_up(value: float) -> float:
    """*value*, or a number of six digits a little over it."""
    return _rounded(value, ROUND_CEILING)


def _rounded(value: float, how: str) -> float:
    exact = Decimal(repr(value))
    if not exact:
        return 0.0
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - _DIGITS + 1), rounding=how))
