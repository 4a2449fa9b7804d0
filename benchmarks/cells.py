"""The cells of the simulation: what is true, and how its rows are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from samples import Counted, Errors, Grouped, Paired, Ranked, Rowwise, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Generator = np.random.Generator

Draw = Callable[["Generator"], Sample]


class Truth(StrEnum):
    """Where the true value lies."""

    GOOD = "good"  # on the right side: to block it is wrong
    BOUND = "at the bound"  # which still keeps it; a hair beyond, to pass it is wrong
    BAD = "bad"  # on the wrong side: to pass it is wrong


@dataclass(frozen=True)
class Cell:
    """One row of a table.

    `ignores` names the role that the rows would need and the gate is not told: such a cell shows
    what is wrong without it, and `told` draws the same rows for a gate that is.
    """

    section: str
    name: str
    truth: Truth
    draw: Draw
    ignores: str = ""
    told: Draw | None = None


UNEVEN = (50, 100, 200, 400, 800, 1500, 3000, 5000)
ACCURACY = "Accuracy against min = 0.90"
RARE = "Rare errors: a true accuracy of 0.995"
F1 = "F1 at 3 % prevalence (true F1 0.802)"
AUC = "ROC AUC with 20 positives"
RMSE = "RMSE against max"
CHAMPION = "Champion, margin = 0.01, exactly one right on 6 % of the rows"
HEAVY = "heavy-tailed (t with 5 df)"
SLICES = "Ten slices of 200 to 1,100 rows, accuracy against min = 0.90"
FAIRNESS = "Fairness, 8 groups of 50 to 5,000 rows, max = 0.10, base rate 0.3"
CLUSTERS = "Rows in clusters, accuracy against min = 0.90, clusters not told"
WEIGHTS = "Weighted rows, accuracy against min = 0.90, weights not told"


def cells() -> Iterator[Cell]:
    """All of them."""
    for n in (300, 1000, 3000):
        for share, truth in ((0.92, Truth.GOOD), (0.90, Truth.BOUND), (0.88, Truth.BAD)):
            yield Cell(ACCURACY, f"{n:,} rows, true {share:.2f}", truth, accuracy(n, share, 0.90))
    for n in (200, 1000, 3000):
        for limit, truth in ((0.99, Truth.GOOD), (0.995, Truth.BOUND), (0.998, Truth.BAD)):
            yield Cell(RARE, f"{n:,} rows, min {limit}", truth, accuracy(n, 0.995, limit))
    true_f1 = 2 * 0.03 * 0.8 / (0.03 * 1.8 + 0.97 * 0.006)
    for n in (300, 1000, 3000):
        for limit, truth in ((0.7, Truth.GOOD), (true_f1, Truth.BOUND), (0.9, Truth.BAD)):
            yield Cell(F1, f"{n:,} rows, min {limit:.3f}", truth, f1(n, limit))
    for kind, scores in (("normal", normal), ("exponential", exponential)):
        for negatives in (180, 2000):
            for area, limit, truth in (
                (0.99, 0.95, Truth.GOOD),
                (0.99, 0.99, Truth.BOUND),
                (0.97, 0.99, Truth.BAD),
            ):
                name = f"{kind} scores, {negatives:,} negatives, true {area}, min {limit}"
                yield Cell(AUC, name, truth, ranked(scores, 20, negatives, area, limit))
    for n in (50, 1000):
        for kind, scale in (("normal", 1.0), (HEAVY, math.sqrt(5 / 3))):
            for factor, truth in ((1.1, Truth.GOOD), (1.0, Truth.BOUND), (0.9, Truth.BAD)):
                name = f"{kind} errors, {n:,} rows, true {scale:.2f}, max {factor * scale:.2f}"
                yield Cell(RMSE, name, truth, errors(n, kind, factor * scale))
    for n in (300, 1000, 3000):
        for gap, truth in ((0.0, Truth.GOOD), (-0.01, Truth.BOUND), (-0.02, Truth.BAD)):
            what = "as good" if not gap else f"{-gap:.2f} worse"
            yield Cell(CHAMPION, f"{n:,} rows, {what}", truth, champion(n, gap))
    sizes = tuple(range(200, 1200, 100))
    for name, first, others, truth in (
        ("all at 0.92", 0.92, 0.92, Truth.GOOD),
        ("all at 0.90", 0.90, 0.90, Truth.BOUND),
        ("the 200-row slice at 0.90, the others at 0.95", 0.90, 0.95, Truth.BOUND),
        ("the 200-row slice at 0.85, the others at 0.92", 0.85, 0.92, Truth.BAD),
    ):
        yield Cell(SLICES, name, truth, slices(sizes, (first, *([others] * 9))))
    yield from fairness_cells()
    yield from clustered_cells()
    yield from weighted_cells()


def fairness_cells() -> Iterator[Cell]:
    """Selection rates, then true and false positive rates."""

    def one_off(place: int, gap: float) -> tuple[float, ...]:
        return tuple(0.3 + gap * (group == place) for group in range(8))

    for name, rates, truth in (
        ("fair", (0.3,) * 8, Truth.GOOD),
        ("gap 0.05, every other group", tuple(0.3 + 0.05 * (g % 2) for g in range(8)), Truth.GOOD),
        ("at 0.10, every other group", tuple(0.3 + 0.1 * (g % 2) for g in range(8)), Truth.BOUND),
        ("at 0.10, the 50-row group off", one_off(0, 0.10), Truth.BOUND),
        ("at 0.10, the 400-row group off", one_off(3, 0.10), Truth.BOUND),
        ("0.15, the 50-row group off", one_off(0, 0.15), Truth.BAD),
        ("0.15, the 400-row group off", one_off(3, 0.15), Truth.BAD),
        ("0.15, the 5,000-row group off", one_off(7, 0.15), Truth.BAD),
    ):
        yield Cell(FAIRNESS, name, truth, grouped("demographic_parity_difference", (rates,)))
    for name, tpr, truth in (
        ("equalized odds, fair", (0.7,) * 8, Truth.GOOD),
        ("equalized odds, the 400-row group's TPR 0.10 off", (*[0.7] * 3, 0.6, *[0.7] * 4),
         Truth.BOUND),
        ("equalized odds, the 400-row group's TPR 0.15 off", (*[0.7] * 3, 0.55, *[0.7] * 4),
         Truth.BAD),
    ):  # fmt: skip
        yield Cell(FAIRNESS, name, truth, grouped("equalized_odds_difference", (tpr, (0.3,) * 8)))


def clustered_cells() -> Iterator[Cell]:
    """Users with several rows each, whose accuracy differs from user to user."""
    for users, rows, icc in ((50, 10, 0.1), (50, 10, 0.3), (200, 50, 0.1), (200, 50, 0.3)):
        for share, truth in ((0.90, Truth.BOUND), (0.88, Truth.BAD)):
            name = f"{users} users x {rows} rows, ICC {icc}, true {share:.2f}"
            shape = share * (1 / icc - 1), (1 - share) * (1 / icc - 1)

            def right_by_user(
                rng: Generator,
                shape: tuple[float, float] = shape,
                users: int = users,
                rows: int = rows,
            ) -> np.ndarray:
                return rng.binomial(rows, rng.beta(*shape, users))

            def draw(
                rng: Generator,
                right: Callable[[Generator], np.ndarray] = right_by_user,
                n: int = users * rows,
            ) -> Sample:
                return right_of(int(right(rng).sum()), n, 0.90)

            def told(
                rng: Generator,
                right: Callable[[Generator], np.ndarray] = right_by_user,
                rows: int = rows,
            ) -> Sample:
                hits = np.arange(rows)[None, :] < right(rng)[:, None]
                user = np.repeat(np.arange(len(hits)), rows)
                return Rowwise(0.90, hits.reshape(-1), "cluster", user)

            yield Cell(CLUSTERS, name, truth, draw, "cluster", told)


def weighted_cells() -> Iterator[Cell]:
    """Half of the rows count three times as much; where they are worse, so is the model."""
    for name, light, heavy, truth in (
        ("1,000 rows, alike (0.92)", 0.92, 0.92, Truth.GOOD),
        ("1,000 rows, alike (0.90)", 0.90, 0.90, Truth.BOUND),
        ("1,000 rows, heavy ones worse: 0.96 and 0.88", 0.96, 0.88, Truth.BOUND),
        ("1,000 rows, heavy ones worse: 0.98 and 0.86", 0.98, 0.86, Truth.BAD),
    ):

        def right(rng: Generator, light: float = light, heavy: float = heavy) -> np.ndarray:
            return rng.random(1000) < np.repeat([light, heavy], 500)

        def draw(rng: Generator, right: Callable[[Generator], np.ndarray] = right) -> Sample:
            return right_of(int(right(rng).sum()), 1000, 0.90)

        def told(rng: Generator, right: Callable[[Generator], np.ndarray] = right) -> Sample:
            return Rowwise(0.90, right(rng), "sample_weight", np.repeat([1.0, 3.0], 500))

        yield Cell(WEIGHTS, name, truth, draw, "sample_weight", told)


def right_of(right: int, n: int, limit: float) -> Sample:
    """*right* of *n* rows, all of them positive in truth."""
    return Counted("accuracy", limit, ((right, 0, n - right, 0),))


def accuracy(n: int, share: float, limit: float) -> Draw:
    return lambda rng: right_of(int(rng.binomial(n, share)), n, limit)


def f1(
    n: int, limit: float, prevalence: float = 0.03, tpr: float = 0.8, fpr: float = 0.006
) -> Draw:
    def draw(rng: Generator) -> Sample:
        shares = (prevalence * tpr, (1 - prevalence) * fpr, prevalence * (1 - tpr))
        while True:  # a table without a positive is misuse, whatever its bound
            counts = rng.multinomial(n, (*shares, 1 - sum(shares))).tolist()
            if sum(counts[:3]):
                return Counted("f1", limit, (tuple(counts),))

    return draw


def ranked(
    scores: Callable[[Generator, int, int, float], np.ndarray],
    positives: int,
    negatives: int,
    area: float,
    limit: float,
) -> Draw:
    positive = np.arange(positives + negatives) < positives
    return lambda rng: Ranked(limit, positive, scores(rng, positives, negatives, area))


def normal(rng: Generator, positives: int, negatives: int, area: float) -> np.ndarray:
    from statistics import NormalDist

    shift = math.sqrt(2) * NormalDist().inv_cdf(area)
    return np.concatenate([rng.normal(shift, 1, positives), rng.normal(0, 1, negatives)])


def exponential(rng: Generator, positives: int, negatives: int, area: float) -> np.ndarray:
    scale = area / (1 - area)
    return np.concatenate([rng.exponential(scale, positives), rng.exponential(1, negatives)])


def errors(n: int, kind: str, limit: float) -> Draw:
    def draw(rng: Generator) -> Sample:
        drawn = rng.standard_t(5, n) if kind == HEAVY else rng.normal(size=n)
        return Errors(limit, drawn)

    return draw


def champion(n: int, gap: float, differing: float = 0.06) -> Draw:
    shares = ((differing + gap) / 2, (differing - gap) / 2, 1 - differing)

    def draw(rng: Generator) -> Sample:
        mine, theirs, _ = rng.multinomial(n, shares).tolist()
        return Paired(0.01, mine, theirs, n)

    return draw


def slices(sizes: Sequence[int], shares: Sequence[float]) -> Draw:
    def draw(rng: Generator) -> Sample:
        right = rng.binomial(sizes, shares).tolist()
        counted = tuple((r, 0, n - r, 0) for r, n in zip(right, sizes, strict=True))
        return Counted("accuracy", 0.90, counted)

    return draw


def grouped(metric: str, rates: tuple[tuple[float, ...], ...]) -> Draw:
    sizes = UNEVEN if len(rates) == 1 else tuple(n // 2 for n in UNEVEN)

    def draw(rng: Generator) -> Sample:
        families = tuple(
            (tuple(rng.binomial(sizes, family).tolist()), tuple(sizes)) for family in rates
        )
        return Grouped(metric, 0.10, families)

    return draw
