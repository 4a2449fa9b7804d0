"""What a fairness gate takes: a metric by Fairlearn's name, sensitive columns, and a bound."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta

from pytest_mlgates.core.text import limit
from pytest_mlgates.core.verdict import Bound
from pytest_mlgates.gates.base import (
    Columns,
    EvaluationParameters,
    Number,
    Reference,
    named_once,
)
from pytest_mlgates.gates.fairness_metrics import METRICS, FairnessMetric, Measure, known
from pytest_mlgates.gates.metric.metrics import refuse_beta
from pytest_mlgates.gates.reading import reader
from pytest_mlgates.statistics.comparison import Comparison

_NOUNS = {
    Comparison.DIFFERENCE: "difference",
    Comparison.RATIO: "ratio",
    Comparison.LOWEST: "lowest value",
    Comparison.HIGHEST: "highest value",
    Comparison.FURTHEST: "largest distance from 0",
}


class FairnessParameters(EvaluationParameters, frozen=True, kw_only=True):
    """What a fairness gate takes beside the roles.

    Attributes:
        metric: By Fairlearn's name.
        by: The sensitive columns; several mean their intersections.
        min: The least that is allowed (ratios, ``group_min``).
        max: The most that is allowed (differences, ``group_max``).
        control: Columns within whose values the groups are compared.
        method: Groups against each other, or against all rows together.
        agg: The worst of several rates' gaps, or their mean.
        bins: Compare within so many bands of the score (calibration).
        beta: How many times recall counts more than precision in ``fbeta``.
        no_worse_than: A champion that must not have been fairer on the same rows.
        margin: How much less fair is still allowed.
        first: No champion yet is allowed; the absolute bound beside it is judged then.
        features: What the champion sees (default: its signature's inputs).
    """

    metric: Annotated[str, reader(known)]
    by: Annotated[Columns, reader(named_once("one or several sensitive columns"))]
    min: Number | None = None
    max: Number | None = None
    control: Annotated[Columns, reader(named_once("one or several control columns"))] | None = None
    method: Literal["between_groups", "to_overall"] = "between_groups"
    agg: Literal["worst_case", "mean"] = "worst_case"
    bins: Annotated[int, Meta(ge=2, le=100)] | None = None
    beta: Number | None = None
    no_worse_than: Reference | None = None
    margin: Number | None = None
    first: bool = False
    features: Annotated[Columns, Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        """Refuse a bound that is none, and labels among the sensitive columns."""
        super().__post_init__()
        self._champion_is_whole()
        if self.no_worse_than is None or self.first:
            self._bound_says_something()
        self._columns_are_attributes()
        self._options_apply()

    @property
    def spec(self) -> FairnessMetric:
        """The metric itself."""
        return METRICS[self.metric]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The numbers that it compares."""
        if self.beta is None:
            return self.spec.measures
        return tuple(replace(measure, beta=self.beta) for measure in self.spec.measures)

    @property
    def comparison(self) -> Comparison:
        """What is held to the bound."""
        return self.spec.comparison

    @property
    def limit(self) -> float | None:
        """The largest difference or smallest ratio that is allowed."""
        if self.comparison.is_capped:
            return self.max
        return self.spec.default if self.min is None else self.min

    @property
    def width(self) -> float:
        """How far apart two groups can be."""
        return max(measure.high - measure.low for measure in self.measures)

    def _bound_says_something(self) -> None:
        capped, ratio = self.comparison.is_capped, self.comparison is Comparison.RATIO
        noun = _NOUNS[self.comparison]
        wanted, other = ("max", "min") if capped else ("min", "max")
        example = f"write `{wanted} = {0.1 if capped else 0.8}`"
        if getattr(self, other) is not None:
            raise ValueError(
                f"{self.metric} is a {noun}: it is bounded by `{wanted}`, not `{other}` | {example}"
            )
        if self.limit is None:
            raise ValueError(
                f"{self.metric} has no bound, and without one nothing can fail | {example}"
            )
        value = self.limit
        low, high = self.measures[0].low, self.measures[0].high
        if ratio:
            fits, span = 0 < value <= 1, "over 0 and at most 1"
        elif self.comparison is Comparison.DIFFERENCE:
            fits, span = 0 <= value < self.width, f"at least 0{_under(self.width)}"
        elif self.comparison is Comparison.FURTHEST:
            fits, span = 0 <= value < high, f"at least 0{_under(high)}"
        elif capped:
            fits, span = low <= value < high, f"at least {limit(low)}{_under(high)}"
        else:
            fits = low < value <= high
            span = f"over {limit(low)}" + (f" and at most {limit(high)}" if high < math.inf else "")
        if not fits:
            raise ValueError(
                f"{wanted} = {limit(value)} is out of range: a {noun} is bounded by a number "
                f"{span} (anything else always or never holds) | {example}"
            )

    def _champion_is_whole(self) -> None:
        if self.no_worse_than is None:
            for name, given in (("margin", self.margin is not None), ("first", self.first)):
                if given:
                    raise ValueError(
                        f"{name} stands without `no_worse_than` | "
                        'name the champion: no_worse_than = "models:/name@champion"'
                    )
            return
        if self.margin is None:
            raise ValueError(
                f"no_worse_than = {self.no_worse_than!r} needs a margin | "
                "write how much wider a gap between two groups may be than the champion's: "
                "`margin = 0.02`; 0 must be written out, and blocks an equally fair candidate "
                "nearly half the time"
            )
        if not 0 <= self.margin < self.width:
            raise ValueError(
                f"margin = {limit(self.margin)} is out of range | a number at least 0"
                f"{_under(self.width)}"
            )
        absolute = self.min is not None or self.max is not None
        if absolute and not self.first:
            raise ValueError(
                "no_worse_than and an absolute bound stand in one gate | "
                "use two gates, one for each; together they are allowed only with `first = true`"
            )
        if self.first and self.limit is None:
            raise ValueError(
                "first = true needs an absolute bound beside it | "
                f"add `{'max' if self.comparison.is_capped else 'min'} = …`, by which a first "
                "model is judged"
            )
        paired = all(
            measure.form in ("share", "mean") and measure.name != "precision_score"
            for measure in self.measures
        )
        if self.comparison is not Comparison.DIFFERENCE or not paired:
            raise ValueError(
                f"{self.metric} is not compared with a champion | a difference of rates or of "
                'means is: "demographic_parity_difference", "equalized_odds_difference", '
                '"mean_absolute_error_difference"'
            )
        if self.method == "to_overall" or self.agg == "mean":
            raise ValueError(
                "a champion is compared pair by pair of groups | "
                "leave out `method` and `agg` beside no_worse_than"
            )

    def _columns_are_attributes(self) -> None:
        roles = {self.y_true: "y_true", self.y_pred: "y_pred"}
        if self.measures[0].needs in ("scores", "ranks"):
            roles.update(dict.fromkeys(self.y_score, "y_score"))
        for role, columns in (("by", self.by), ("control", self.control or ())):
            for column in columns:
                if column in roles:
                    raise ValueError(
                        f"{role} {column!r} is {roles[column]} itself, not an attribute of people "
                        f"| name the {'sensitive' if role == 'by' else 'control'} column"
                    )
        for column in self.control or ():
            if column in self.by:
                raise ValueError(
                    f"{column!r} is named in by and in control: within one of its values there is "
                    "one group | leave it out of one of them"
                )

    def _options_apply(self) -> None:
        if self.agg == "mean" and len(self.measures) == 1:
            raise ValueError(
                f"agg = 'mean' averages several rates, and {self.metric} has one | "
                "it is for equalized_odds_difference and equalized_odds_ratio"
            )
        if self.method == "to_overall" and not self.comparison.is_gap:
            raise ValueError(
                f"method = 'to_overall' is for differences and ratios, and {self.metric} holds "
                "every group to the bound itself | leave it out"
            )
        calibration = self.measures[0].name == "calibration"
        if self.bins is not None and not calibration:
            raise ValueError("bins are bands of the score, for calibration | leave them out")
        takes_beta = self.spec.measures[0].takes_beta
        if takes_beta:
            refuse_beta(self.metric, self.beta)
        elif self.beta is not None:
            raise ValueError(
                f"beta = {limit(self.beta)} is nothing that {self.metric} takes | "
                "it is for fbeta_difference, fbeta_ratio, fbeta_group_min and fbeta_group_max"
            )
        ranks = self.measures[0].needs == "ranks"
        if ranks and self.query is None:
            raise ValueError(
                f"{self.metric} needs to know which rows are ranked together | "
                "name the column: `query = …`"
            )
        if not ranks and self.query is not None:
            raise ValueError(
                f"{self.metric} is no metric of rankings, and query would be ignored | "
                "`cluster` says which rows belong together; exposure_difference takes a query"
            )

    def bound(self) -> Bound:
        """The bound as the verdict records it, a default included."""
        absolute = None if self.no_worse_than is not None and not self.first else self.limit
        capped = self.comparison.is_capped
        return Bound(
            max=absolute if capped else None,
            min=None if capped else absolute,
            no_worse_than=self.no_worse_than,
            margin=self.margin,
        )

    def id_part(self) -> str:
        """``metric:by``, and what makes another claim of it."""
        parts = [self.metric, ",".join(self.by)]
        if self.no_worse_than is not None:
            parts.append("no_worse_than")
        if self.control:
            parts.append("within " + ",".join(self.control))
        if self.method != "between_groups":
            parts.append(self.method)
        if self.agg != "worst_case":
            parts.append(self.agg)
        if self.bins is not None:
            parts.append(f"{self.bins} bins")
        if self.beta is not None:
            parts.append(f"beta {limit(self.beta)}")
        return ":".join(parts)


def _under(high: float) -> str:
    return "" if math.isinf(high) else f" and under {limit(high)}"
