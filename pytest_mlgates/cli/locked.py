"""``mlgates check --locked``: compare digests with the lock, and evaluate nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.config.find import find, has_gates
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import did_you_mean, listing, plural, printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_locked(config: str | None, ids: Sequence[str]) -> int:
    """0 if every gate is in the lock, certainly unchanged, and passed; 1 otherwise.

    Raises:
        ConfigurationError: without a configuration, gates or a lock; for an unknown gate.
    """
    from pytest_mlgates.config.locked import changes, current, doubts
    from pytest_mlgates.core.boundary import write

    path = Path(config).resolve() if config else find(Path.cwd())
    if path is None or not has_gates(path):
        raise ConfigurationError(
            "no configuration found",
            got=f"looked in {Path.cwd()} and the folders above it" if not config else str(config),
            want="[tool.mlgates] in pyproject.toml, or mlgates.toml",
        )
    lock = locks.read(locks.path_of(path))
    if lock is None:
        raise ConfigurationError(
            f"there is no {locks.NAME}", where=str(path.parent), fix="run: mlgates lock"
        )
    now = current(path)
    if not now:
        raise ConfigurationError("there are no gates to compare", where=str(path))
    for name in ids:
        if name not in now:
            raise ConfigurationError(
                f"unknown gate {name!r}",
                where=path.name,
                want=f"one of {listing(now)}",
                fix=did_you_mean(name, list(now)),
            )
    lines, stale, failed, open_ = [], 0, 0, 0
    for name in ids or now:
        locked = lock.gates.get(name)
        changed = changes(locked, now[name])
        if changed:
            stale += 1
            lines.append(f" STALE  {name}  {printable('; '.join(changed))}")
        elif locked is not None and not locked.passed:
            failed += 1
            summary = printable(locked.verdict.get("summary", ""))
            lines.append(f" FAIL   {name}  {summary}".rstrip())
        elif doubts(now[name]):
            open_ += 1
            lines.append(f" OPEN   {name}  {'; '.join(doubts(now[name]))}")
    total = len(ids or now)
    lines.append(
        f" {plural(total, 'gate')}: {total - stale - failed - open_} as locked, {stale} changed, "
        f"{failed} failed{f', {open_} that digests cannot tell' if open_ else ''}; nothing was "
        "evaluated"
    )
    if stale:
        lines.append("  fix:   run it in the project's environment: mlgates lock")
    if open_:
        lines.append(
            '  fix:   say in the gate what its code runs and reads, inputs = ["jobs/*.py"], or '
            "evaluate it: mlgates check"
        )
    write(sys.stdout, "\n".join(lines) + "\n")
    return 1 if stale or failed or open_ else 0
