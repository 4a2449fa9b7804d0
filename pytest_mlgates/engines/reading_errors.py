"""What a reader complains about, in one line of the user's words: never its plan, its options."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.engines import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping

_RAGGED = "its rows do not fit its header: more or fewer values, or a quote that is not closed"
_DAMAGED = "its content is damaged"
_CUT = "write or fetch it again"

# How DuckDB and Arrow say it, and how we do: (their words, what is wrong, what to do).
_KNOWN = (
    (
        "not utf-8",
        "it is not UTF-8 text",
        'name the encoding that it has: encoding = "cp1252"',
    ),
    (
        "invalid utf-8",
        "it is not UTF-8 text",
        "iconv -f LATIN1 -t UTF-8 {name} (with the encoding that it has)",
    ),
    ("expected number of columns", _RAGGED, ""),
    ("unterminated quote", _RAGGED, ""),
    (
        "state machine reached an invalid state",
        "its lines do not all end alike, or a quote stands where none may",
        "sed -i 's/\\r$//' {name}",
    ),
    (
        "maximum line size",
        "a line of more than 2 MB, or a quote that is not closed",
        "",
    ),
    (
        "expected records",
        "its lines are not JSON objects",
        'write {{"column": value}} in each line',
    ),
    ("differ only in case", "keys that differ in case only", "write names that differ in more"),
    ("duplicate key", "an object with two values for one key", "write every key once"),
    ("malformed json", "", "write one JSON object per line"),
    ("json transform error", "", "write one JSON object per line"),
    ("no magic bytes", "it is no whole Parquet file: its end is missing", _CUT),
    ("too small to be a parquet", "it is no whole Parquet file", _CUT),
    ("unexpected end of gzip stream", "its end is missing", _CUT),
    ("not an arrow file", "it is no whole Arrow file: its end is missing, or it is a stream", _CUT),
    ("file is too small", "it is no whole Arrow file", _CUT),
    ("flatbuffer", _DAMAGED, _CUT),
    ("decompress", _DAMAGED, _CUT),
    ("unknown frame descriptor", "no Zstandard file", _CUT),
    ("not a valid duckdb database file", "no DuckDB database", ""),
    ("could not read enough bytes", "its end is missing", _CUT),
    ("computed checksum", "its content does not match its checksum", _CUT),
    (
        "could not set lock",
        "another process has it open for writing",
        "close it there, or read a copy or an export of it",
    ),
    (
        "unique file handle conflict",
        "this process has it open for writing",
        "close that connection, or open it with read_only=True",
    ),
    (
        "file system operations are disabled",
        "the view reads files, which is not allowed here",
        "name a table, or the files themselves",
    ),
    ("internal error", "DuckDB itself failed on it", "pip install --upgrade duckdb"),
    ("out of memory", "it needs more memory than is allowed", "set MLGATES_MEMORY_LIMIT=8GB"),
    ("failed to offload", "the disk of the scratch folder is full", "set TMPDIR to another disk"),
    ("no space left on device", "the disk is full", "set TMPDIR to another disk"),
    # Whatever else Arrow says.
    ("could not open ipc input", "it is no whole Arrow file", _CUT),
    ("reading the arrow source failed", _DAMAGED, _CUT),
)


def reading_error(
    error: Exception,
    name: str,
    *,
    private: bool = False,
    originals: Mapping[str, str] | None = None,
) -> TableError:
    """The reader's complaint about the file *name*.

    Args:
        error: What the reader raised.
        name: The file; the reader may name another one of the same table.
        private: Whether the complaint's own words, which may quote values, must not be shown.
        originals: The files that were read in the form of a copy, by the name of the copy.
    """
    text = str(error).strip()
    folded = text.casefold()
    name = _file(text, name, originals or {})
    short = Path(name).name
    got, fix = "", ""
    for words, meaning, advice in _KNOWN:
        if words in folded:
            got, fix = meaning, advice.format(name=short)
            break
    malformed = re.search(r"(Malformed JSON).*: ([^:\n]+)$", text.splitlines()[0] if text else "")
    if malformed and not got:
        got = f"{malformed[1]}: {malformed[2].strip(' .')}"
    if not got:
        got = text.splitlines()[0] if text and not private else type(error).__name__
    line = _line(text, folded, name)
    where = f"{name}:{line}" if line else name
    return TableError(f"{short!r} cannot be read", where=where, got=got, fix=fix)


def _file(text: str, name: str, originals: Mapping[str, str]) -> str:
    for pattern in (r'(?:file "|file = )([^"\n]+)', r"file '([^'\n]+)'"):
        found = re.search(pattern, text)
        if found:
            name = found.group(1)
            break
    return originals.get(name, name)


def _line(text: str, folded: str, name: str) -> int | None:
    """The line of the file, where the reader knows it."""
    csv = re.search(r"CSV Error on Line: (\d+)", text)
    if csv:
        return int(csv.group(1))
    if "json" not in folded:
        return None
    told = re.search(r"in line (\d+)", text)
    try:
        return _json_line(Path(name), int(told.group(1)) if told else None)
    except (OSError, MLGatesError):
        return None


def _json_line(path: Path, told: int | None) -> int | None:
    """The line that is no JSON object: *told* is one too high where the JSON itself is malformed.

    Without being *told*, the first line that does not start an object.
    """
    with scratch.opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if told is None:
                if line.strip() and not line.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{"):
                    return number
            elif number >= told - 1:
                return number if number == told or not _is_object(line) else told
    return None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
