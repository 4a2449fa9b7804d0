"""How a file is to be read, where its path alone does not say it: options, checked."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.core.text import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CSV = ("delimiter", "quote", "encoding", "decimal", "null_values")
_FITTING = {"csv": _CSV, "duckdb": ("table_name",)}
_WORDS = {
    "csv": "CSV",
    "parquet": "Parquet",
    "json": "JSON Lines",
    "arrow": "Arrow",
    "duckdb": "DuckDB",
}
_FORMAT_OF = {**dict.fromkeys(_CSV, "CSV"), "table_name": "DuckDB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read the files of a table; None leaves it to the files.

    Attributes:
        delimiter: What stands between two values of a CSV (default: what its header shows).
        quote: What encloses values of a CSV (default ``"``); empty text: nothing does.
        encoding: The encoding of a CSV, by Python's name (default: UTF-8, or what its byte order
            mark says).
        decimal: The decimal mark of a CSV, ``.`` (default) or ``,``.
        null_values: Texts of a CSV that mean a missing value, beside the empty one.
        table_name: The table of a DuckDB database: ``applications`` or ``main.applications``.
    """

    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    null_values: tuple[str, ...] | None = None
    table_name: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> ReadOptions:
        """The options in *given*, None being left out.

        Raises:
            TableError: for one that cannot be meant.
        """
        found: dict[str, Any] = {}
        for key, value in given.items():
            if value is None:
                continue
            try:
                found[key] = CHECKS[key](value)
            except ValueError as error:
                raise TableError(f"{key} is not usable", got=repr(value), want=str(error)) from None
        return cls(**found)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that are set."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)

    def refuse_misfits(self, kind: str, where: str) -> None:
        """Refuse options that files of *kind* do not have.

        Raises:
            TableError: naming the first of them.
        """
        fitting = _FITTING.get(kind, ())
        for key in self.given:
            if key not in fitting:
                raise TableError(
                    f"{key} is an option of {_FORMAT_OF[key]}, and this is {_WORDS[kind]}",
                    where=where,
                    want=f"one of its options: {listing(fitting)}" if fitting else "",
                    fix=f"leave out {key}",
                )
        if self.quote and self.quote == self.delimiter:
            raise TableError(
                "delimiter and quote are the same character", where=where, got=repr(self.quote)
            )


def delimiter(value: Any) -> str:
    """One character that can stand between values."""
    if isinstance(value, str) and len(value) == 1 and value not in '\r\n"':
        return value
    raise ValueError('one character, such as ";" or "\\t"')


def quote(value: Any) -> str:
    """One character, or none."""
    if isinstance(value, str) and len(value) <= 1 and value not in tuple("\r\n"):
        return value
    raise ValueError('one character, such as "\'", or "" where nothing is quoted')


def encoding(value: Any) -> str:
    """The name of a text encoding that Python has."""
    try:
        if isinstance(value, str) and codecs.lookup(value)._is_text_encoding:  # noqa: SLF001
            return value
    except (LookupError, ValueError):  # a name with a null character
        pass
    common = (
        "utf-8",
        "utf-16",
        "latin-1",
        "cp1252",
        "cp1250",
        "iso-8859-15",
        "shift-jis",
        "gb18030",
    )
    hint = did_you_mean(value, common) if isinstance(value, str) else ""
    raise ValueError(
        "an encoding that Python knows, such as 'cp1252'" + (f"; {hint}" if hint else "")
    )


def decimal(value: Any) -> str:
    """A decimal mark."""
    if isinstance(value, str) and value in (".", ","):
        return value
    raise ValueError('"." or ","')


def null_values(value: Any) -> tuple[str, ...]:
    """Texts."""
    items = (value,) if isinstance(value, str) else value
    if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
        return tuple(items)
    raise ValueError('a list of texts, such as ["NA", "-"]')


def table_name(value: Any) -> str:
    """A name."""
    if isinstance(value, str) and value:
        return value
    raise ValueError('a name, such as "applications" or "main.applications"')


CHECKS: dict[str, Callable[[Any], Any]] = {
    "delimiter": delimiter,
    "quote": quote,
    "encoding": encoding,
    "decimal": decimal,
    "null_values": null_values,
    "table_name": table_name,
}
