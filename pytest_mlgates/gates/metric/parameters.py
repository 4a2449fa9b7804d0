"""The arguments of a metric gate, refused where they demand nothing or contradict each other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any

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
from pytest_mlgates.gates.metric.metrics import Metric, canonical, cut_of, refuse_beta, spec_of
from pytest_mlgates.gates.reading import reader


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("the name of a metric")  # noqa: TRY004  (collected)
    return canonical(value)


class MetricParameters(EvaluationParameters, frozen=True, kw_only=True):
    """What ``metric`` takes beside the roles.

    Attributes:
        metric: One of ``METRICS``, or scikit-learn's name of it.
        min: The least that is allowed.
        max: The most that is allowed.
        no_worse_than: A champion to compare with on the same rows.
        margin: How much worse than the champion is still allowed.
        by: Columns to slice by; the table as a whole and every slice must hold.
        first: No champion yet is allowed; the absolute bound beside it is judged then.
        features: What the champion sees (default: its signature's inputs).
        average: How a metric of one class is averaged over several, as scikit-learn's.
        beta: How many times recall counts more than precision in ``fbeta``.
        alpha: The quantile that ``pinball`` is about.
        k: How many first places of a ranking count; ``ndcg@10`` says the same.
        n_bins: Into how many bands of scores a calibration error divides the rows.
        multilabel: For rows with several labels the column of truth and that of predictions (with
            ``threshold``: of scores) of each, instead of ``y_true`` and ``y_pred``.
        threshold: From which score of ``y_score`` on a row is predicted positive, instead of
            ``y_pred``.
        greater_is_better: Which end of a metric of the project is good.
    """

    metric: Annotated[str, reader(_name)]
    min: Number | None = None
    max: Number | None = None
    no_worse_than: Reference | None = None
    margin: Number | None = None
    by: Annotated[Columns, reader(named_once("one or several columns"))] | None = None
    first: bool = False
    features: Annotated[Columns, Meta(min_length=1)] | None = None
    average: str | None = None
    beta: Number | None = None
    alpha: Number | None = None
    k: Annotated[int, Meta(ge=1)] | None = None
    n_bins: Annotated[int, Meta(ge=2)] | None = None
    threshold: Number | None = None
    multilabel: dict[str, str] | None = None
    greater_is_better: bool | None = None

    @property
    def spec(self) -> Metric:
        """The metric itself."""
        found = spec_of(self.metric)
        several = found.name == "brier" and len(self.y_score) > 2
        return replace(found, high=2.0) if several else found

    @property
    def averaged(self) -> str:
        """The average over classes: scikit-learn's default where none is given."""
        first = "macro" if self.multilabel is not None else next(iter(self.spec.averages), "binary")
        return self.average or first

    @property
    def binary(self) -> bool:
        """Whether it is about one positive class of two."""
        return self.spec.binary and self.averaged == "binary"

    @property
    def counts_alone(self) -> bool:
        """Whether counts by cell say all: classes of independent rows that count alike."""
        drawn = self.sample_weight is not None or self.grouping is not None
        special = self.threshold is not None or self.multilabel is not None
        return self.spec.needs == "classes" and not special and not drawn

    @property
    def cut(self) -> int | None:
        """How many first places of a ranking count."""
        return cut_of(self.metric) or self.k

    @property
    def grouping(self) -> str | None:
        """The column of rows that belong together; those of a query do."""
        if self.cluster is not None:
            return self.cluster
        return None if self.spec.needs == "ranking" else self.query

    @property
    def takes_scores(self) -> bool:
        """Whether it reads ``y_score``: a ranking, probabilities, or scores cut at a threshold."""
        return self.spec.needs in ("scores", "ranking") or self.threshold is not None

    @property
    def absolute(self) -> bool:
        """Whether ``min`` or ``max`` is set."""
        return self.min is not None or self.max is not None

    def __post_init__(self) -> None:
        """Refuse what demands nothing, or contradicts itself."""
        super().__post_init__()
        self._demands_something()
        self._champion_is_whole()
        self._bounds_are_in_range()
        self._slices_are_attributes()
        self._options_are_its_own()
        self._roles_are_supported()

    def _demands_something(self) -> None:
        if self.no_worse_than is None:
            if self.margin is not None:
                raise ValueError(
                    f"margin = {self.margin!r} stands without `no_worse_than` | "
                    'name the champion: no_worse_than = "models:/name@champion"'
                )
            if self.first:
                raise ValueError(
                    "first = true stands without `no_worse_than` | "
                    "it says that the champion may be missing once; leave it out"
                )
            if not self.absolute:
                example = "max = 0.2" if self.spec.loss else "min = 0.8"
                raise ValueError(
                    f"a metric gate on {self.metric} without a bound demands nothing | "
                    f"write `{example}`, or `no_worse_than` with `margin`"
                )

    def _champion_is_whole(self) -> None:
        if self.no_worse_than is None:
            return
        if self.margin is None:
            raise ValueError(
                f"no_worse_than = {self.no_worse_than!r} needs a margin | "
                "write how much worse is still allowed: `margin = 0.01`; 0 must be written out, "
                "and blocks an equally good candidate nearly half the time"
            )
        width = self.spec.high - self.spec.low
        if self.margin < 0 or self.margin >= width:
            raise ValueError(
                f"margin = {_written(self.margin)} is out of range for {self.metric} | "
                + (
                    f"a number from 0 to under {_written(width)}"
                    if math.isfinite(width)
                    else "a number of at least 0"
                )
            )
        if self.absolute and not self.first:
            raise ValueError(
                "no_worse_than and an absolute bound stand in one gate | "
                "use two markers, one for each; together they are allowed only with `first = true`"
            )
        if self.first and not self.absolute:
            raise ValueError(
                "first = true needs an absolute bound beside it | "
                f"add `{'max' if self.spec.loss else 'min'} = …`, by which a first model is judged"
            )

    def _bounds_are_in_range(self) -> None:
        spec = self.spec
        for name, value in (("min", self.min), ("max", self.max)):
            if value is not None and not spec.low <= value <= spec.high:
                raise ValueError(
                    f"{name} = {_written(value)} is out of range for {spec.name} | "
                    f"{spec.name} lies {_span(spec)}"
                )
            if value is not None and value == (spec.low if name == "min" else spec.high):
                raise ValueError(
                    f"{name} = {_written(value)} holds for every model: nothing would be judged | "
                    f"{spec.name} lies {_span(spec)}; bound what a model can miss"
                )
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(
                f"min = {_written(self.min)} is over max = {_written(self.max)} | swap them"
            )

    def _slices_are_attributes(self) -> None:
        roles = {self.y_true: "y_true", self.y_pred: "y_pred"}
        roles.update(dict.fromkeys(self.y_score, "y_score"))
        for column in self.by or ():
            if column in roles:
                raise ValueError(
                    f"by {column!r} is {roles[column]} itself: its slices would judge nothing | "
                    "name a column that describes the rows"
                )

    def _options_are_its_own(self) -> None:
        spec = self.spec
        for name in ("average", "beta", "alpha", "k", "n_bins"):
            value = getattr(self, name)
            if value is not None and name not in spec.options:
                takes = ", ".join(spec.options) or "none"
                raise ValueError(
                    f"{name} = {value!r} is nothing that {self.metric} takes | its options: {takes}"
                )
        if self.average is not None and self.average not in spec.averages:
            raise ValueError(
                f"average = {self.average!r} is none of {self.metric} | "
                f"one of {', '.join(map(repr, spec.averages))}"
            )
        if (self.average == "samples") > (self.multilabel is not None):
            raise ValueError(
                'average = "samples" is about rows with several labels | '
                'name them: multilabel = {"cat" = "cat_pred", "dog" = "dog_pred"}'
            )
        self._labels_are_several()
        if "beta" in spec.options:
            refuse_beta(self.metric, self.beta)
        if self.alpha is not None and not 0 < self.alpha < 1:
            raise ValueError(f"alpha = {self.alpha!r} is no quantile | a number between 0 and 1")
        if spec.name.endswith("_at_k") and self.cut is None:
            raise ValueError(
                f"{self.metric} needs to know of how many first places | "
                f"{spec.name.removesuffix('_at_k')}@10, or k = 10"
            )
        if self.k is not None and cut_of(self.metric) not in (None, self.k):
            raise ValueError(f"{self.metric} and k = {self.k} contradict each other | write one")
        if self.greater_is_better is not None and spec.needs != "own":
            raise ValueError(
                f"greater_is_better = {self.greater_is_better!r} is nothing that {self.metric} "
                "takes | it is known which end of it is good; leave it out"
            )
        if self.threshold is not None and spec.needs != "classes":
            raise ValueError(
                f"threshold = {self.threshold!r} is nothing that {self.metric} takes | "
                "it makes predictions of scores, for metrics of classes"
            )

    def _labels_are_several(self) -> None:
        if self.multilabel is None:
            return
        known = self.metric == "accuracy" or (self.average != "binary" and bool(self.spec.averages))
        if self.spec.needs != "classes" or not known:
            raise ValueError(
                f"{self.metric} is not for rows with several labels"
                + (' with average = "binary"' if self.average == "binary" else "")
                + " | accuracy, precision, recall, specificity, f1, fbeta and jaccard are"
            )
        both = [*self.multilabel, *self.multilabel.values()]
        if len(self.multilabel) < 2 or len(set(both)) < len(both):
            raise ValueError(
                f"multilabel = {self.multilabel!r} names no several labels | two or more columns "
                "of truth, each with a column of predictions of its own"
            )

    def _roles_are_supported(self) -> None:
        given = {
            "sample_weight": self.sample_weight,
            "cluster": self.cluster,
            "query": self.query,
            "no_worse_than": self.no_worse_than,
        }
        for name, value in given.items():
            if self.spec.alone and value is not None:
                raise ValueError(
                    f"{name} = {value!r} is nothing that {self.metric} takes: {self.spec.alone} | "
                    + ("brier and log_loss" if self.spec.needs == "scores" else "mae and pinball")
                    + " take it"
                )
        if self.spec.needs == "ranking" and self.query is None:
            raise ValueError(
                f"{self.metric} ranks the rows of each query, and `query` is not given | "
                'name the column that tells queries (or users) apart: query = "user_id"'
            )
        if self.sample_weight is not None and self.spec.needs == "ranking":
            raise ValueError(
                f"sample_weight = {self.sample_weight!r} is nothing that {self.metric} takes | "
                "it is a mean over queries, each of which counts alike"
            )

    def bound(self) -> Bound:
        """The bound as the verdict records it."""
        return Bound(
            min=self.min, max=self.max, no_worse_than=self.no_worse_than, margin=self.margin
        )

    def id_part(self) -> str:
        """``accuracy:sex,age``; a comparison with a champion is another gate than a bound."""
        named = cut_of(self.metric) is not None or self.k is None
        parts = [self.metric if named else f"{self.metric}@{self.k}"]
        if self.average is not None:
            parts.append(self.average)
        options = {"beta": self.beta, "alpha": self.alpha, "n_bins": self.n_bins}
        parts += [f"{name} {limit(value)}" for name, value in options.items() if value is not None]
        if self.no_worse_than is not None:
            parts.append("no_worse_than")
        if self.by:
            parts.append(",".join(self.by))
        return ":".join(parts)


def _written(value: float) -> str:
    """A number as its user wrote it: ``0.9``, ``80``."""
    return repr(value).removesuffix(".0")


def _span(spec: Metric) -> str:
    if math.isinf(spec.low):
        return f"at {_written(spec.high)} or under"
    if math.isinf(spec.high):
        return f"at {_written(spec.low)} or over"
    return f"between {_written(spec.low)} and {_written(spec.high)}"
