"""Trainings with numpy and the standard library, each with one line that `planted` breaks."""

from __future__ import annotations

import os
import re
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.planted.passengers import fit, numbers, passengers, survived
from pytest_mlgates import trace


def set_iteration(*, planted: bool) -> np.ndarray:
    """Words of the names as features; which column a word gets is the order of a set."""
    rows = passengers()
    words = [re.findall(r"[a-z]+", row["name"].lower()) for row in rows]
    trace("data", [row["name"] for row in rows])
    known = {word for name in words for word in name if len(word) > 7}
    vocabulary = list(known) if planted else sorted(known)
    trace("vocabulary", vocabulary)
    column = {word: place for place, word in enumerate(vocabulary)}
    x = np.zeros((len(rows), len(column)))
    for place, name in enumerate(words):
        x[place, [column[word] for word in name if word in column]] = 1
    trace("features", x)
    return trace("weights", fit(x, survived(rows)))


def thread_reduction(*, planted: bool) -> np.ndarray:
    """A gradient over many rows: BLAS adds up one part per thread, einsum the whole in one."""
    rows = passengers()
    rng = np.random.default_rng(7)
    drawn = rng.integers(len(rows), size=20_000)
    x = np.cos(np.einsum("ij,jk->ik", numbers(rows), rng.normal(size=(4, 30))))[drawn]
    y = survived(rows)[drawn]
    trace("features", x)
    weights = np.zeros(x.shape[1])
    for epoch in range(5):
        error = 1 / (1 + np.exp(-np.einsum("ij,j->i", x, weights))) - y
        gradient = x.T @ error if planted else np.einsum("ij,i->j", x, error)
        trace("gradient", epoch, gradient)
        weights = weights - gradient / len(x)
    return trace("weights", weights)


def time_in_feature(*, planted: bool) -> np.ndarray:
    """When each record was last seen; where nobody knows, a fixed time, or now."""
    rows = passengers()
    trace("data", numbers(rows))
    unknown = time.time() if planted else 1_700_000_000.0
    seen = [1.6e9 + 3600 * n if row["cabin"] else unknown for n, row in enumerate(rows)]
    x = trace("features", np.column_stack([numbers(rows), seen]))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return trace("weights", fit(x, survived(rows)))


def directory_listing(*, planted: bool) -> np.ndarray:
    """Parts of an export, which names them anew each time, read as the folder lists them."""
    rows = passengers()
    with tempfile.TemporaryDirectory(prefix="mlgates-") as folder:
        parts = {f"part-{uuid.uuid4().hex}.txt": number for number in range(40)}
        for name in sorted(parts):  # as an archive is unpacked
            (Path(folder) / name).write_text(str(parts[name]), encoding="utf-8")
        files = list(Path(folder).iterdir())
        listed = [int(file.read_text(encoding="utf-8")) for file in files]
    order = listed if planted else sorted(listed)
    rows = [row for part in order for row in rows[part::40]]
    trace("data", [row["name"] for row in rows])
    half = len(rows) // 2
    return trace("weights", fit(numbers(rows)[:half], survived(rows)[:half]))


class Member:
    """One model of several."""

    def __init__(self, columns: list[int], x: np.ndarray, y: np.ndarray) -> None:
        self.columns = columns
        self.weights = fit(x[:, columns], y)

    def score(self, x: np.ndarray, y: np.ndarray) -> float:
        """The share of rows it gets right."""
        return float(((np.einsum("ij,j->i", x[:, self.columns], self.weights) > 0) == y).mean())


def object_ids(*, planted: bool) -> dict[int, float]:
    """Scores of the members of an ensemble, by number or by ``id()``."""
    rows = passengers()
    x, y = trace("data", (numbers(rows), survived(rows)))
    members = [Member([0, one, 3], x, y) for one in (1, 2)]
    keys = [id(member) if planted else place for place, member in enumerate(members)]
    scores = dict(zip(keys, [member.score(x, y) for member in members], strict=True))
    trace("scores", scores)
    return {key: score / sum(scores.values()) for key, score in scores.items()}


@cache
def jitter(rows: int, *, planted: bool) -> np.ndarray:
    """Noise, made once per process."""
    generator = np.random if planted else np.random.default_rng(3)
    return generator.normal(scale=0.01, size=(rows, 4))


def global_generator_used_elsewhere(*, planted: bool) -> np.ndarray:
    """The generator is seeded, but a call that keeps its result draws from it the first time."""
    np.random.seed(7)
    rows = passengers()
    x = numbers(rows) + jitter(len(rows), planted=planted)
    trace("features", x)
    start = np.random.normal(size=4)
    trace("start", start)
    return trace("weights", fit(x, survived(rows), start))


def float32_sum_order(*, planted: bool) -> np.ndarray:
    """The mean of each feature in float32: parts made by two threads, added up as they come in."""
    rows = passengers()
    waves = np.random.default_rng(7).normal(size=(4, 200))
    parts = np.array_split(numbers(rows), 100)
    trace("data", (parts, waves))

    def added(part: np.ndarray) -> np.ndarray:
        bent = np.abs(np.cos(np.einsum("ij,jk->ik", part, waves)))
        return bent.astype(np.float32).sum(axis=0)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(added, part) for part in parts]
        done = as_completed(futures) if planted else futures
        total = np.zeros(200, dtype=np.float32)
        for future in done:
            total += future.result()
    mean = trace("mean", total / np.float32(len(rows)))
    x = np.cos(np.einsum("ij,jk->ik", numbers(rows), waves)) - mean
    return trace("weights", fit(x, survived(rows)))


def environment_variable(*, planted: bool) -> np.ndarray:
    """A seed from the environment."""
    rows = passengers()
    x, y = trace("data", (numbers(rows), survived(rows)))
    seed = int(os.environ.get("PYTHONHASHSEED", "7")) if planted else 7
    start = trace("start", np.random.default_rng(seed).normal(size=4))
    return trace("weights", fit(x, y, start))
