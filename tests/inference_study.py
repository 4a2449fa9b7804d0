"""Random halves of real tables, and ways in which the next batch may be broken.

Tables are mappings of numpy arrays: the light core reads them, and rows are picked by index.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates import data_schema
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema.inference import infer

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[1] / "examples"
KEY = "row_id"
SHARE = 0.05  # of the rows, where a break is in some of them

Columns = dict[str, np.ndarray]
Random = np.random.Generator


@dataclass(frozen=True)
class Case:
    """A table, and which of its columns the breaks are planted in.

    Attributes:
        columns: All rows there are.
        amount: A column of numbers: its unit, its middle and its type break.
        positive: A column of numbers that are never negative.
        pair: Two columns of numbers that trade places.
        code: A column of categories; "" where there is none.
        text: A column of long texts, or of categories.
        time: A column of times.
    """

    name: str
    columns: Columns
    amount: str
    positive: str
    pair: tuple[str, str]
    code: str = ""
    text: str = ""
    time: str = ""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def pick(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def halves(case: Case, random: Random) -> tuple[Columns, Columns]:
    """The rows in two halves, at random."""
    order = random.permutation(case.rows)
    middle = case.rows // 2
    return pick(case.columns, order[:middle]), pick(case.columns, order[middle:])


def suite_of(columns: Columns) -> dict[str, Any]:
    return infer(to_table(columns)).suite("inferred")


def fails(columns: Columns, suite: dict[str, Any]) -> bool:
    return not data_schema(columns, suite).passed


def with_key(columns: Columns, random: Random) -> Columns:
    """A numbering beside the columns, in no order: none of the real tables has a key."""
    rows = len(next(iter(columns.values())))
    return {KEY: random.permutation(rows) + 1, **columns}


def some(columns: Columns, random: Random, share: float = SHARE) -> np.ndarray:
    rows = len(next(iter(columns.values())))
    return random.choice(rows, round(share * rows), replace=False)


def changed(columns: Columns, name: str, values: np.ndarray) -> Columns:
    return {**columns, name: values}


def put(columns: Columns, name: str, rows: np.ndarray, value: Any) -> Columns:
    values = columns[name].copy()
    if value is None and values.dtype.kind in "iu":
        values = values.astype(np.float64)
    values[rows] = np.nan if value is None and values.dtype.kind == "f" else value
    return changed(columns, name, values)


def texts(values: np.ndarray, change: Callable[[str], str]) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = [None if v is None else change(v) for v in values]
    return out


def breaks_of(case: Case) -> dict[str, Callable[[Columns, Random], Columns]]:
    """What is planted, by name; those whose column the table lacks are left out."""
    amount, positive, (left, right) = case.amount, case.positive, case.pair
    spread = float(np.nanstd(case.columns[amount].astype(np.float64)))
    found: dict[str, Callable[[Columns, Random], Columns]] = {
        "a column renamed": lambda t, _: {
            ("renamed" if name == amount else name): values for name, values in t.items()
        },
        "a column missing": lambda t, _: {n: v for n, v in t.items() if n != amount},
        "another unit (× 1000)": lambda t, _: changed(t, amount, t[amount] * 1000),
        "nulls in 10 % of a complete column": lambda t, r: put(t, amount, some(t, r, 0.1), None),
        "minus signs in 10 % of the rows": lambda t, r: put(t, positive, some(t, r, 0.1), -1),
        "numbers that became text": lambda t, _: changed(
            t, amount, texts(t[amount].astype(object), lambda v: f"{v} units")
        ),
        "5 % of the rows twice": lambda t, r: {
            name: np.concatenate([values, values[some(t, np.random.default_rng(1))]])
            for name, values in t.items()
        },
        "the middle shifted by half a deviation": lambda t, _: changed(
            t, amount, t[amount] + spread / 2
        ),
        "two columns swapped": lambda t, _: {**t, left: t[right], right: t[left]},
        "a column that became constant": lambda t, _: changed(
            t, amount, np.full_like(t[amount], np.median(t[amount]))
        ),
    }
    if case.code:
        code = case.code
        found |= {
            "a new category in 5 % of the rows": lambda t, r: put(t, code, some(t, r), "New"),
            "a category in other case in 5 % of the rows": lambda t, r: other_case(t, code, r),
            "categories that became constant": lambda t, _: changed(
                t, code, np.full_like(t[code], t[code][0])
            ),
        }
    if case.text:
        found["texts cut off"] = lambda t, _: changed(
            t, case.text, texts(t[case.text], lambda v: v[:10])
        )
    if case.time:
        found["5 % of the dates in the year 2999"] = lambda t, r: put(
            t, case.time, some(t, r), np.datetime64("2999-12-31T00:00:00", "us")
        )
    return found


def other_case(columns: Columns, name: str, random: Random) -> Columns:
    values = columns[name].copy()
    rows = some(columns, random)
    values[rows] = [None if v is None else v.swapcase() for v in values[rows]]
    return changed(columns, name, values)


def of_file(path: Path) -> Columns:
    table = to_table(path)
    return dict(table.arrays(table.columns))


def adult() -> Case:
    columns = with_key(of_file(EXAMPLES / "income/data/adult_train.parquet"), rng())
    return Case(
        name="Adult",
        columns=columns,
        amount="age",
        positive="age",
        pair=("age", "hours_per_week"),
        code="workclass",
        text="marital_status",
    )


def titanic() -> Case:
    columns = with_key(of_file(EXAMPLES / "titanic/data/titanic.csv"), rng())
    return Case(
        name="Titanic",
        columns=columns,
        amount="fare",
        positive="fare",
        pair=("sibsp", "fare"),
        code="sex",
        text="name",
    )


def cancer() -> Case:
    """Breast cancer Wisconsin, as scikit-learn brings it: 30 numbers of 569 tumours."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    columns = {name.replace(" ", "_"): data.data[:, i] for i, name in enumerate(data.feature_names)}
    columns["target"] = data.target
    return Case(
        name="Breast cancer",
        columns=with_key(columns, rng()),
        amount="mean_radius",
        positive="mean_radius",
        pair=("mean_radius", "mean_texture"),
    )


def orders(rows: int = 4000) -> Case:
    """Orders of a shop that does not exist: identifiers, times, shares, skewed amounts."""
    random = rng()
    start = np.datetime64("2024-01-01T00:00:00", "us")
    seconds = random.integers(0, 300 * 86_400, rows)
    columns: Columns = {
        "order": _objects(f"OR-{n:06d}" for n in random.permutation(rows)),
        "placed": start + seconds * np.timedelta64(1_000_000, "us"),
        "country": _objects(random.choice(["DE", "FR", "NL", "AT", "LU"], rows, p=COUNTRIES)),
        "amount": np.round(random.lognormal(3, 1, rows), 2),
        "discount": np.round(np.where(random.random(rows) < 0.6, 0, random.beta(2, 5, rows)), 3),
        "express": random.random(rows) < 0.12,
        "items": 1 + random.poisson(1.3, rows),
        "comment": _objects(_words(random) for _ in range(rows)),
    }
    return Case(
        name="Orders (made)",
        columns=with_key(columns, random),
        amount="amount",
        positive="discount",
        pair=("items", "amount"),
        code="country",
        text="comment",
        time="placed",
    )


COUNTRIES = [0.5, 0.3, 0.15, 0.04, 0.01]
_WORDS = ("please", "leave", "the", "parcel", "behind", "door", "ring", "twice", "before", "noon")


def _words(random: Random) -> str | None:
    count = random.integers(0, 12)
    return " ".join(random.choice(_WORDS, count)) if count else None


def _objects(values: Any) -> np.ndarray:
    found = [None if v is None else str(v) for v in values]
    out = np.empty(len(found), dtype=object)
    out[:] = found
    return out


def rng() -> Random:
    return np.random.default_rng(20240607)


CASES: dict[str, Callable[[], Case]] = {
    "adult": adult,
    "titanic": titanic,
    "cancer": cancer,
    "orders": orders,
}
