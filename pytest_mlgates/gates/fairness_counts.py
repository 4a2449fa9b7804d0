"""Rates, F1, F-beta and balanced accuracy of every group, from confusion counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.core.verdict import plain
from pytest_mlgates.engines.columns import sort_key
from pytest_mlgates.gates.labels import confusion, merged
from pytest_mlgates.gates.recorded_counts import matrix_of, recorded
from pytest_mlgates.statistics import counts as of_counts
from pytest_mlgates.statistics.group_families import MeasuredFamily, RateFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.fairness_metrics import Measure
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.labels import Cells, Classes, Group
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.group_families import Family
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    CellsOf = dict[tuple[str, int, int], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedGroups:
    """The confusion counts of every group in every level, and the rates that they were asked for.

    Attributes:
        groups: Values in the order of ``by``, sorted.
        levels: Values of the control columns, sorted; one empty one without.
        cells: The rows of (level, group) by label and prediction.
        sizes: The rows of (level, group).
        classes: The labels that occur.
    """

    groups: tuple[Group, ...]
    levels: tuple[Group, ...]
    cells: dict[tuple[Group, Group], Cells]
    sizes: dict[tuple[Group, Group], int]
    classes: Classes
    _known: dict[tuple[Measure, int], tuple[Family, CellsOf]] = field(default_factory=dict)
    _records: list[dict[str, Any]] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """What a verifier computes verdicts from again; made once for all gates of these counts."""
        if not self._records:
            labels, positive = self.classes.labels, self.classes.positive
            if positive is not None and positive not in labels:
                labels = (*labels, positive)  # there is none of them
            matrices = (
                ({"level": list(level), "group": list(group)}, matrix_of(cells, labels))
                for level in self.levels
                for group in self.groups
                if (cells := self.cells.get((level, group))) is not None
            )
            place = None if positive is None else labels.index(positive)
            found = recorded(labels, place, matrices)
            if found:  # in their order: of two pairs that are alike, the first is named
                found["groups"] = plain([list(group) for group in self.groups])
            self._records.append(found)
        return self._records[0]

    def family(self, measure: Measure, place: int) -> tuple[Family, CellsOf]:
        """The number *measure* of the groups in a level, and what it gives away of each."""
        if (measure, place) not in self._known:
            level = self.levels[place]
            own = [self.cells.get((level, group)) for group in self.groups]
            found = count_family(measure, own, self.classes, place)
            away = {
                (measure.name, place, g): _given_away(found, g, one)
                for g, one in enumerate(own)
                if one is not None
            }
            self._known[measure, place] = found, away
        return self._known[measure, place]


def counted_groups(parameters: FairnessParameters, table: Table, display: Display) -> CountedGroups:
    """The counts of *table* by group, kept for the next gate that asks the same.

    Raises:
        MLGatesError: for a column that is missing, incomplete or of the wrong kind.
    """
    control = parameters.control or ()
    binary = any(measure.binary for measure in parameters.measures)
    roles = (parameters.y_true, parameters.y_pred, parameters.pos_label, parameters.missing)
    key = (*roles, type(parameters.pos_label), binary, control, parameters.by)
    known: dict[Any, CountedGroups] = table.memory.setdefault("fairness", {})
    if key not in known:
        counts = confusion(
            table,
            parameters,
            metric=parameters.metric,
            binary=binary,
            display=display,
            by=(*control, *parameters.by),
        )
        split = {name: (name[: len(control)], name[len(control) :]) for name in counts.groups}
        cells = {split[name]: one for name, one in counts.groups.items()}
        known[key] = CountedGroups(
            groups=tuple(dict.fromkeys(sorted((g for _, g in cells), key=sort_key))),
            levels=tuple(dict.fromkeys(sorted((level for level, _ in cells), key=sort_key))),
            cells=cells,
            sizes={place: sum(one.values()) for place, one in cells.items()},
            classes=counts.classes,
        )
    return known[key]


def _given_away(family: Family, group: int, cells: Cells) -> tuple[int, ...]:
    """The counts that the number of *group* gives away."""
    if not isinstance(family, RateFamily):
        return tuple(cells.values())
    successes = family.counted(group)
    return successes, family.sizes[group] - successes


class _Counts(NamedTuple):
    """How numbers of counts hang together: rows are independent, and share nothing but the whole.

    Attributes:
        measure: The number.
        cells: The counts of each group; None has no rows here.
        classes: The labels that occur.
    """

    measure: Measure
    cells: Sequence[Cells | None]
    classes: Classes

    def between(self, present: tuple[int, ...]) -> Floats | None:
        """They do not."""
        del present
        return None

    def with_whole(self, present: tuple[int, ...]) -> Floats:
        """The correlation of each group's number with that of all rows."""
        # The formulas of metric gates: groups that are compared with each other do without.
        from pytest_mlgates.gates.fairness_whole import counted_with_whole

        return counted_with_whole(self.measure, self.classes, [self.cells[g] for g in present])


def count_family(measure: Measure, own: Sequence[Cells | None], classes: Any, level: int) -> Family:
    """The rate *measure* of every group, from its confusion counts; None has no rows here."""
    absent = [g for g, cells in enumerate(own) if cells is None]
    positive = classes.positive
    if measure.form == "share":
        pairs = [hits(measure.name, cells or {}, positive) for cells in own]
        return RateFamily(
            name=measure.name,
            successes=tuple(k for k, _ in pairs),
            sizes=tuple(n for _, n in pairs),
            level=level,
            absent=absent,
        )
    measured = _measured(measure, classes)
    usable = _has_any if measure.binary else partial(_has_all, labels=classes.labels)
    whole = merged([cells for cells in own if cells is not None])
    return MeasuredFamily(
        name=measure.name,
        measures=[None if cells is None else measured(cells) for cells in own],
        whole=measured(whole),
        sizes=tuple(
            sum(cells.values()) if cells is not None and usable(cells, positive) else 0
            for cells in own
        ),
        low=0.0,
        high=1.0,
        level=level,
        absent=absent,
        together=_Counts(measure, own, classes),
    )


def hits(name: str, cells: Cells, positive: Any) -> tuple[int, int]:
    """Successes and denominator of the rate *name* in one group."""
    hits = rows = 0
    for (truth, predicted), n in cells.items():
        if not COUNTED[name](truth == positive, predicted == positive):
            continue
        rows += n
        hits += n if HIT[name](truth, predicted, positive) else 0
    return hits, rows


# Which rows are in a rate's denominator, by whether they are positive and predicted positive.
COUNTED: dict[str, Callable[[Any, Any], Any]] = {
    "selection_rate": lambda truth, _: truth | True,
    "true_positive_rate": lambda truth, _: truth,
    "false_positive_rate": lambda truth, _: truth ^ True,
    "true_negative_rate": lambda truth, _: truth ^ True,
    "false_negative_rate": lambda truth, _: truth,
    "accuracy_score": lambda truth, _: truth | True,
    "zero_one_loss": lambda truth, _: truth | True,
    "precision_score": lambda _, predicted: predicted,
}
# Which of them count, by label, prediction and the positive label.
HIT: dict[str, Callable[[Any, Any, Any], Any]] = {
    "selection_rate": lambda _, predicted, positive: predicted == positive,
    "true_positive_rate": lambda _, predicted, positive: predicted == positive,
    "false_positive_rate": lambda _, predicted, positive: predicted == positive,
    "true_negative_rate": lambda _, predicted, positive: predicted != positive,
    "false_negative_rate": lambda _, predicted, positive: predicted != positive,
    "accuracy_score": lambda truth, predicted, _: truth == predicted,
    "zero_one_loss": lambda truth, predicted, _: truth != predicted,
    "precision_score": lambda truth, _, positive: truth == positive,
}


def _measured(measure: Measure, classes: Any) -> Callable[[Cells], Callable[[float], Measured]]:
    """What makes of counts the number *measure* at any confidence."""
    if measure.takes_beta:
        # The formulas of metric gates, which the others do without.
        from pytest_mlgates.gates.fairness_whole import counted_measure

        return lambda cells: counted_measure(measure, classes, cells)
    formula = _f1 if measure.name == "f1_score" else _balanced_accuracy
    return lambda cells: partial(formula, cells, classes)


def _f1(cells: Cells, classes: Any, confidence: float) -> Measured:
    positive = classes.positive
    tp = sum(n for (t, p), n in cells.items() if t == positive and p == positive)
    fp = sum(n for (t, p), n in cells.items() if t != positive and p == positive)
    fn = sum(n for (t, p), n in cells.items() if t == positive and p != positive)
    return of_counts.f1(tp, fp, fn, confidence)


def _has_any(cells: Cells, positive: Any) -> bool:
    return any(positive in pair for pair in cells)


def _balanced_accuracy(cells: Cells, classes: Any, confidence: float) -> Measured:
    labels = classes.labels
    correct = [cells.get((label, label), 0) for label in labels]
    sizes = [sum(n for (truth, _), n in cells.items() if truth == label) for label in labels]
    return of_counts.balanced_accuracy(correct, sizes, confidence)


def _has_all(cells: Cells, _: Any, *, labels: Sequence[Any]) -> bool:
    return {truth for truth, _ in cells} >= set(labels)
