"""``mlgates check --locked``: compare digests with the lock, and evaluate nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.config.find import find, has_gates
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import did_you_mean, listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_locked(config: str | None, ids: Sequence[str]) -> int:
    """0 if every gate is in the lock, unchanged, and passed; 1 otherwise.

    Raises:
        ConfigurationError: without a configuration, gates or a lock; for an unknown gate.
    """
    from pytest_mlgates.config.locked import changes, current
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
    lines, stale, failed = [], 0, 0
    for name in ids or now:
        locked = lock.gates.get(name)
        changed = changes(locked, *now[name])
        if changed:
            stale += 1
            lines.append(f" STALE  {name}  {'; '.join(changed)}")
        elif locked is not None and not locked.passed:
            failed += 1
            lines.append(f" FAIL   {name}  {locked.verdict.get('summary', '')}".rstrip())
    total = len(ids or now)
    lines.append(
        f" {plural(total, 'gate')}: {total - stale - failed} as locked, {stale} changed, "
        f"{failed} failed; nothing was evaluated"
    )
    if stale:
        lines.append("  fix:   run it in the project's environment: mlgates lock")
    write(sys.stdout, "\n".join(lines) + "\n")
    return 1 if stale or failed else 0
