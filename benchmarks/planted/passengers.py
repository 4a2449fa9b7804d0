"""The passengers of the Titanic as arrays, and a small model of who survived. Only numpy."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from pytest_mlgates import trace

_FILE = Path(__file__).parents[2] / "examples" / "titanic" / "data" / "titanic.csv"


def passengers() -> list[dict[str, str]]:
    """All rows whose fare is known, as text."""
    with _FILE.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["fare"]]


def survived(rows: list[dict[str, str]]) -> np.ndarray:
    """0 and 1."""
    return np.array([row["survived"] == "1" for row in rows], dtype=np.float64)


def numbers(rows: list[dict[str, str]]) -> np.ndarray:
    """Class, sex, age and fare, each around 0."""
    columns = [
        [row["pclass"] for row in rows],
        [row["sex"] == "female" for row in rows],
        [row["age"] or "29" for row in rows],
        [row["fare"] for row in rows],
    ]
    table = np.array(columns, dtype=np.float64).T
    return (table - table.mean(axis=0)) / table.std(axis=0)


def fit(x: np.ndarray, y: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Weights of a logistic regression after a few steps down, each told as an epoch.

    One thread alone adds up, whatever the machine has.
    """
    weights = np.zeros(x.shape[1]) if start is None else start
    for epoch in range(3):
        error = 1 / (1 + np.exp(-np.einsum("ij,j->i", x, weights))) - y
        weights = weights - np.einsum("ij,i->j", x, error) / len(x)
        trace("epoch", epoch, weights)
    return weights
