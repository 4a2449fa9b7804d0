"""Values of every kind, whose fingerprints are the same in every process and on every platform.

    PYTHONPATH=. python tests/unit/engines/golden_values.py

prints their fingerprints as they stand in ``golden_fingerprints.json``.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import json
import math
import random
import sys
import tempfile
import uuid
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pytest_mlgates.engines import hashing
from pytest_mlgates.engines.fingerprint import fingerprint

FILE = Path(__file__).with_name("golden_fingerprints.json")


class Colour(enum.Enum):
    RED = 1


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Trained:
    weights: list[np.ndarray]
    name: str


def numbers() -> np.ndarray:
    return np.arange(12, dtype="<f8").reshape(4, 3) / 7


def values(folder: Path) -> dict[str, object]:
    """Values that need numpy alone, by name; *folder* is empty."""
    (folder / "sub").mkdir()
    (folder / "model.bin").write_bytes(bytes(range(256)))
    (folder / "sub" / "ü.txt").write_bytes(b"text\n")
    record = np.zeros(2, dtype=np.dtype([("a", "u1"), ("b", "<f8")], align=True))
    record["b"] = 1.5
    generator = np.random.default_rng(7)
    generator.random(3)
    return {
        "none": None,
        "true": True,
        "integer": 1,
        "large integer": 2**70,
        "float": 0.1,
        "negative zero": -0.0,
        "infinity": -math.inf,
        "complex": 1 + 2j,
        "text": "é \U0001f600",
        "lone surrogate": "\udc80",
        "empty text": "",
        "bytes": b"\x00\xff",
        "date": dt.date(2024, 2, 29),
        "time": dt.datetime(2024, 2, 29, 12, 30, 15, 123456),  # noqa: DTZ001
        "zoned time": dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
        "duration": dt.timedelta(days=-1, microseconds=5),
        "decimal": decimal.Decimal("1.10"),
        "fraction": fractions.Fraction(1, 3),
        "uuid": uuid.UUID(int=5),
        "enum": Colour.RED,
        "range": range(0, 10, 3),
        "slice": slice(1, None),
        "list of integers": [1, 2, 3],
        "list of floats": [1.0, math.nan],
        "list of texts": ["a", "", "é"],
        "mixed list": [1, "a", None, [2.5, (True,)]],
        "empty list": [],
        "tuple": (1, 2),
        "dictionary": {"b": None, "a": [1.0], 3: {"x": b"y"}, (1, "k"): 2},
        "ordered dictionary": collections.OrderedDict(b=1, a=2),
        "default dictionary": collections.defaultdict(int, {"a": 1}),
        "deque": collections.deque([1, 2]),
        "set": {"x", 1, 2.5, ("a", 1)},
        "frozen sets": frozenset({frozenset({"p", "q"}), frozenset()}),
        "named tuple": Point(1.0, 2.0),
        "dataclass": Trained([numbers()], "m"),
        "partial": functools.partial(math.pow, 2.0),
        "class": collections.OrderedDict,
        "floats": numbers(),
        "single floats": numbers().astype("<f4"),
        "half floats": numbers().astype("<f2"),
        "integers": np.arange(-3, 3, dtype="<i4"),
        "small integers": np.arange(200, dtype="u1"),
        "booleans": np.array([True, False]),
        "complexes": np.array([1 + 2j, -0.0]),
        "no rows": np.zeros((0, 3)),
        "scalar": np.float32(1.5),
        "scalar array": np.array(5, dtype="<i8"),
        "dates": np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        "durations": np.array([1, 2], dtype="m8[us]"),
        "fixed texts": np.array(["ab", "é"]),
        "fixed bytes": np.array([b"ab", b""]),
        "objects": np.array(["a", None, "é"], dtype=object),
        "mixed objects": np.array([1, "a", dt.date(2020, 1, 1)], dtype=object),
        "records": record,
        "masked": np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        "dtype": np.dtype("<f4"),
        "generator": generator,
        "legacy generator": np.random.RandomState(7),
        "bit generator": np.random.PCG64(7),
        "seeds": np.random.SeedSequence(7),
        "python generator": random.Random(7),
        "file": folder / "model.bin",
        "folder": folder,
    }


# Of these libraries, those values alone that no version stores in another type.
LIBRARIES = {
    "pandas": lambda pd: pd.DataFrame({0: [3, 1, 2], 1: [0.5, math.nan, -0.0]}),
    "polars": lambda pl: pl.DataFrame({"i": [3, 1, None], "s": ["a", None, "é"]}),
    "pyarrow": lambda pa: pa.table({"i": [3, 1, None], "s": ["a", None, "é"]}),
    "scipy.sparse": lambda sparse: sparse.csr_matrix(np.eye(3)),
}


def found(value: object) -> dict[str, object]:
    """All that must not change."""
    made = fingerprint(value)
    rows = {leaf.path: leaf.rows for leaf in made.sealed().leaves.values() if leaf.rows}
    return {"digest": made.digest, "identity": made.identity, "rows": rows}


def everything() -> dict[str, object]:
    """The fingerprints of all values that can be made here."""
    with tempfile.TemporaryDirectory() as folder:
        digests = {name: found(value) for name, value in values(Path(folder)).items()}
    for library, make in LIBRARIES.items():
        try:
            module = import_module(library)
        except ImportError:
            continue
        digests[library] = found(make(module))
    return {"form": hashing.FORM.decode(), "fingerprints": digests}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(everything(), indent=1) + "\n")
