"""The columns that a model sees, in the kind of frame that models expect."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.table import Table


def features_frame(table: Table, columns: Sequence[str]) -> Any:
    """*columns* of *table*, in the order of its arrays.

    A pandas table keeps its own types (categories, for one); everything else becomes a pandas frame
    too, since that is what most models were trained on, or a dict of numpy arrays without pandas.
    """
    if isinstance(table.frame, nw.DataFrame):
        if table.implementation == "pandas":
            return table.frame.select(*columns).to_native()
        arrays = table.arrays(columns)
    else:
        # A lazy backend may give its rows in another order next time: read everything at once, so
        # that no later question reads the rows anew and predictions stay beside their labels.
        table.arrays(table.columns)
        arrays = table.arrays(columns)
    if importlib.util.find_spec("pandas") is None:
        return {name: arrays[name] for name in columns}
    return importlib.import_module("pandas").DataFrame({name: arrays[name] for name in columns})
