"""The metrics by name: what they need, which end is good, in which range they lie."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.extensions.manager import registered_metrics

Needs = Literal["classes", "scores", "numbers", "ranking", "own"]

# Recall alone counts long before; its square must stay a float.
_LARGEST_BETA = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: Its name in verdicts.
        aliases: Other names that are understood: scikit-learn's first.
        needs: Whether it compares labels with predicted classes, with scores, or numbers, or ranks
            the rows of a query; ``own`` for a function of the project, whose arguments say it.
        low: The least value it can take.
        high: The most.
        loss: Whether less is better.
        binary: Whether it has a positive class, hence two classes, unless it is averaged.
        options: Which of ``average``, ``beta``, ``alpha``, ``n_bins``, ``k`` it takes.
        averages: The averages over classes that it knows.
        alone: Why its bounds are of independent rows that count alike, and of one model only; empty
            where they are not.
    """

    name: str
    aliases: tuple[str, ...]
    needs: Needs
    low: float = 0.0
    high: float = 1.0
    loss: bool = False
    binary: bool = True
    options: tuple[str, ...] = ()
    averages: tuple[str, ...] = ()
    alone: str = ""

    @property
    def best(self) -> float:
        """The value of a perfect model."""
        return self.low if self.loss else self.high


_EACH = ("binary", "macro", "micro", "weighted", "samples")
_RANKED = ("macro", "weighted")


def refuse_beta(metric: str, beta: float | None) -> None:
    """Refuse a *beta* with which *metric*, an F-beta, says nothing.

    Raises:
        ValueError: what is wrong, and how to mend it.
    """
    if not 0 < (beta or 0) <= _LARGEST_BETA:
        raise ValueError(
            f"{metric} needs `beta`, a number over 0, at most 1,000,000 | `beta = 2.0`"
        )


def _of_classes(name: str, *aliases: str, options: tuple[str, ...] = ()) -> Metric:
    return Metric(
        name=name,
        aliases=aliases,
        needs="classes",
        options=("average", *options),
        averages=_EACH,
    )


def _error(name: str, *aliases: str, options: tuple[str, ...] = ()) -> Metric:
    return Metric(
        name=name, aliases=aliases, needs="numbers", high=math.inf, loss=True, options=options
    )


def _of_queries(name: str, *aliases: str) -> Metric:
    return Metric(name=name, aliases=aliases, needs="ranking", options=("k",))


METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="accuracy", aliases=("accuracy_score",), needs="classes", binary=False),
        Metric(
            name="balanced_accuracy",
            aliases=("balanced_accuracy_score",),
            needs="classes",
            binary=False,
        ),
        _of_classes("precision", "precision_score"),
        _of_classes("recall", "recall_score", "sensitivity", "true_positive_rate"),
        _of_classes("specificity", "true_negative_rate"),
        _of_classes("f1", "f1_score"),
        _of_classes("fbeta", "fbeta_score", options=("beta",)),
        _of_classes("jaccard", "jaccard_score"),
        Metric(name="mcc", aliases=("matthews_corrcoef",), needs="classes", binary=False, low=-1.0),
        Metric(
            name="cohen_kappa",
            aliases=("cohen_kappa_score",),
            needs="classes",
            binary=False,
            low=-1.0,
        ),
        Metric(
            name="roc_auc",
            aliases=("roc_auc_score",),
            needs="scores",
            options=("average",),
            averages=_RANKED,
        ),
        Metric(
            name="average_precision",
            aliases=("average_precision_score",),
            needs="scores",
            options=("average",),
            averages=_RANKED,
        ),
        Metric(name="log_loss", aliases=("log_loss",), needs="scores", high=math.inf, loss=True),
        Metric(
            name="brier", aliases=("brier_score_loss", "brier_score"), needs="scores", loss=True
        ),
        Metric(
            name="expected_calibration_error",
            aliases=("ece",),
            needs="scores",
            loss=True,
            options=("n_bins",),
            alone="what bins do to noise is known for such rows only",
        ),
        Metric(
            name="median_absolute_error",
            aliases=(),
            needs="numbers",
            high=math.inf,
            loss=True,
            alone="its bounds are two of the errors, counted",
        ),
        _error("mae", "mean_absolute_error"),
        _error("mse", "mean_squared_error"),
        _error("rmse", "root_mean_squared_error"),
        _error("mape", "mean_absolute_percentage_error"),
        _error("pinball", "mean_pinball_loss", options=("alpha",)),
        _of_queries("ndcg", "ndcg_score"),
        _of_queries("map", "mean_average_precision"),
        _of_queries("mrr", "mean_reciprocal_rank"),
        _of_queries("precision_at_k"),
        _of_queries("recall_at_k"),
        _of_queries("hit_rate_at_k", "hit_rate"),
        Metric(name="r2", aliases=("r2_score",), needs="numbers", low=-math.inf),
    )
}
_BY_ALIAS = {alias: metric.name for metric in METRICS.values() for alias in metric.aliases}
_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_CUT = re.compile(r"(\w+)@([1-9]\d*)")
# Metrics of a ranking that need to know of how many places: they are written with them.
_AT_K = {f"{name}": f"{name}_at_k" for name in ("precision", "recall", "hit_rate")}


def canonical(name: str) -> str:
    """The name in verdicts of the metric *name* (a name of ours, or scikit-learn's).

    ``ndcg@10`` is ``ndcg`` of the ten first. A function of the project by path, and a metric that a
    plugin registers, keep their names.

    Raises:
        ValueError: naming the nearest one.
    """
    if not is_known(name) and name in registered_metrics():
        return name
    if _PATH.fullmatch(name):
        return name
    cut = _CUT.fullmatch(name)
    if cut is None:
        return _known(name)
    found = _known(_AT_K.get(cut.group(1), cut.group(1)))
    if "k" not in METRICS[found].options:
        raise ValueError(f"{found} without `@{cut.group(2)}`: only metrics of a ranking are cut")
    return f"{found.removesuffix('_at_k')}@{int(cut.group(2))}"


def base(name: str) -> str:
    """The metric of a canonical *name*, without its cut."""
    head, at, _ = name.partition("@")
    return _AT_K.get(head, head) if at else name


def cut_of(name: str) -> int | None:
    """The number of first places that a canonical *name* is about."""
    _, at, k = name.partition("@")
    return int(k) if at else None


def is_known(name: str) -> bool:
    """Whether *name* means something without any plugin."""
    own = base(name)
    return own in METRICS or own in _BY_ALIAS or _PATH.fullmatch(name) is not None


def spec_of(name: str) -> Metric:
    """The metric of a canonical *name*; of a function of the project nothing is known."""
    found = METRICS.get(base(name))
    if found is not None:
        return found
    return Metric(name=name, aliases=(), needs="own", low=-math.inf, high=math.inf, binary=False)


def _known(name: str) -> str:
    found = _BY_ALIAS.get(name, name)
    if found not in METRICS:
        hint = did_you_mean(name, [*METRICS, *_BY_ALIAS])
        want = f'one of {listing(METRICS, 40)}, or a function of yours: "package.module:function"'
        raise ValueError(want + (f"; {hint}" if hint else ""))
    return found
