"""``--mlgates-list``: the gates that a run would evaluate, as pytest resolves them; none is run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_mlgates.gates.base import Gate
    from pytest_mlgates.plugin.session import GateSession


@dataclass(frozen=True, slots=True)
class _Line:
    id: str
    kind: str
    demands: str
    bound: str
    place: str


def show_gates(session: GateSession, pytest_session: pytest.Session) -> None:
    """Print a line per gate of the collected tests and the configuration, then how many.

    Without any gate the run ends as pytest's runs without tests do (exit code 5).
    """
    from pytest_mlgates.core.text import plural, printable

    lines, open_ended = [], 0
    for item in pytest_session.items:
        found = list(_lines(session, item))
        lines += found
        if not found and "mlgate" in getattr(item, "fixturenames", ()):
            open_ended += 1
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:  # -p no:terminal
        reporter.write_sep("=", "ML gates")
        for line in _grid(lines):
            reporter.write_line(printable(line))
        if open_ended:
            reporter.write_line(
                f" {plural(open_ended, 'test')} with `mlgate` and no marker: what it evaluates is "
                "known when it runs"
            )
        count = plural(len(lines), "gate") if lines else "no gates"
        reporter.write_line(f" {count}; nothing was evaluated")
    session.listed = len(lines)


def _lines(session: GateSession, item: pytest.Item) -> Iterator[_Line]:
    from pytest_mlgates.plugin.items import GateItem

    if isinstance(item, GateItem):
        declared = item.declared
        on = f" on {declared.table or declared.calls}"
        yield _line(declared.gate, item, on)
        return
    for gate in session.gates_of(item).gates:
        yield _line(gate, item, "")


def _line(gate: Gate, item: pytest.Item, on: str) -> _Line:
    from pytest_mlgates.reports.rows import bound_text

    path, number, _ = item.reportinfo()
    place = os.path.relpath(path, item.config.invocation_params.dir)
    if number is not None:
        place += f":{number + 1}"
    suite = getattr(gate.parameters, "suite", None)
    what = gate.parameters.id_part() or (suite if isinstance(suite, str) else "")
    bound = gate.parameters.bound()
    champion = "" if bound.no_worse_than is None else f"no worse than {bound.no_worse_than}, "
    return _Line(
        gate.id, gate.kind.name, f"{what}{on}".strip(), champion + bound_text(bound), place
    )


def _grid(lines: list[_Line]) -> Iterator[str]:
    rows = [(one.id, one.kind, one.demands, one.bound, one.place) for one in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield " " + "  ".join(cells).rstrip()
