"""DuckDB's SQL, written so that no name, path or value of a user is ever read as SQL."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def name(column: str) -> str:
    """*column* as an identifier."""
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    """*value* as a literal."""
    return "'" + value.replace("'", "''") + "'"


def value(given: Any) -> str:
    """*given* (text, truth, number, a list or a mapping of them) as a literal."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return text(given)
    if isinstance(given, dict):
        return "{" + ", ".join(f"{text(k)}: {value(v)}" for k, v in given.items()) + "}"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(value(item) for item in given) + "]"
    return str(given)


def escaped(path: str) -> str:
    """*path* so that DuckDB, which reads every path as a glob, reads this file and no other."""
    return glob.escape(path)


def read(function: str, paths: Iterable[str], options: Mapping[str, Any]) -> str:
    """The query ``from function([paths], option = value, …)``."""
    given = [f"{key} = {value(option)}" for key, option in options.items()]
    return f"from {function}({', '.join([value([escaped(p) for p in paths]), *given])})"
