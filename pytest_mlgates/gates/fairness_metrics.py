"""The fairness metrics by name: which number of each group, and how groups are compared.

Names are Fairlearn's: the named disparities, and a metric of its own or of scikit-learn with
``_difference``, ``_ratio``, ``_group_min`` or ``_group_max``, as its ``make_derived_metric`` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.statistics.comparison import Comparison

SELECTION, TPR, FPR = "selection_rate", "true_positive_rate", "false_positive_rate"
Needs = Literal["classes", "numbers", "scores", "ranks"]
Form = Literal["share", "mean", "root", "whole", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number of a group, and how it is spoken of.

    Attributes:
        name: As Fairlearn or scikit-learn calls it.
        needs: What it is computed from.
        form: A share or a mean of rows, the root of a mean, or none of these; ``foreign`` has no
            formula here.
        of: What its denominator counts.
        what: What its numerator counts, after "591 of 5,421 rows".
        worse: Why the group that this number disadvantages is worse off.
        high_is_worse: Whether that is the group with the higher number; None where either may be.
        low: The least that it can be.
        high: The most.
        binary: Whether it has a positive class.
        aliases: Other names of it.
        beta: How many times recall counts more than precision in it, once that is said.
    """

    name: str
    needs: Needs = "classes"
    form: Form = "share"
    of: str = "rows"
    what: str = ""
    worse: str = ""
    high_is_worse: bool | None = False
    low: float = 0.0
    high: float = 1.0
    binary: bool = True
    aliases: tuple[str, ...] = ()
    beta: float | None = None

    @property
    def takes_beta(self) -> bool:
        """Whether :attr:`beta` has to be said."""
        return self.name == "fbeta_score"

    @property
    def centred(self) -> bool:
        """Whether 0 is what it ought to be, so that it errs in two directions."""
        return self.low < 0 and self.high_is_worse is None and self.name != "mean_prediction"


_MISSED = "its positives are missed more often"
_ALARMED = "its negatives are predicted positive more often"
_WRONG = "it is predicted wrongly more often"
_OFF = "its predictions are further off"

_DISTANCES: tuple[tuple[str, str, Form], ...] = (
    ("mean_absolute_error", "mae", "mean"),
    ("mean_squared_error", "mse", "mean"),
    ("root_mean_squared_error", "rmse", "root"),
)

# A positive prediction counts as the good outcome, as Fairlearn's `pos_label` means it; an error is
# bad for whom it happens to.
MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            name="selection_rate",
            what="predicted positive",
            worse="predicted positive less often",
        ),
        Measure(
            name="true_positive_rate",
            of="positives",
            what="predicted positive",
            worse=_MISSED,
            aliases=("recall_score", "recall"),
        ),
        Measure(
            name="false_positive_rate",
            of="negatives",
            what="predicted positive",
            worse=_ALARMED,
            high_is_worse=True,
        ),
        Measure(
            name="true_negative_rate", of="negatives", what="predicted negative", worse=_ALARMED
        ),
        Measure(
            name="false_negative_rate",
            of="positives",
            what="predicted negative",
            worse=_MISSED,
            high_is_worse=True,
        ),
        Measure(
            name="accuracy_score",
            what="predicted right",
            worse=_WRONG,
            binary=False,
            aliases=("accuracy",),
        ),
        Measure(
            name="zero_one_loss",
            what="predicted wrong",
            worse=_WRONG,
            high_is_worse=True,
            binary=False,
        ),
        Measure(
            name="precision_score",
            of="rows predicted positive",
            what="positive",
            worse="its positive predictions are wrong more often",
            aliases=("precision",),
        ),
        Measure(
            name="balanced_accuracy_score",
            form="whole",
            worse=_WRONG,
            binary=False,
            aliases=("balanced_accuracy",),
        ),
        Measure(name="f1_score", form="whole", worse=_WRONG, aliases=("f1",)),
        Measure(name="fbeta_score", form="whole", worse=_WRONG, aliases=("fbeta",)),
        Measure(
            name="mean_prediction",
            needs="numbers",
            form="mean",
            high_is_worse=None,
            low=-math.inf,
            high=math.inf,
        ),
        Measure(
            name="mean_error",
            needs="numbers",
            form="mean",
            high_is_worse=None,
            low=-math.inf,
            high=math.inf,
        ),
        *(
            Measure(
                name=name,
                needs="numbers",
                form=form,
                worse=_OFF,
                high_is_worse=True,
                high=math.inf,
                aliases=(alias,),
            )
            for name, alias, form in _DISTANCES
        ),
        Measure(
            name="r2_score",
            needs="numbers",
            form="whole",
            worse=_OFF,
            low=-math.inf,
            aliases=("r2",),
        ),
        Measure(
            name="roc_auc_score",
            needs="scores",
            form="whole",
            worse="its positives are ranked worse",
            aliases=("roc_auc",),
        ),
        Measure(
            name="log_loss",
            needs="scores",
            form="mean",
            worse="its scores are further off",
            high_is_worse=True,
            high=math.inf,
        ),
        Measure(
            name="brier_score_loss",
            needs="scores",
            form="mean",
            worse="its scores are further off",
            high_is_worse=True,
            aliases=("brier",),
        ),
        Measure(
            name="calibration",
            needs="scores",
            form="mean",
            high_is_worse=None,
            low=-1.0,
        ),
        Measure(
            name="exposure",
            needs="ranks",
            form="mean",
            worse="shown further down",
        ),
    )
}


def _foreign(name: str, needs: Needs, worse: str, **options: Any) -> Measure:
    options = {"binary": False, **options}
    return Measure(name=name, needs=needs, form="foreign", worse=worse, **options)


# Functions of scikit-learn that have no formula here: through Fairlearn's MetricFrame, with bounds
# by a bootstrap. Named so that a misspelt one is told where neither is installed.
FOREIGN = {
    measure.name: measure
    for measure in (
        _foreign("average_precision_score", "scores", "its positives are ranked worse"),
        _foreign("cohen_kappa_score", "classes", _WRONG, low=-1.0),
        _foreign("hamming_loss", "classes", _WRONG, high_is_worse=True),
        _foreign("jaccard_score", "classes", _WRONG, binary=True),
        _foreign("matthews_corrcoef", "classes", _WRONG, low=-1.0),
        _foreign("d2_absolute_error_score", "numbers", _OFF, low=-math.inf),
        _foreign("explained_variance_score", "numbers", _OFF, low=-math.inf),
        *(
            _foreign(name, "numbers", _OFF, high_is_worse=True, high=math.inf)
            for name in (
                "max_error",
                "mean_absolute_percentage_error",
                "mean_gamma_deviance",
                "mean_pinball_loss",
                "mean_poisson_deviance",
                "mean_squared_log_error",
                "median_absolute_error",
                "root_mean_squared_log_error",
            )
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessMetric:
    """A claim about groups.

    Attributes:
        comparison: What is held to the bound (``max`` for a difference, ``min`` for a ratio, …).
        measures: The numbers that are compared; the worst one counts.
        default: The bound that the field uses where none is given.
    """

    comparison: Comparison
    measures: tuple[Measure, ...]
    default: float | None = None

    @property
    def rates(self) -> tuple[str, ...]:
        """The rates whose gaps it bounds; none if it bounds anything else."""
        gaps = self.comparison.is_gap and all(one.form == "share" for one in self.measures)
        return tuple(measure.name for measure in self.measures) if gaps else ()


_TRANSFORMS = {
    "difference": Comparison.DIFFERENCE,
    "ratio": Comparison.RATIO,
    "group_min": Comparison.LOWEST,
    "group_max": Comparison.HIGHEST,
}
_NAMED = {
    "demographic_parity": (SELECTION,),
    "equalized_odds": (TPR, FPR),
    "equal_opportunity": (TPR,),
}


def _named() -> dict[str, FairnessMetric]:
    found = {
        f"{name}_{transform}": FairnessMetric(
            comparison=_TRANSFORMS[transform],
            measures=tuple(MEASURES[measure] for measure in measures),
        )
        for name, measures in _NAMED.items()
        for transform in ("difference", "ratio")
    }
    # The four-fifths rule (29 CFR 1607.4 D) by its name in the field.
    four_fifths = FairnessMetric(
        comparison=Comparison.RATIO, measures=(MEASURES["selection_rate"],), default=0.8
    )
    return {**found, "disparate_impact": four_fifths}


def _derived() -> dict[str, FairnessMetric]:
    """Every measure under every transformation that says something about it."""
    found = {}
    for measure in (*MEASURES.values(), *FOREIGN.values()):
        for transform, plain in _TRANSFORMS.items():
            comparison = plain
            if measure.centred:
                if transform in ("ratio", "group_min"):
                    continue  # a ratio of errors that ought to be 0 says nothing
                if comparison is Comparison.HIGHEST:
                    comparison = Comparison.FURTHEST
            metric = FairnessMetric(comparison=comparison, measures=(measure,))
            for name in (measure.name, *measure.aliases):
                found[f"{name}_{transform}"] = metric
    return found


METRICS = {**_named(), **_derived()}


def known(value: Any) -> Any:
    """*value* if it is the name of a metric.

    Raises:
        ValueError: in words, with the nearest name.
    """
    if isinstance(value, str) and value not in METRICS:
        hint = did_you_mean(value, list(METRICS))
        if f"{value}_group_max" in METRICS:  # a metric, and how groups are compared is left open
            hint = f"{value}_difference, {value}_group_max …: say how groups are compared"
        raise ValueError(
            f"one of {listing(_named())}, or a metric of scikit-learn or Fairlearn with "
            "_difference, _ratio, _group_min or _group_max" + (f" ({hint})" if hint else "")
        )
    return value
