"""One draw of data as a gate sees it: what the pure layers find, and what the public gate says.

The pure layers (`decide` on parts, `compare_groups` on counts) judge a draw in well under a
millisecond; the public functions build the table of it and read it again. Both must agree, which
`simulate_metrics.py` checks on some draws of every cell.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import pytest_mlgates
from pytest_mlgates.gates.labels import Classes
from pytest_mlgates.gates.metric.classes import ClassMetric, counted
from pytest_mlgates.gates.metric.decide import Claim, decide
from pytest_mlgates.gates.metric.parameters import MetricParameters
from pytest_mlgates.gates.metric.parts import Part
from pytest_mlgates.statistics import auc
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.estimate import Sampling, bounds, scaled
from pytest_mlgates.statistics.group_families import RateFamily
from pytest_mlgates.statistics.groups import compare_groups, keeps
from pytest_mlgates.statistics.interval import Measured
from pytest_mlgates.statistics.paired import bonett_price
from pytest_mlgates.statistics.regression import rmse

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.core.verdict import Finding, Verdict

CONFIDENCE = 0.95
CLASSES = Classes(labels=(0, 1), positive=1)


@dataclass(frozen=True)
class Judged:
    """What is found in one draw.

    `estimate_holds` is of the deciding estimate, `raw_holds` of the plain number (the worst slice,
    the largest gap), which other tools compare with the bound.
    """

    finding: Finding
    estimate_holds: bool
    raw_holds: bool


class Sample(Protocol):
    """One draw."""

    @property
    def key(self) -> Hashable:
        """Equal for draws that must be judged alike; None where that is not worth finding out."""

    def judged(self) -> Judged:
        """What the pure layers find."""

    def verdict(self, **options: Any) -> Verdict:
        """What the public gate says."""


@dataclass(frozen=True)
class Counted:
    """A metric of classes against `min`, overall and by slice: rows as (tp, fp, fn, tn)."""

    metric: str
    limit: float
    slices: tuple[tuple[int, int, int, int], ...]

    @property
    def key(self) -> Hashable:
        return self.slices if len(self.slices) == 1 else None

    def judged(self) -> Judged:
        whole = tuple(map(sum, zip(*self.slices, strict=True)))
        parts = [_part(self.metric, None, whole)]
        if len(self.slices) > 1:
            parts += [
                _part(
                    self.metric,
                    (place,),
                    cells,
                    rest=tuple(a - b for a, b in zip(whole, cells, strict=True)),
                )
                for place, cells in enumerate(self.slices)
            ]
        return _decided(parts, Claim(at_least=True, limit=self.limit, tolerance=1 - self.limit))

    def verdict(self, **options: Any) -> Verdict:
        cells = np.array(self.slices)
        counts = cells.reshape(-1)
        truth = np.repeat(np.tile([1, 0, 1, 0], len(cells)), counts)
        predicted = np.repeat(np.tile([1, 1, 0, 0], len(cells)), counts)
        table = {"y_true": truth, "y_pred": predicted}
        if len(cells) > 1:
            table["slice"] = np.repeat(np.arange(len(cells)), cells.sum(axis=1))
            options["by"] = "slice"
        return pytest_mlgates.metric(table, self.metric, min=self.limit, **options)


@dataclass(frozen=True)
class Rowwise:
    """accuracy against `min` of rows that do not count alike or come in clusters."""

    limit: float
    right: NDArray[np.bool_]
    role: str
    values: NDArray[Any]

    key = None

    def judged(self) -> Judged:
        weights = scaled(self.values) if self.role == "sample_weight" else None
        drawn = Sampling(weights=weights, clusters=self.values if weights is None else None)
        truth = np.ones(len(self.right), dtype=np.intp)
        estimate = class_metric("accuracy").of_rows(truth, self.right.astype(np.intp), weights)
        part = Part(group=None, rows=len(truth), measure=lambda c: bounds(estimate, c, drawn))
        return _decided([part], Claim(at_least=True, limit=self.limit, tolerance=1 - self.limit))

    def verdict(self, **options: Any) -> Verdict:
        table = {
            "y_true": np.ones(len(self.right), dtype=np.int64),
            "y_pred": self.right.astype(np.int64),
            "role": self.values,
        }
        return pytest_mlgates.metric(
            table, "accuracy", min=self.limit, **{self.role: "role"}, **options
        )


@dataclass(frozen=True)
class Ranked:
    """roc_auc against `min`."""

    limit: float
    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]

    key = None

    def judged(self) -> Judged:
        placed = auc.roc_auc(self.positive, self.scores)
        part = Part(
            group=None, rows=len(self.scores), measure=lambda c: auc.auc_interval(placed, c)
        )
        return _decided([part], Claim(at_least=True, limit=self.limit, tolerance=1 - self.limit))

    def verdict(self, **options: Any) -> Verdict:
        table = {"y_true": self.positive, "y_score": self.scores}
        return pytest_mlgates.metric(table, "roc_auc", min=self.limit, **options)


@dataclass(frozen=True)
class Errors:
    """rmse against `max`, from the errors of a regression."""

    limit: float
    errors: NDArray[np.float64]

    key = None

    def judged(self) -> Judged:
        part = Part(group=None, rows=len(self.errors), measure=lambda c: rmse(self.errors, c))
        return _decided([part], Claim(at_least=False, limit=self.limit, tolerance=self.limit))

    def verdict(self, **options: Any) -> Verdict:
        table = {"y_true": np.zeros(len(self.errors)), "y_pred": self.errors}
        return pytest_mlgates.metric(table, "rmse", max=self.limit, **options)


@dataclass(frozen=True)
class Paired:
    """accuracy against a champion with a margin: rows that only one, both, or neither has right."""

    margin: float
    only_candidate: int
    only_champion: int
    rows: int

    @property
    def key(self) -> Hashable:
        return self.only_candidate, self.only_champion

    def judged(self) -> Judged:
        mine, theirs = self.only_candidate, self.only_champion

        def measure(confidence: float) -> Measured:
            return Measured(
                value=Fraction(mine - theirs, self.rows),
                interval=bonett_price(mine, theirs, self.rows, confidence),
                n=self.rows,
                method="bonett-price",
            )

        part = Part(group=None, rows=self.rows, measure=measure)
        return _decided([part], Claim(at_least=True, limit=-self.margin))

    def verdict(self, **options: Any) -> Verdict:
        import pandas as pd

        rows = np.arange(self.rows)
        truth = rows % 2
        mine, theirs = truth.copy(), truth.copy()
        mine[: self.only_champion] = 1 - truth[: self.only_champion]
        end = self.only_champion + self.only_candidate
        theirs[self.only_champion : end] = 1 - truth[self.only_champion : end]
        with tempfile.TemporaryDirectory() as folder:
            champion = Path(folder) / "champion.csv"
            table = pd.DataFrame({"row": rows, "y_true": truth, "y_pred": theirs})
            table.to_csv(champion, index=False)
            return pytest_mlgates.metric(
                table.assign(y_pred=mine),
                "accuracy",
                no_worse_than=str(champion),
                margin=self.margin,
                **options,
            )


@dataclass(frozen=True)
class Grouped:
    """A fairness gate: each rate's successes and sizes by group."""

    metric: str
    bound: float
    families: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    key = None

    @property
    def comparison(self) -> Comparison:
        return Comparison.RATIO if self.metric.endswith("ratio") else Comparison.DIFFERENCE

    def judged(self) -> Judged:
        families = [
            RateFamily(name=f"rate {place}", successes=successes, sizes=sizes)
            for place, (successes, sizes) in enumerate(self.families)
        ]
        found = compare_groups(
            families, comparison=self.comparison, bound=self.bound, confidence=CONFIDENCE
        )
        raw = keeps(self.comparison, found.estimate, self.bound)
        return Judged(found.finding, found.estimate_holds, raw)

    def verdict(self, **options: Any) -> Verdict:
        truth: list[int] = []
        predicted: list[int] = []
        groups: list[str] = []
        labels = (1, 0) if len(self.families) > 1 else (0,)
        for label, (successes, sizes) in zip(labels, self.families, strict=True):
            for place, (hits, size) in enumerate(zip(successes, sizes, strict=True)):
                truth += [label] * size
                predicted += [1] * hits + [0] * (size - hits)
                groups += [f"group {place}"] * size
        side = "min" if self.comparison is Comparison.RATIO else "max"
        table = {"y_true": truth, "y_pred": predicted, "group": groups}
        return pytest_mlgates.fairness(
            table, self.metric, by="group", **{side: self.bound}, **options
        )


def bootstrap_limits(
    successes: Sequence[int], sizes: Sequence[int], replicates: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Fairlearn's bounds of the largest difference of rates: percentiles of resampled tables.

    Rows drawn with replacement make the counts of (group, predicted) multinomial, so counts are
    drawn and the result is that of `MetricFrame(..., n_boot=replicates).difference_ci()`, without
    its rows.
    """
    hits, rows = np.array(successes), np.array(sizes)
    cells = np.concatenate([hits, rows - hits])
    drawn = rng.multinomial(cells.sum(), cells / cells.sum(), replicates)
    hits, misses = drawn[:, : len(rows)], drawn[:, len(rows) :]
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = hits / (hits + misses)
    gaps = np.nanmax(rates, axis=1) - np.nanmin(rates, axis=1)
    lower, upper = np.quantile(gaps, [1 - CONFIDENCE, CONFIDENCE])
    return float(lower), float(upper)


def _part(
    metric: str, group: Any, counts: tuple[int, ...], rest: tuple[int, ...] | None = None
) -> Part:
    def measure(counts: tuple[int, ...]) -> Any:
        keys = ((1, 1), (0, 1), (1, 0), (0, 0))  # truth, prediction
        cells = {key: n for key, n in zip(keys, counts, strict=True) if n}
        return counted(class_metric(metric), cells)

    return Part(
        group=group,
        rows=sum(counts),
        measure=measure(counts),
        rest=None if rest is None else measure(rest),
    )


@cache
def class_metric(name: str) -> ClassMetric:
    """The metric *name* of two classes."""
    return ClassMetric(MetricParameters(metric=name, min=0.5), CLASSES)


def _decided(parts: list[Part], claim: Claim) -> Judged:
    decision = decide(parts, [claim], CONFIDENCE)
    raw = all(claim.holds(measured.value) for _, measured in decision.plain)
    return Judged(decision.finding, decision.holds, raw)
