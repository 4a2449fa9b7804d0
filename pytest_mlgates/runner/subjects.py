"""What a call hands to a gate: a table, arrays by keyword, or both; or a callable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean
from pytest_mlgates.engines.tables import table_of_arrays, to_table, with_arrays
from pytest_mlgates.gates.base import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgates.engines.options import ReadOptions
    from pytest_mlgates.engines.table import Table

# What `mlgate(...)` and the plain functions take beside roles.
OPTIONS = ("sensitive_features", "pos_label", "private", "features")


def assemble(
    subject: Any,
    keywords: Mapping[str, Any],
    *,
    base: Path,
    name: str = "table",
    private: bool = False,
    options: ReadOptions | None = None,
) -> tuple[Table, dict[str, Any]]:
    """The table that *subject* and *keywords* describe, and the roles as column names.

    Args:
        subject: A table, or None where all columns come as arrays.
        keywords: Roles: a column name (or several, for ``y_score``), or an array in the place of
            one; ``sensitive_features``: a Series, a frame or a dict, whose names ``by`` refers to.
        base: What relative paths are relative to.
        name: What messages call the table.
        private: Whether its values must not be shown.
        options: How to read a file, where it does not say it.

    Raises:
        MLGatesError: for an unknown keyword, an unnamed sensitive feature, unequal lengths.
    """
    arrays: dict[str, Any] = {}
    roles: dict[str, Any] = {}
    for key, value in keywords.items():
        if key == "sensitive_features":
            arrays.update(_sensitive(value))
        elif key in ROLES and not _names_columns(key, value):
            if not hasattr(value, "__len__") and not hasattr(value, "__array__"):
                raise MLGatesError(
                    f"{key} is neither the name of a column nor an array",
                    got=repr(value)[:100] if not private else type(value).__name__,
                    want="a column of the table, or one value per row",
                    fix=f'{key}="{key}"',
                )
            added = _score_columns(key, value)
            arrays.update(added)
            roles[key] = list(added) if len(added) > 1 else next(iter(added))
        elif key in ROLES or key in OPTIONS:
            roles[key] = value
        else:
            known = [*ROLES, *OPTIONS]
            raise MLGatesError(
                f"unknown keyword {key!r}",
                want=f"a role or option: {', '.join(known)}",
                fix=did_you_mean(key, known),
            )
    if subject is None:
        if not arrays:
            raise MLGatesError(
                "there is nothing to judge",
                fix="pass a table, or arrays: mlgate(y_true=…, y_pred=…)",
            )
        return table_of_arrays(arrays, name=name, private=private), roles
    table = to_table(subject, name=name, base=base, private=private, options=options, judged=True)
    if arrays:
        for key, value in arrays.items():
            if len(value) != table.n_rows:
                raise MLGatesError(
                    f"{key} has another length than table {table.name!r}",
                    got=f"{len(value):,} values",
                    want=f"{table.n_rows:,}, one per row",
                )
        table = with_arrays(table, _as_numpy(arrays))
    return table, roles


def _names_columns(key: str, value: Any) -> bool:
    """Whether *value* names columns; a list of texts does for scores only, which are numbers."""
    if isinstance(value, str):
        return True
    return (
        key == "y_score"
        and isinstance(value, list | tuple)
        and 0 < len(value) <= 1000
        and all(isinstance(v, str) for v in value)
        and len(set(value)) == len(value)
    )


def _score_columns(key: str, value: Any) -> dict[str, Any]:
    """An array in the place of a role as columns; shape ``(rows, classes)`` only for scores."""
    import numpy as np

    to_numpy = getattr(value, "to_numpy", None)
    array = np.asarray(to_numpy() if callable(to_numpy) else value)
    if key == "y_score" and array.ndim == 2 and array.shape[1] > 1:
        return {f"y_score_{i}": array[:, i] for i in range(array.shape[1])}
    return {key: value}


def _sensitive(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): column for key, column in value.items()}
    columns = getattr(value, "columns", None)
    if columns is not None:  # a frame of any library
        names = getattr(value, "column_names", None) or list(columns)
        return {str(name): value[name] for name in names}
    name = getattr(value, "name", None)
    if name:
        return {str(name): value}
    raise MLGatesError(
        "sensitive_features has no name",
        got=type(value).__name__,
        want="a named Series, a frame, or a dict of columns: `by` refers to their names",
        fix="sensitive_features={'sex': values}",
    )


def _as_numpy(arrays: Mapping[str, Any]) -> dict[str, Any]:
    table = table_of_arrays(arrays)
    return table.arrays(table.columns)
