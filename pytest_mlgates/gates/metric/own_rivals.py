"""Two models' answers to a metric of the project, on the same resampled rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.labels import Column
from pytest_mlgates.gates.metric.answers import chosen
from pytest_mlgates.gates.metric.arguments import usable
from pytest_mlgates.gates.metric.resampled import Resampled, hushed
from pytest_mlgates.statistics.bootstrap import Bootstrap, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.gates.metric.answers import Measure
    from pytest_mlgates.gates.metric.own import Own
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.statistics.interval import Measured

    Mask = NDArray[np.bool_]
    Columns = dict[str, NDArray[Any]]

_CHAMPION = "champion's "


@dataclass(frozen=True, kw_only=True)
class OwnRivals:
    """The candidate's and the champion's answers to one function, on the same rows.

    Attributes:
        own: The candidate's.
        other: For each column of the candidate's answers the one that holds the champion's.
        columns: All of them.
        differing: On which rows their answers are not equal.
        only: No share of right rows is known.
        bases: The counts that the two values come from.
    """

    own: Own
    other: Mapping[str, str]
    columns: Columns
    differing: Mask
    only: tuple[int, int] | None = None
    bases: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def values(self) -> tuple[Number, Number]:
        """The metric of both on all rows.

        Raises:
            UndefinedError: where either has none.
        """
        theirs = {name: self.columns[other] for name, other in self.other.items()}
        found = []
        for columns in (self.own.columns, {**self.own.columns, **theirs}):
            resampled = Bootstrap(columns, self.own.statistic)
            with hushed(self.own.display):
                found.append(resampled.value)
        return found[0], found[1]

    def measure(self, rows: Mask | None) -> Measure:
        """The difference on *rows* with its bounds, resampled for both alike."""
        resampled = Resampled(
            self.own, self.columns, difference(self.own.statistic, self.other), rows
        )
        differing = int(np.count_nonzero(chosen(self.differing, rows)))

        def measured(confidence: float) -> Measured:
            found = resampled.measure(confidence)
            cells = (*found.cells, differing) if self.own.display.private else ()
            return replace(found, method=f"paired {found.method}", cells=cells)

        return measured


def rivals_of(own: Own, found: Predictions) -> OwnRivals:
    """The candidate's answers and those of a champion on the same rows.

    Raises:
        MLGatesError: for answers of another shape or kind.
    """
    table, display = own.table, own.display
    columns, other = dict(own.columns), {}
    differing = np.zeros(table.n_rows, dtype=bool)
    for role in sorted(own.answers):
        mine = [name for name in own.columns if name.partition(" ")[0] == role]
        theirs = found.y_score if role == "y_score" else found.y_pred
        assert theirs is not None  # noqa: S101  (refused by the caller)
        parts = [theirs] if theirs.ndim == 1 else list(theirs.T)
        if len(parts) != len(mine):
            raise MLGatesError(
                f"{found.name} gives {len(parts)} scores per row, and the table has {len(mine)}",
                want="as many from both",
            )
        for name, part in zip(mine, parts, strict=True):
            column = Column(role=role, name=found.name, table=table.name)
            key = f"{_CHAMPION}{name}"
            columns[key] = usable(part, column, own.metric, table, display)
            other[name] = key
            differing |= np.asarray(own.columns[name] != columns[key], dtype=bool)
    return OwnRivals(
        own=own,
        other=other,
        columns=columns,
        differing=differing,
        bases=(own.cells(columns, None), own.cells(columns, None, f"{_CHAMPION}y_pred")),
    )
