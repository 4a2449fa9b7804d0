"""The tables that the benchmarks read: the same rows on every machine, in every run.

A table is what a shop exports: 15 columns, in time order, a dense integer key, a compound key, keys
of text, nulls, categories, dates, and a few faults that `mostly` forgives. Parquet is written as
pandas and pyarrow write it by default: snappy, row groups of 1,048,576 rows.

    python benchmarks/tables.py parquet FOLDER 1000000

prints the path of the table, which is written if it is not there yet.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 20
COUNTRIES = ("AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IT", "NL", "PL", "SE")
STATUSES = ("cancelled", "delivered", "paid", "returned", "shipped")
_FIRST = ("anna", "ben", "carla", "david", "emil", "fatima", "georg", "hanna", "ivan", "julia")
_HOSTS = ("example.com", "example.org", "example.net", "post.example")
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
_STORES = 500
_START = np.datetime64("2022-01-01T00:00:00", "us")


def parquet(folder: Path, rows: int) -> Path:
    """The table of *rows* rows, written once."""
    path = folder / f"orders-{rows}.parquet"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        receipts = np.zeros(_STORES, dtype=np.int64)
        with pq.ParquetWriter(unfinished, _chunk(0, 1, receipts * 0, rows).schema) as writer:
            for start in range(0, rows, CHUNK):
                count = min(CHUNK, rows - start)
                writer.write_table(_chunk(start, count, receipts, rows), row_group_size=CHUNK)
        unfinished.rename(path)
    return path


def csv(folder: Path, rows: int) -> Path:
    """The same as CSV, as pandas writes it."""
    path = folder / f"orders-{rows}.csv"
    if not path.exists():
        table = _chunk(0, rows, np.zeros(_STORES, dtype=np.int64), rows)
        table.to_pandas().to_csv(path, index=False)
    return path


def broken(folder: Path, rows: int) -> Path:
    """A table that breaks every check of values: what must fail in every engine."""
    path = folder / f"broken-{rows}.parquet"
    table = _chunk(0, rows, np.zeros(_STORES, dtype=np.int64), rows)
    columns = {
        name: table.column(name).to_numpy(zero_copy_only=False) for name in table.schema.names
    }
    columns = {name: values.copy() for name, values in columns.items()}
    columns["order_id"][10:13] = 5
    columns["store"][20], columns["receipt"][20] = columns["store"][21], columns["receipt"][21]
    columns["amount"][: rows // 15] = -5.0
    columns["amount"][rows // 15] = 1e12
    columns["score"][:] = columns["score"] ** 4
    columns["score"][30] = 1.5
    columns["country"][40:42] = "XX"
    columns["status"][50] = "lost"
    columns["email"][: rows // 10] = "not an address"
    columns["reference"][60] = "ORD-1"
    columns["shipped"][70] = columns["ordered"][70] - np.timedelta64(1, "D")
    nulls = {
        "customer": np.arange(rows) == 80,
        "age": np.arange(rows) % 10 == 0,
        "birthday": np.arange(rows) == 90,
    }
    columns["age"] = np.where(np.isnan(columns["age"]), 30, columns["age"]).astype(np.int16)
    columns["age"][101] = 140
    arrays = [
        pa.array(columns[field.name], field.type, mask=nulls.get(field.name), from_pandas=True)
        for field in table.schema
    ]
    pq.write_table(pa.table(arrays, names=table.schema.names), path)
    return path


def people(folder: Path, rows: int, groups: int) -> Path:
    """An evaluation table: labels, predictions, scores, and *groups* groups of uneven sizes."""
    path = folder / f"people-{groups}-{rows}.parquet"
    if path.exists():
        return path
    unfinished = path.with_suffix(".unfinished")
    names = tuple(f"region {place:02}" for place in range(groups))
    schema = _people(0, 1, names).schema
    with pq.ParquetWriter(unfinished, schema) as writer:
        for start in range(0, rows, CHUNK):
            writer.write_table(_people(start, min(CHUNK, rows - start), names))
    unfinished.rename(path)
    return path


def _people(start: int, count: int, names: tuple[str, ...]) -> pa.Table:
    rng = np.random.default_rng([20240607, start, len(names)])
    truth = rng.random(count) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(np.where(truth, 0.4, -1.4), 1.0)))
    return pa.table(
        {
            "person": np.arange(start, start + count, dtype=np.int64),
            "region": _picked(names, rng.choice(len(names), count, p=_shares(names))),
            "y_true": truth.astype(np.int64),
            "y_pred": (score > 0.5).astype(np.int64),
            "y_score": score,
        }
    )


def _chunk(start: int, count: int, receipts: np.ndarray[Any, Any], rows: int) -> pa.Table:
    """Rows *start* to *start + count* of a table of *rows*; *receipts* are counted on."""
    rng = np.random.default_rng([20240607, start])
    ids = np.arange(start, start + count, dtype=np.int64)
    store = rng.integers(0, _STORES, count, dtype=np.int32)
    customer = rng.integers(1, max(rows // 2, 2), count, dtype=np.int64)
    amount = np.round(rng.lognormal(3.4, 0.9, count).clip(0.01, 9_999.0), 2)
    amount[rng.random(count) < 0.002] *= -1  # refunds: `mostly` forgives them
    ordered = _START + (ids * (730 * 86_400_000_000 // rows)).astype("timedelta64[us]")
    shipped = ordered + rng.integers(0, 14 * 86_400, count).astype("timedelta64[s]")
    born = np.datetime64("1940-01-01") + rng.integers(0, 365 * 65, count).astype("timedelta64[D]")
    age = (2022 - born.astype("datetime64[Y]").astype(np.int64) - 1970).astype(np.int16)
    return pa.table(
        {
            "order_id": ids + 1,
            "customer": customer,
            "store": store,
            "receipt": _receipts(store, receipts),
            "email": _emails(customer, rng),
            "reference": _references(ids),
            "age": pa.array(age, mask=rng.random(count) < 0.01),
            "amount": pa.array(amount, mask=rng.random(count) < 0.0005),
            "score": rng.beta(2.0, 5.0, count),
            "country": _picked(COUNTRIES, rng.choice(len(COUNTRIES), count, p=_shares(COUNTRIES))),
            "status": _picked(STATUSES, rng.choice(len(STATUSES), count, p=_shares(STATUSES))),
            "member": rng.random(count) < 0.3,
            "birthday": pa.array(born),
            "ordered": pa.array(ordered),
            "shipped": pa.array(shipped),
        }
    )


def _shares(names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    weights = 1.0 / np.arange(1, len(names) + 1)
    return weights / weights.sum()


def _picked(names: tuple[str, ...], codes: np.ndarray[Any, Any]) -> pa.Array:
    return pc.take(pa.array(names), pa.array(codes))


def _receipts(store: np.ndarray[Any, Any], last: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbered within each store: (store, receipt) is the compound key."""
    order = np.argsort(store, kind="stable")
    counts = np.bincount(store, minlength=_STORES)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    found = np.empty(len(store), dtype=np.int32)
    found[order] = np.arange(len(store)) - starts + 1 + np.repeat(last, counts)
    last += counts
    return found


def _emails(customer: np.ndarray[Any, Any], rng: np.random.Generator) -> pa.Array:
    """One address per customer; one in 5,000 rows has none worth the name."""
    local = pc.binary_join_element_wise(
        _picked(_FIRST, customer % len(_FIRST)), pc.cast(pa.array(customer), pa.string()), "."
    )
    found = pc.binary_join_element_wise(local, _picked(_HOSTS, customer // 7 % len(_HOSTS)), "@")
    return pc.if_else(pa.array(rng.random(len(customer)) < 0.0002), "unknown", found)


def _references(ids: np.ndarray[Any, Any]) -> pa.Array:
    """Unique text of 12 characters in no order, like a booking code."""
    mixed = (ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) & np.uint64((1 << 40) - 1)
    text = np.empty((len(ids), 12), dtype=np.uint8)
    text[:, :4] = np.frombuffer(b"ORD-", dtype=np.uint8)
    for place in range(8):
        text[:, 4 + place] = _ALPHABET[
            ((mixed >> np.uint64(5 * place)) & np.uint64(31)).astype(int)
        ]
    offsets = np.arange(0, 12 * len(ids) + 1, 12, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(ids), pa.py_buffer(offsets), pa.py_buffer(text.tobytes())
    )


def floats(folder: Path, megabytes: int) -> Path:
    """A file of random float64 values, written once."""
    path = folder / f"floats-{megabytes}.bin"
    if not path.exists():
        rng = np.random.default_rng(0)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as stream:
            for _ in range(megabytes):
                stream.write(rng.normal(size=(1 << 20) // 8).astype("<f8").data)
        unfinished.rename(path)
    return path


if __name__ == "__main__":
    kind, where, size = sys.argv[1:]
    kinds: dict[str, Callable[[Path, int], Path]] = {
        "parquet": parquet,
        "csv": csv,
        "broken": broken,
        "floats": floats,
        **{f"people-{count}": partial(people, groups=count) for count in (2, 5, 20)},
    }
    sys.stdout.write(str(kinds[kind](Path(where), int(size))))
