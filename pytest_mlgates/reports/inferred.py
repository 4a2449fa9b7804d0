"""What was inferred of a table, for a terminal: a row per column, then what was left out."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural, quoted
from pytest_mlgates.gates.privacy import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.gates.data_schema.inference import Inferred

_PIPED = 100_000  # columns: what reads a pipe wraps, if anything does


def render(inferred: Inferred, *, width: int | None = None) -> list[str]:
    """The table, wrapped to *width*, or a line per column where that is None."""
    setting = inferred.setting
    count = plural(len(inferred.inferences), "expectation")
    head = f" {label(inferred.table)}: {setting.rows_said()}, "
    head += f"{plural(len(inferred.columns), 'column')}; {count}, {setting.said()} each"
    body = [
        (
            label(one.column),
            one.kind,
            " · ".join(label(i.words) for i in one.inferences if i.words) or "-",
        )
        for one in inferred.columns
    ]
    left_out = [(label(one.column), label(why)) for one in inferred.columns for why in one.left_out]
    lines = [head, "", *_grid(("column", "holds", "in the next batch"), body, width)]
    lines += [f" the table: {one.words}" for one in inferred.shape]
    if left_out:
        lines += ["", *_grid(("left out", ""), left_out, width)]
    return lines


def declaration(
    *, table: str, gate: str, path: str | None, suite: str, section: str, known: bool
) -> list[str]:
    """The TOML that declares the gate.

    Args:
        table: The name of the table in the configuration.
        gate: The id of the gate, which no other gate has.
        path: Its path.
        suite: The path of the suite.
        section: What stands before ``tables`` and ``gates``: ``tool.mlgates.``, or nothing.
        known: Whether the table is declared already.
    """
    lines = []
    if not known and path is not None:
        lines += [f"[{section}tables.{toml_key(table)}]", f"path = {toml_text(path)}", ""]
    lines += [
        f"[{section}gates.{toml_key(gate)}]",
        'kind = "data_schema"',
        f"table = {toml_text(table)}",
        f"suite = {toml_text(suite)}",
    ]
    return [f"   {line}".rstrip() for line in lines]


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=True, padding=(0, 1), show_edge=False)
    for i, head in enumerate(heads):
        grid.add_column(Text(head), no_wrap=i + 1 < len(heads), overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    stream = io.StringIO()
    Console(file=stream, width=width or _PIPED, color_system=None).print(grid)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def toml_text(value: str) -> str:
    """*value* as a string of TOML."""
    return quoted(value)


def toml_key(name: str) -> str:
    """*name* as a key of TOML, quoted where it must be."""
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None
    return name if bare else toml_text(name)
