"""Gates over an evaluation table, and their peers: each in a process of its own (`child.py`).

Every function prepares (imports, a first run on ten rows, frames in memory) and returns what is
timed. What a function answers is compared: nobody is timed on doing less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import known_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[], list[Any]]

FAIRNESS = {
    "demographic_parity_difference": {"max": 0.1},
    "demographic_parity_ratio": {"min": 0.8},
    "equalized_odds_difference": {"max": 0.1},
    "equalized_odds_ratio": {"min": 0.8},
    "equal_opportunity_difference": {"max": 0.1},
    "equal_opportunity_ratio": {"min": 0.8},
}
METRICS = {
    "roc_auc": {"min": 0.8},
    "log_loss": {"max": 0.6},
    "brier": {"max": 0.2},
    "f1": {"min": 0.5},
    "accuracy": {"min": 0.7},
    "precision": {"min": 0.5},
    "recall": {"min": 0.5},
    "balanced_accuracy": {"min": 0.5},
}
COLUMNS = ["region", "y_true", "y_pred"]
REPLICATES = (2, 12)  # of a bootstrap, extrapolated


# Fairness


def fair(path: str) -> Run:
    """All fairness gates, from the file."""
    return _fair(path)


def fair_known(path: str) -> Run:
    """The same for a file that was judged before: its digest is known."""
    known_digest.of(path)
    return _fair(path)


def fair_in_memory(path: str) -> Run:
    """All fairness gates, from a frame of pandas."""
    return _fair(_frame_of_groups(path))


def _fair(subject: Any) -> Run:
    from pytest_mlgates import fairness
    from pytest_mlgates.engines.tables import to_table

    def gates(source: Any) -> list[Any]:
        table = to_table(source)
        verdicts = [fairness(table, name, by="region", **FAIRNESS[name]) for name in FAIRNESS]
        return [(verdict.metric, verdict.estimate) for verdict in verdicts]

    gates(_ten(like=subject))
    return lambda: gates(subject)


def group_by(path: str, config: dict[str, str] | None = None) -> Run:
    """The limit: one group-by of the three columns, by DuckDB."""
    import duckdb

    query = f"select {', '.join(COLUMNS)}, count(*) from read_parquet('{path}') group by all"

    def run() -> list[Any]:
        duckdb.connect(config=config or {}).execute(query).fetchall()
        return []

    return run


def group_by_of_data(path: str) -> Run:
    """The same without a look at what the file's footer says of the data, as a gate must do it."""
    return group_by(path, {"disabled_optimizers": "statistics_propagation"})


def group_by_and_digest(path: str) -> Run:
    """The same, and the SHA-256 of the file that evidence names."""
    import hashlib

    count = group_by(path)

    def run() -> list[Any]:
        with open(path, "rb") as file:  # noqa: PTH123
            hashlib.file_digest(file, "sha256")
        return count()

    return run


def fairlearn(path: str) -> Run:
    """Fairlearn's functions of the same names, point estimates."""
    import fairlearn.metrics

    frame = _frame_of_groups(path)
    given = {"y_true": frame["y_true"], "y_pred": frame["y_pred"]}

    def run() -> list[Any]:
        return [
            (
                name,
                float(getattr(fairlearn.metrics, name)(**given, sensitive_features=frame.region)),
            )
            for name in FAIRNESS
        ]

    return run


def fairlearn_bootstrap(path: str) -> Run:
    """Fairlearn's bounds of the same disparities: seconds of few and of more replicates."""
    import time

    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )

    frame = _frame_of_groups(path)
    rates = {
        "selection": selection_rate,
        "true positive": true_positive_rate,
        "false positive": false_positive_rate,
    }

    def seconds(replicates: int) -> float:
        start = time.process_time()
        found = MetricFrame(
            metrics=rates,
            y_true=frame.y_true,
            y_pred=frame.y_pred,
            sensitive_features=frame.region,
            n_boot=replicates,
            ci_quantiles=[0.05, 0.95],
            random_state=7,
        )
        found.difference_ci()
        found.ratio_ci()
        return time.process_time() - start

    return lambda: [(f"{count}", seconds(count)) for count in REPLICATES]


# Metrics


def metrics(path: str) -> Run:
    """All metric gates, from the file."""
    return _metrics(path, METRICS)


def metrics_in_memory(path: str) -> Run:
    """All metric gates, from a frame of pandas."""
    return _metrics(_frame(path), METRICS)


def auc(path: str) -> Run:
    """The gate on roc_auc, from the file."""
    return _metrics(path, ["roc_auc"])


def auc_in_memory(path: str) -> Run:
    """The gate on roc_auc, from a frame of pandas."""
    return _metrics(_frame(path), ["roc_auc"])


def log_loss_in_memory(path: str) -> Run:
    """The gate on log_loss, from a frame of pandas."""
    return _metrics(_frame(path), ["log_loss"])


def f1_in_memory(path: str) -> Run:
    """The gate on f1, from a frame of pandas."""
    return _metrics(_frame(path), ["f1"])


def nothing_in_memory(path: str) -> Run:
    """What a gate finds already there: the same libraries and frame."""
    _metrics(_frame(path), ["roc_auc"])
    return list


def _metrics(subject: Any, names: Any) -> Run:
    from pytest_mlgates import metric
    from pytest_mlgates.engines.tables import to_table

    def gates(source: Any) -> list[Any]:
        table = to_table(source)
        verdicts = [metric(table, name, **METRICS[name]) for name in names]
        return [(verdict.metric, verdict.estimate) for verdict in verdicts]

    gates(_ten(like=subject))
    return lambda: gates(subject)


def auc_of_arrays(path: str) -> Run:
    """AUC and its bounds from arrays: the statistics alone."""
    from pytest_mlgates.statistics.auc import auc_interval, roc_auc

    frame = _frame(path)
    positive, scores = (frame.y_true == 1).to_numpy(), frame.y_score.to_numpy()
    return lambda: [("roc_auc", float(auc_interval(roc_auc(positive, scores), 0.95).value))]


def sort(path: str) -> Run:
    """The limit: the scores sorted once."""
    import numpy as np

    scores = _frame(path).y_score.to_numpy()

    def run() -> list[Any]:
        np.sort(scores)
        return []

    return run


def argsort(path: str) -> Run:
    """The order of the scores, which scikit-learn's AUC sorts for."""
    import numpy as np

    scores = _frame(path).y_score.to_numpy()

    def run() -> list[Any]:
        np.argsort(scores)
        return []

    return run


def sklearn_auc(path: str) -> Run:
    """roc_auc_score alone, without bounds."""
    from sklearn.metrics import roc_auc_score

    frame = _frame(path)
    return lambda: [("roc_auc", float(roc_auc_score(frame.y_true, frame.y_score)))]


def sklearn_bootstrap(path: str) -> Run:
    """Seconds per replicate of the usual loop around roc_auc_score, log_loss and f1_score."""
    import time

    import numpy as np
    from sklearn.metrics import f1_score, log_loss, roc_auc_score

    frame = _frame(path)
    truth, predicted, scores = (frame[name].to_numpy() for name in ("y_true", "y_pred", "y_score"))
    rng = np.random.default_rng(7)

    def seconds(metric: Any, values: Any, count: int) -> float:
        start = time.process_time()
        for _ in range(count):
            rows = rng.integers(0, len(truth), len(truth))
            metric(truth[rows], values[rows])
        return (time.process_time() - start) / count

    return lambda: [
        ("roc_auc", seconds(roc_auc_score, scores, 3)),
        ("log_loss", seconds(log_loss, scores, 3)),
        ("f1", seconds(f1_score, predicted, 3)),
    ]


def _frame(path: str) -> Any:
    """What the gates read, and a column that they do not."""
    import pandas as pd

    return pd.read_parquet(path, columns=["person", "y_true", "y_pred", "y_score"])


def _frame_of_groups(path: str) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


def _ten(like: Any) -> Any:
    """Ten rows that every gate can judge, so that no run pays for what is done once."""
    import tempfile
    from pathlib import Path

    import pandas as pd

    rows = pd.DataFrame(
        {
            "region": ["a", "b"] * 5,
            "y_true": [1, 1, 0, 0, 1] * 2,
            "y_pred": [1, 0, 1, 1, 1] * 2,
            "y_score": [0.9, 0.4, 0.6, 0.7, 0.8] * 2,
        }
    )
    if not isinstance(like, str):
        return rows
    path = Path(tempfile.mkdtemp()) / "ten.parquet"
    rows.to_parquet(path)
    return path
