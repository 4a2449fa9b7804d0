"""What cannot be asked before the aggregate is answered: one more scan each for all of its kind.

A z-score needs the mean and the standard deviation first, a quantile the number of values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.order_statistics import OrderStatistics, Ranks, order_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import narwhals.stable.v2 as nw

    from pytest_mlgates.gates.data_schema.answers import Answers


_Later = dict["Hashable", "Callable[[], nw.Expr | None]"]


@dataclass
class _Column:
    """Whose values by rank are wanted."""

    name: str
    values: nw.Expr
    n: Callable[[], int]
    ranks: list[Callable[[int], Sequence[int]]]


class SecondPass:
    """What waits for the answers of the aggregate, of all contracts over one table.

    Args:
        answers: Those of the table.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._later: tuple[_Later, ...] = ({}, {})
        self._values: dict[Hashable, Any] = {}
        self._columns: dict[Hashable, _Column] = {}
        self._ranked: dict[Hashable, dict[int, Any]] = {}
        self._sorting: tuple[dict[Hashable, Ranks], OrderStatistics] | None = None

    @property
    def steps(self) -> list[str]:
        """What will be read, in order."""
        refinements, questions = map(len, self._later)
        found = [f"{_second_aggregate(refinements)}, if needed"] if refinements else []
        if questions:
            found.append(_second_aggregate(questions))
        if self._columns:
            found.append(_sorted([one.name for one in self._columns.values()]))
        return found

    def want(
        self, key: Hashable, make: Callable[[], nw.Expr | None], *, stage: int = 0
    ) -> Callable[[], Any]:
        """Want the value of the expression that *make* makes of answers; None stays None.

        Args:
            key: What has the same key is the same value.
            make: Makes the expression.
            stage: 0 for what refines an answer of the aggregate, if that is needed; 1 for what may
                need it.
        """
        if key not in self._values:
            self._later[stage].setdefault(key, make)
        return lambda: self._value(key)

    def _value(self, key: Hashable) -> Any:
        for stage in self._later:
            if key in self._values:
                break
            made = {at: one for at, make in stage.items() if (one := make()) is not None}
            found = self._aggregate(list(made.values())) if made else []
            self._values.update(dict.fromkeys(stage))
            self._values.update(zip(made, found, strict=True))
            stage.clear()
        return self._values[key]

    def _aggregate(self, expressions: list[nw.Expr]) -> list[Any]:
        self._answers.scans.append(_second_aggregate(len(expressions)))
        asked = {f"v{place}": one for place, one in enumerate(expressions)}
        return list(self._answers.table.aggregate(asked).values())

    def rank(
        self,
        key: Hashable,
        name: str,
        values: nw.Expr,
        n: Callable[[], int],
        ranks: Callable[[int], Sequence[int]],
    ) -> Callable[[], dict[int, Any]]:
        """Want the values at the *ranks* that *n* values have, 0 the least; by rank.

        Args:
            key: What *values* are: the same key is the same column.
            name: What people call it.
            values: The column, nulls where a row does not count.
            n: How many of them are not null.
            ranks: The ranks, given that number; not asked where it is 0.
        """
        column = self._columns.setdefault(key, _Column(name, values, n, []))
        column.ranks.append(ranks)
        return lambda: self._by_rank(key, ranks)

    def _by_rank(self, key: Hashable, ranks: Callable[[int], Sequence[int]]) -> dict[int, Any]:
        n = self._columns[key].n()
        while n and not set(ranks(n)) <= set(self._ranked.get(key, {})):
            self.begin()  # unless other columns are on their way
            self._keep()
        return self._ranked.get(key, {})

    def begin(self) -> None:
        """Begin with the values by rank that are wanted, if they are not on their way.

        The aggregate has been answered.
        """
        if self._sorting is not None:
            return
        wanted: dict[Hashable, Ranks] = {}
        for key, column in self._columns.items():
            try:
                n = column.n()
            except MLGatesError:  # told to whoever asks for it
                continue
            ranks = {rank for part in column.ranks for rank in part(n)} if n else set()
            if missing := ranks - set(self._ranked.get(key, {})):
                wanted[key] = Ranks(column.values, n, tuple(sorted(missing)))
        if wanted:
            self._answers.scans.append(_sorted([self._columns[key].name for key in wanted]))
            found = order_statistics(self._answers.table, list(wanted.values()))
            self._sorting = wanted, found

    def cancel(self) -> None:
        """End what goes on beside the main thread."""
        if self._sorting is not None:
            self._sorting[1].cancel()
            self._sorting = None

    def _keep(self) -> None:
        """Keep the values that are on their way."""
        assert self._sorting is not None  # noqa: S101
        (wanted, found), self._sorting = self._sorting, None
        for (key, one), values in zip(wanted.items(), found(), strict=True):
            self._ranked.setdefault(key, {}).update(zip(one.ranks, values, strict=True))


def _second_aggregate(count: int) -> str:
    return f"second aggregate: {plural(count, 'expression')}"


def _sorted(names: list[str]) -> str:
    return f"order statistics: {', '.join(dict.fromkeys(names))}"
