"""The arguments of a metric gate, refused where they demand nothing or contradict each other."""

from __future__ import annotations

import math
from typing import Annotated, Any

from msgspec import Meta

from pytest_mlgates.core.verdict import Bound
from pytest_mlgates.gates.base import Columns, EvaluationParameters, Number, named_once
from pytest_mlgates.gates.labels import unsupported_roles
from pytest_mlgates.gates.metric.metrics import METRICS, Metric, canonical
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
    """

    metric: Annotated[str, reader(_name)]
    min: Number | None = None
    max: Number | None = None
    no_worse_than: str | None = None
    margin: Number | None = None
    by: Annotated[Columns, reader(named_once("one or several columns"))] | None = None
    first: bool = False
    features: Annotated[Columns, Meta(min_length=1)] | None = None

    @property
    def spec(self) -> Metric:
        """The metric itself."""
        return METRICS[self.metric]

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

    def _roles_are_supported(self) -> None:
        given = unsupported_roles(self)
        if given:
            raise ValueError(
                f"metric gates do not support {', '.join(map(repr, given))} yet | "
                "leave it out where rows are independent and count alike; a bound that ignored "
                "it would be wrong"
            )

    def bound(self) -> Bound:
        """The bound as the verdict records it."""
        return Bound(
            min=self.min, max=self.max, no_worse_than=self.no_worse_than, margin=self.margin
        )

    def id_part(self) -> str:
        """``accuracy:sex,age``; a comparison with a champion is another gate than a bound."""
        parts = [self.metric]
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
