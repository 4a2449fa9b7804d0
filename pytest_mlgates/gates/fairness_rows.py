"""What a fairness metric needs of each row: its number, its weight, and the cluster it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import number
from pytest_mlgates.gates.drawn import codes_of, weights_of
from pytest_mlgates.gates.fairness_counts import COUNTED, HIT
from pytest_mlgates.gates.labels import confusion
from pytest_mlgates.gates.scores import numbers, positives, scores
from pytest_mlgates.statistics import regression
from pytest_mlgates.statistics.estimate import FEW_HOLD_RARE
from pytest_mlgates.statistics.group_samples import kish
from pytest_mlgates.statistics.means import heavy_tailed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.fairness_whole import Whole
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.group_samples import Sample

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]
    Mask = NDArray[np.bool_]

# With fewer clusters the variance between them is a guess (error .085 at nominal .05 for 20).
FEW_CLUSTERS = 30
# Metrics that scikit-learn has without weights.
UNWEIGHTED = ("max_error",)


@dataclass(kw_only=True)
class Weighting:
    """How much each row counts, and which rows belong together."""

    weights: Floats | None = None
    clusters: Codes | None = None
    warnings: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()

    def doubts(self, sample: Sample, *, share: bool) -> list[str]:
        """Why the bounds of *sample* deserve less trust than their confidence says.

        *share*: whether its values are 0 and 1, of which one may be rare.
        """
        found: list[str] = []
        if sample.weights is None and sample.clusters is None:
            return found
        for rows in (sample.rows(group) for group, n in enumerate(sample.sizes) if n):
            weights = np.ones(len(rows)) if sample.weights is None else sample.weights[rows]
            if sample.clusters is None:
                if kish(weights) < len(weights) / 2:
                    found.append(
                        "rows of a group with weights so uneven are worth less than half as many: "
                        "its bounds are a guess"
                    )
                continue
            clusters, sizes = np.unique(sample.clusters[rows], return_inverse=True)
            worth = kish(np.bincount(sizes, weights=weights).astype(np.float64))
            if worth < FEW_CLUSTERS - 1e-9:  # sums of weights are rounded
                uneven = "" if len(clusters) < FEW_CLUSTERS else ", as uneven as they are,"
                found.append(
                    f"a group has rows of{uneven} fewer than {FEW_CLUSTERS} clusters: its bounds "
                    "are a guess"
                )
            rare = sample.values[rows] == (np.mean(sample.values[rows]) < 0.5)
            if share and 0 < len(np.unique(sizes[rare])) < FEW_HOLD_RARE:
                found.append(
                    f"the rarer rows of a group lie in fewer than {FEW_HOLD_RARE} clusters: its "
                    "bounds err by up to .12 instead of .05"
                )
        return list(dict.fromkeys(found))


@dataclass(kw_only=True)
class RowValues:
    """What the rows say.

    Attributes:
        values: For each measure a number per row.
        pairs: For a measure without a formula here, labels and predictions.
        keys: What the rows are sorted by before they are added up, so that rows in another order
            give the same numbers to the last digit.
        counted: Which rows are in its denominator.
        wholes: For a number that is no mean: it, of any rows.
        high: The most that one row can be, where the data say it.
        clusters: The list that each row is ranked in.
        bands: The band of each row's score, and their names.
        positive: The rows of the positive class, of losses of probabilities and of calibration.
        columns: What was read.
    """

    values: dict[str, Floats] = field(default_factory=dict)
    pairs: dict[str, tuple[NDArray[Any], NDArray[Any]]] = field(default_factory=dict)
    keys: tuple[NDArray[Any], ...] = ()
    counted: dict[str, Mask] = field(default_factory=dict)
    wholes: dict[str, Whole] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    clusters: Codes | None = None
    bands: Codes | None = None
    band_names: tuple[str, ...] = ()
    positive: Mask | None = None
    warnings: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()


def weights_and_clusters(
    parameters: FairnessParameters, table: Table, display: Display
) -> Weighting:
    """The roles ``sample_weight`` and ``cluster``.

    Raises:
        MLGatesError: for weights that are missing, negative, infinite or all zero, missing
            clusters, and metrics that have no bounds with either.
    """
    roles = [r for r in ("sample_weight", "cluster") if getattr(parameters, r) is not None]
    if not roles:
        return Weighting()
    for measure in parameters.measures:
        if measure.name in UNWEIGHTED and "sample_weight" in roles:
            raise MLGatesError(
                f"{measure.name} has no weights: it is the error of one row",
                got=f"sample_weight = {parameters.sample_weight!r}",
                want="a metric that counts every row: mean_absolute_error, "
                "root_mean_squared_error and their kin",
                fix="leave the role out: weights that were ignored would say nothing",
            )
    found = Weighting(columns=tuple(getattr(parameters, role) for role in roles))
    if parameters.sample_weight is not None:
        found.weights = weights_of(table, parameters.sample_weight, display)
        worth = kish(found.weights)
        if worth < len(found.weights) / 2:
            share = f"{display.rows(len(found.weights))} with weights"
            found.warnings.append(f"{share} are worth about {worth:,.0f} equal ones (Kish)")
    if parameters.cluster is not None:
        if parameters.measures[0].needs == "ranks":
            raise MLGatesError(
                f"{parameters.metric} has its clusters: the rows of one query",
                got=f"cluster = {parameters.cluster!r}",
                fix="leave `cluster` out",
            )
        found.clusters = codes_of(table, "cluster", parameters.cluster, display)
    return found


def row_values(parameters: FairnessParameters, table: Table, display: Display) -> RowValues:
    """The number of each row that the metric is made of.

    Raises:
        MLGatesError: for columns that are missing or of the wrong kind.
    """
    read = {
        "classes": _classes,
        "numbers": _numbers,
        "scores": _scores,
        "ranks": _ranks,
    }[parameters.measures[0].needs]
    return read(parameters, table, display)


def _classes(parameters: FairnessParameters, table: Table, display: Display) -> RowValues:
    binary = any(measure.binary for measure in parameters.measures)
    classes = confusion(
        table, parameters, metric=parameters.metric, binary=binary, display=display
    ).classes
    truth, predicted = (
        _labels(table, name, classes.labels) for name in (parameters.y_true, parameters.y_pred)
    )
    found = RowValues(columns=(parameters.y_true, parameters.y_pred), keys=(truth, predicted))
    positive = classes.labels.index(classes.positive) if classes.positive in classes.labels else -2
    for measure in parameters.measures:
        name = measure.name
        if measure.form == "foreign":
            pair = (truth, predicted)
            if name == "jaccard_score":
                pair = (truth == positive).astype(np.intp), (predicted == positive).astype(np.intp)
            _foreign(found, name, *pair)
            continue
        if measure.form == "whole":
            from pytest_mlgates.gates.fairness_whole import whole_of_classes

            _whole(found, name, whole_of_classes(measure, classes, truth, predicted))
            continue
        found.counted[name] = COUNTED[name](truth == positive, predicted == positive)
        found.values[name] = HIT[name](truth, predicted, positive).astype(np.float64)
    return found


def _foreign(found: RowValues, name: str, truth: NDArray[Any], predicted: NDArray[Any]) -> None:
    """Rows of a measure that has no formula here."""
    found.counted[name] = np.ones(len(truth), dtype=np.bool_)
    found.values[name] = np.zeros(len(truth))
    found.pairs[name] = (truth, predicted)


def _whole(found: RowValues, name: str, whole: Whole) -> None:
    """All rows of a number that is no mean of them."""
    rows = len(whole.answers.answer)
    found.counted[name] = np.ones(rows, dtype=np.bool_)
    found.values[name] = np.zeros(rows)
    found.wholes[name] = whole


def _labels(table: Table, name: str, labels: tuple[Any, ...]) -> Codes:
    """Each row's label by its place among *labels*."""
    values, codes = table.codes(name)
    places: Codes = np.array([labels.index(value) for value in values], dtype=np.intp)
    return np.asarray(places[codes])


def _numbers(parameters: FairnessParameters, table: Table, display: Display) -> RowValues:
    metric = parameters.metric
    truth = numbers(table, parameters, "y_true", metric=metric, display=display)
    predicted = numbers(table, parameters, "y_pred", metric=metric, display=display)
    return of_numbers(parameters, truth, predicted)


def of_numbers(parameters: FairnessParameters, truth: Floats, predicted: Floats) -> RowValues:
    """What numbers and their predictions say of each row."""
    error = predicted - truth
    found = RowValues(columns=(parameters.y_true, parameters.y_pred), keys=(truth, predicted))
    for measure in parameters.measures:
        name = measure.name
        found.counted[name] = np.ones(len(truth), dtype=np.bool_)
        if measure.form == "foreign":
            _foreign(found, name, truth, predicted)
            continue
        if name == "r2_score":
            from pytest_mlgates.gates.fairness_whole import whole_of_r2

            _whole(found, name, whole_of_r2(truth, predicted))
            continue
        found.values[name] = {
            "mean_prediction": predicted,
            "mean_error": error,
            "mean_absolute_error": np.abs(error),
        }.get(name, error * error)
        if name.endswith("squared_error") and heavy_tailed(error * error):
            found.warnings.append(regression.HEAVY_TAILS)
    return found


def _scores(parameters: FairnessParameters, table: Table, display: Display) -> RowValues:
    metric, measure = parameters.metric, parameters.measures[0]
    ranked = measure.name in ("roc_auc_score", "average_precision_score")
    positive = positives(table, parameters, metric=metric, both=ranked, display=display)
    found = scores(table, parameters, metric=metric, probabilities=not ranked, display=display)
    out = of_scores(parameters, positive, found.values, found.epsilon)
    if parameters.bins is not None:
        _divide(out, found.values, parameters.bins, display)
    return out


def of_scores(
    parameters: FairnessParameters, positive: Mask, values: Floats, epsilon: float
) -> RowValues:
    """What labels and scores say of each row."""
    name = parameters.measures[0].name
    out = RowValues(columns=(parameters.y_true, *parameters.y_score), keys=(positive, values))
    out.counted[name] = np.ones(len(positive), dtype=np.bool_)
    if name == "average_precision_score":
        _foreign(out, name, positive.astype(np.intp), values)
        return out
    if name == "roc_auc_score":
        from pytest_mlgates.gates.fairness_whole import whole_of_auc

        _whole(out, name, whole_of_auc(positive, values))
        return out
    out.positive = positive
    if name == "log_loss":
        # Probabilities are kept off 0 and 1, as scikit-learn does: one sure mistake costs 36.
        of_truth = np.clip(np.where(positive, values, 1 - values), epsilon, 1 - epsilon)
        out.values[name] = -np.log(of_truth)
        out.high[name] = float(-np.log(epsilon))
    elif name == "brier_score_loss":
        out.values[name] = (values - positive) ** 2
    else:
        out.values[name] = positive - values
    return out


def _divide(out: RowValues, values: Floats, bins: int, display: Display) -> None:
    """Bands of about equally many rows; equal scores share a band."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    bands = np.searchsorted(edges, values, side="left")
    kept, bands = np.unique(bands, return_inverse=True)
    out.bands = bands.astype(np.intp)
    out.band_names = tuple(
        f"band {k + 1} of {len(kept)}" if display.private else _span(values[bands == k])
        for k in range(len(kept))
    )


def _span(values: Floats) -> str:
    return f"{number(float(values.min()))} to {number(float(values.max()))}"


def _ranks(parameters: FairnessParameters, table: Table, display: Display) -> RowValues:
    assert parameters.query is not None  # noqa: S101  (the parameters' validator refused it)
    found = scores(
        table, parameters, metric=parameters.metric, probabilities=False, display=display
    )
    queries = codes_of(table, "query", parameters.query, display)
    if len(np.unique(queries)) == len(queries):
        raise MLGatesError(
            f"{parameters.metric} compares the rows of a query, and no query of table "
            f"{table.name!r} has two",
            got=f"{display.rows(len(queries))}, each a query of its own",
            want="queries of several rows: one row is at the top whatever the model says",
            fix='name the column that several rows share: query = "user_id"',
        )
    seen = exposure(queries, found.values)
    return RowValues(
        values={"exposure": seen},
        keys=(seen,),
        counted={"exposure": np.ones(len(queries), dtype=np.bool_)},
        clusters=queries,
        columns=(*parameters.y_score, parameters.query),
    )


def exposure(queries: Codes, values: Floats) -> Floats:
    """How much each row is seen in its query: ``1 / log2(1 + rank)``, equal scores alike."""
    order = np.lexsort((-values, queries))
    ordered = queries[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    first = np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    discount = 1 / np.log2(np.arange(len(ordered)) - first + 2)
    tied = np.cumsum(np.r_[True, (ordered[1:] != ordered[:-1]) | (np.diff(values[order]) != 0)]) - 1
    shared = np.bincount(tied, weights=discount) / np.bincount(tied)
    out = np.empty(len(values))
    out[order] = shared[tied]
    return out
