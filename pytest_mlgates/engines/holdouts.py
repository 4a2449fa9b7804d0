"""What a holdout is, and what was predicted for it: numbers made of its rows."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.holdouts import SKETCH, Rows
from pytest_mlgates.engines.row_digests import of_each_row, of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.sources import Content
    from pytest_mlgates.engines.table import Table


def rows_of(table: Table, identity: Sequence[str], answers: Sequence[str], *, name: str) -> Rows:
    """The holdout in *table* and the evaluation of *answers* on it, whatever the order of rows.

    Of a private table no hash of a single row is given away: whoever guesses a row could look it
    up. Its holdouts are told apart by the table's name alone.

    Args:
        table: With rows.
        identity: Columns that say which row is which, the label among them.
        answers: Columns of predictions and scores.
        name: What the configuration calls the table.
    """
    table.arrays([*identity, *answers])  # one query for all: each is asked for by itself below
    content = [column for name in identity for column in _content(table, name)]
    hashes = np.unique(of_each_row(content))
    predicted = [column for name in answers for column in _content(table, name)]
    return Rows(
        holdout=_short(of_rows(content)),
        evaluation=_short(of_rows([*content, *predicted])),
        rows=len(hashes),
        sketch=() if table.private else tuple(map(int, hashes[:SKETCH])),
        family=_short(name)[:16] if table.private else "",
    )


def _text(value: Any) -> str | None:
    """A list or a structure, the same whichever engine holds it."""
    if value is None:
        return None
    plain = value.tolist() if hasattr(value, "tolist") else value
    return json.dumps(plain, default=_nested, sort_keys=True)


def _nested(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _content(table: Table, name: str) -> list[Content]:
    """The values of a column: numbers as float64 where that is exact, all else as its text.

    A file and a dataframe of the same rows then hold the same.
    """
    array: np.ndarray[Any, Any] = table.arrays([name])[name]
    if array.dtype.kind in "biuf":
        exact = array.dtype.kind in "bf" or array.dtype.itemsize < 8
        if exact or not len(array) or max(abs(int(array.min())), abs(int(array.max()))) < 2**53:
            numbers = array.astype(np.float64) + 0.0  # -0.0 is 0.0
            numbers[np.isnan(numbers)] = np.nan  # of one kind
            return [numbers]
        return [array]
    given = array.tolist()
    if array.dtype.kind == "O" and set(map(type, given)) <= {str, type(None)}:
        return [given]
    try:
        values, codes = table.codes(name)
    except TypeError:  # lists and structures are no keys
        return [[_text(value) for value in given]]
    texts = [None if value is None else str(value) for value in values]
    return [[texts[code] for code in codes.tolist()]]
