"""What a reader complains about, in one line of the user's words: never its plan, its options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAGGED = "its rows do not fit its header: more or fewer values, or a quote that is not closed"

# How DuckDB says it, and how we do: (its words, what is wrong, what to do).
_KNOWN = (
    (
        "not utf-8",
        "it is not UTF-8 text",
        "iconv -f LATIN1 -t UTF-8 {name} (with the encoding that it has)",
    ),
    (
        "possible to automatically detect the csv parsing dialect",
        _RAGGED,
        "",
    ),
    (
        "expected number of columns",
        _RAGGED,
        "",
    ),
    (
        "expected records",
        "its lines are not JSON objects",
        'write {{"column": value}} in each line',
    ),
    ("malformed json", "", "write one JSON object per line"),
    (
        "no magic bytes",
        "it is no whole Parquet file: its end is missing",
        "write or fetch it again",
    ),
    ("too small to be a parquet", "it is no whole Parquet file", "write or fetch it again"),
)


def reading_error(error: Exception, name: str, *, private: bool = False) -> TableError:
    """The reader's complaint about the file *name*.

    Args:
        error: What the reader raised.
        name: The file; the reader may name another one of the same table.
        private: Whether the complaint's own words, which may quote values, must not be shown.
    """
    text = str(error).strip()
    folded = text.casefold()
    short = Path(name).name
    got, fix = "", ""
    for words, meaning, advice in _KNOWN:
        if words in folded:
            got, fix = meaning, advice.format(name=short)
            break
    if not got:
        got = text.splitlines()[0] if text and not private else type(error).__name__
    return TableError(f"{short!r} cannot be read", where=_place(text, name), got=got, fix=fix)


def ragged(names: Sequence[str]) -> TableError:
    """One of the files *names* has rows of another length than its header."""
    short = Path(names[0]).name
    what = f"{short!r} cannot be read" if len(names) == 1 else "one of the files cannot be read"
    return TableError(what, where=", ".join(names[:3]), got=_RAGGED)


def _place(text: str, name: str) -> str:
    """The file, and the line where the reader knows it."""
    for pattern in (r'(?:file "|file = )([^"\n]+)', r"file '([^'\n]+)'"):
        found = re.search(pattern, text)
        if found:
            name = found.group(1)
            break
    line = re.search(r"CSV Error on Line: (\d+)", text) or re.search(r"in line (\d+)", text)
    return f"{name}:{line.group(1)}" if line else name
