"""Train the income model, judge nothing, register it: the gates judge.

python train.py --seed 7 --alias challenger
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
LABEL = "income"
POSITIVE = ">50K"
# What a decision may rest on. Sex, race and native country are no grounds for it; marital status
# and relationship ("Husband", "Wife") stand in for sex. README.md shows what each choice costs.
NUMBERS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
CATEGORIES = ["workclass", "occupation"]
FEATURES = NUMBERS + CATEGORIES
BALANCED = True


def read(name: str) -> pd.DataFrame:
    """The table *name* (``adult_train``, ``adult_test``) of this example."""
    return pd.read_parquet(DATA / f"{name}.parquet")


def balanced(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """As many rows, drawn so that sex and label are independent.

    F. Kamiran, T. Calders: Data preprocessing techniques for classification without
    discrimination, Knowledge and Information Systems 33 (2012), "sampling".
    """
    shares = {c: rows[c].map(rows[c].value_counts(normalize=True)) for c in ("sex", LABEL)}
    together = rows.groupby(["sex", LABEL])[LABEL].transform("size") / len(rows)
    weights = shares["sex"] * shares[LABEL] / together
    return rows.sample(n=len(rows), replace=True, weights=weights, random_state=seed)


def fit(rows: pd.DataFrame, seed: int = 7) -> Pipeline:
    """The model that *rows* teach."""
    if BALANCED:
        rows = balanced(rows, seed)
    # Frequent values of every column, the rest together; and the numbers as they are.
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=50), FEATURES),
        (StandardScaler(), NUMBERS),
    )
    model = Pipeline([("columns", columns), ("weights", LogisticRegression(max_iter=1000))])
    return model.fit(rows[FEATURES], rows[LABEL])


def judged(model: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* with the model's predictions: an evaluation table."""
    features = rows[FEATURES]
    scores = model.predict_proba(features)[:, list(model.classes_).index(POSITIVE)]
    return rows.assign(y_pred=model.predict(features), y_score=scores)


def train(seed: int = 7) -> pd.DataFrame:
    """Train from scratch and judge the holdout: what must come out the same every time."""
    return judged(fit(read("adult_train"), seed), read("adult_test"))


def register(model: Pipeline, rows: pd.DataFrame, aliases: Sequence[str], seed: int) -> str:
    """Log *model* to MLflow and register it as ``income``; returns its version."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    if "MLFLOW_TRACKING_URI" not in os.environ:  # CI names the team's server
        mlflow.set_tracking_uri(f"sqlite:///{HERE / 'mlflow.db'}")
        if mlflow.get_experiment_by_name("income") is None:
            mlflow.create_experiment("income", artifact_location=(HERE / "mlruns").as_uri())
    mlflow.set_experiment("income")
    features = rows[FEATURES].astype(dict.fromkeys(NUMBERS, float))
    with mlflow.start_run():
        mlflow.log_params({"seed": seed, "balanced": BALANCED})
        mlflow.log_metric("accuracy", float((judged(model, rows).y_pred == rows[LABEL]).mean()))
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(features, model.predict(features)),
            registered_model_name="income",
            pip_requirements=["scikit-learn", "pandas"],
        )
    version = str(logged.registered_model_version)
    for alias in aliases:
        mlflow.MlflowClient().set_registered_model_alias("income", alias, version)
    return version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--alias", action="append", default=[], help="e.g. champion, challenger")
    arguments = parser.parse_args()
    model = fit(read("adult_train"), arguments.seed)
    version = register(model, read("adult_test"), arguments.alias, arguments.seed)
    print(f"income v{version}", *(f"@{alias}" for alias in arguments.alias))


if __name__ == "__main__":
    main()
