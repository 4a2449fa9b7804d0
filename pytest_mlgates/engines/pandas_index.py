"""The index that pandas writes into a file beside the columns of a table.

Where an index has no name and is more than a count of the rows (after a split, a filter, a sort),
``to_parquet`` and ``to_feather`` write it as columns ``__index_level_<n>__``, and pandas reads them
as its index again: nobody's data, and no column for the dataframe of the same file. A named index
is a column that somebody named, and stays one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = b"pandas"
"""Where the metadata of a Parquet or Arrow file say what pandas wrote."""

_GENERATED = re.compile(r"__index_level_[0-9]+__", re.ASCII)


def may_hold_index(columns: Iterable[str]) -> bool:
    """Whether one of *columns* has a name that pandas makes up: only then metadata are read."""
    return any(_GENERATED.fullmatch(column) for column in columns)


def index_names(columns: Iterable[str], metadata: bytes | None) -> frozenset[str]:
    """Those of *columns* that are pandas' index, and that nobody named.

    Args:
        columns: The columns of a file.
        metadata: What stands in it under :data:`KEY`, JSON; None if nothing does.

    Returns:
        Nothing where the metadata do not say so: the name alone proves no index. Nothing either
        where no other column is left, since such a table would have none.
    """
    try:
        described = json.loads(metadata or b"{}")
        said = {name for name in described["index_columns"] if isinstance(name, str)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()
    names = set(columns)
    found = {name for name in names & said if _GENERATED.fullmatch(name)}
    return frozenset() if found == names else frozenset(found)
