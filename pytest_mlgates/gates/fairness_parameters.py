"""What a fairness gate takes: a metric by Fairlearn's name, sensitive columns, and a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pytest_mlgates.core.text import did_you_mean, limit, listing
from pytest_mlgates.core.verdict import Bound
from pytest_mlgates.gates.base import Columns, EvaluationParameters, Number, named_once
from pytest_mlgates.gates.reading import reader
from pytest_mlgates.statistics.group_pairs import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessMetric:
    """A disparity.

    Attributes:
        comparison: Difference (bounded by ``max``) or ratio (bounded by ``min``).
        rates: The rates it compares; the worst one counts.
        default: The bound that the field uses where none is given.
    """

    comparison: Comparison
    rates: tuple[str, ...]
    default: float | None = None


SELECTION, TPR, FPR = "selection_rate", "true_positive_rate", "false_positive_rate"
_DIFFERENCE, _RATIO = Comparison.DIFFERENCE, Comparison.RATIO
METRICS = {
    "demographic_parity_difference": FairnessMetric(comparison=_DIFFERENCE, rates=(SELECTION,)),
    "demographic_parity_ratio": FairnessMetric(comparison=_RATIO, rates=(SELECTION,)),
    "equalized_odds_difference": FairnessMetric(comparison=_DIFFERENCE, rates=(TPR, FPR)),
    "equalized_odds_ratio": FairnessMetric(comparison=_RATIO, rates=(TPR, FPR)),
    "equal_opportunity_difference": FairnessMetric(comparison=_DIFFERENCE, rates=(TPR,)),
    "equal_opportunity_ratio": FairnessMetric(comparison=_RATIO, rates=(TPR,)),
    # The four-fifths rule (29 CFR 1607.4 D) by its name in the field.
    "disparate_impact": FairnessMetric(comparison=_RATIO, rates=(SELECTION,), default=0.8),
}


def _known(value: Any) -> Any:
    if isinstance(value, str) and value not in METRICS:
        hint = did_you_mean(value, list(METRICS))
        raise ValueError(f"one of {listing(METRICS)}" + (f" ({hint})" if hint else ""))
    return value


class FairnessParameters(EvaluationParameters, frozen=True, kw_only=True):
    """What a fairness gate takes: a metric, the sensitive columns, and ``max`` or ``min``."""

    metric: Annotated[str, reader(_known)]
    by: Annotated[Columns, reader(named_once("one or several sensitive columns"))]
    min: Number | None = None
    max: Number | None = None

    def __post_init__(self) -> None:
        """Refuse a bound that is none, and labels among the sensitive columns."""
        super().__post_init__()
        ratio = self.comparison is Comparison.RATIO
        kind, wanted, other = ("ratio", "min", "max") if ratio else ("difference", "max", "min")
        example = f"write `{wanted} = {0.8 if ratio else 0.1}`"
        if getattr(self, other) is not None:
            raise ValueError(
                f"{self.metric} is a {kind}: it is bounded by `{wanted}`, not `{other}` | {example}"
            )
        if self.limit is None:
            raise ValueError(
                f"{self.metric} has no bound, and without one nothing can fail | {example}"
            )
        if not (0 < self.limit <= 1 if ratio else 0 <= self.limit < 1):
            span = "over 0 and at most 1" if ratio else "at least 0 and under 1"
            raise ValueError(
                f"{wanted} = {limit(self.limit)} is out of range: a {kind} is bounded by a number "
                f"{span} (anything else always or never holds) | {example}"
            )
        roles = {self.y_true: "y_true", self.y_pred: "y_pred"}
        for column in self.by:
            if column in roles:
                raise ValueError(
                    f"by {column!r} is {roles[column]} itself, not an attribute of people | "
                    "name the sensitive column"
                )

    @property
    def comparison(self) -> Comparison:
        """Difference or ratio."""
        return METRICS[self.metric].comparison

    @property
    def limit(self) -> float | None:
        """The largest difference or smallest ratio that is allowed."""
        if self.comparison is Comparison.DIFFERENCE:
            return self.max
        return METRICS[self.metric].default if self.min is None else self.min

    def bound(self) -> Bound:
        """The bound as the verdict records it, a default included."""
        if self.comparison is Comparison.DIFFERENCE:
            return Bound(max=self.limit)
        return Bound(min=self.limit)

    def id_part(self) -> str:
        """``metric:by``."""
        return f"{self.metric}:{','.join(self.by)}"
