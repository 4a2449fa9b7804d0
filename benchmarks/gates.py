"""Many gates over one table, and hooks that have nothing to do: files for the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import checks


def program(name: str) -> str:
    """The console script *name* of this environment."""
    return str(Path(sys.executable).with_name(name))


def many(folder: Path, table: Path, count: int) -> Path:
    """A configuration of *count* contracts over *table*, no two of them alike."""
    place = folder / f"gates-{count}"
    place.mkdir(exist_ok=True)
    lines = ["[tables.orders]", f"path = {json.dumps(str(table))}"]
    for number in range(count):
        lines += [
            f"[gates.gate-{number:03d}]",
            'kind = "data_schema"',
            'table = "orders"',
            f"suite = [{_inline(_check(number))}]",
        ]
    (place / "mlgates.toml").write_text("\n".join(lines) + "\n")
    return place


def idle(folder: Path) -> Path:
    """A project with a contract, and a changed file that no gate reads."""
    place = folder / "idle"
    place.mkdir(exist_ok=True)
    (place / "mlgates.toml").write_text(
        '[tables.orders]\npath = "orders.parquet"\n'
        '[gates.orders]\nkind = "data_schema"\ntable = "orders"\nsuite = "suite.json"\n'
    )
    (place / "other.csv").write_text("a\n1\n")
    return place


def contract(folder: Path) -> Path:
    """The 20 checks as a file of JSON."""
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "orders", "expectations": checks.suite()}))
    return path


def _check(number: int) -> dict[str, object]:
    """The 20 checks in turn; a range, a length or a share that differs each time round."""
    check = checks.suite()[number % len(checks.NAMES)]
    kwargs = dict(check["kwargs"])
    again = number // len(checks.NAMES)
    if again and isinstance(kwargs.get("max_value"), int | float):
        kwargs["max_value"] += again
    elif again and "mostly" in kwargs:
        kwargs["mostly"] -= again / 1000
    return {"type": check["type"], "kwargs": kwargs}


def _inline(value: object) -> str:
    """*value* as TOML on one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)
