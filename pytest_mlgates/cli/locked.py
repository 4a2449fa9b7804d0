"""``mlgates check --locked``: compare digests with the lock, and evaluate nothing."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.config.find import find, has_gates
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import did_you_mean, listing, plural, printable
from pytest_mlgates.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlgates.config.locked import Current
    from pytest_mlgates.core.lock import Lock, LockedGate
    from pytest_mlgates.core.waivers import Waiver


def check_locked(config: str | None, ids: Sequence[str]) -> int:
    """0 if every gate is in the lock, certainly unchanged, and passed or is waived; 1 otherwise.

    What was found is from the lock, what is excused from the waivers of today. A waiver that
    expired fails this too, and if no gate is named one of an unknown gate, and a gate that only
    the lock has.

    Raises:
        ConfigurationError: without a configuration, gates or a lock; for an unknown gate.
    """
    from pytest_mlgates.config.locked import GONE, current, undeclared, waivers_in
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
    gates = [judged(name, lock.gates.get(name), now[name]) for name in ids or now]
    gone = [] if ids else undeclared(lock, now)
    count = Counter(one.state for one in gates)
    told = {
        "as locked": count["OK"],
        "changed": count["STALE"],
        "failed": count["FAIL"],
        "waived": count["WAIVED"],
        "that digests cannot tell": count["OPEN"],
        "no longer declared": len(gone),
    }
    always = ("as locked", "changed", "failed")
    numbers = ", ".join(f"{n} {what}" for what, n in told.items() if n or what in always)
    lines = [one.line for one in gates if one.line]
    lines += [_row("STALE", name, GONE) for name in gone]
    lines.append(f" {plural(len(gates), 'gate')}: {numbers}; nothing was evaluated")
    if count["STALE"] or gone or any(one.overstated for one in gates):
        lines.append("  fix:   run it in the project's environment: mlgates lock")
    if count["OPEN"]:
        lines.append(
            '  fix:   say in the gate what its code runs and reads, inputs = ["jobs/*.py"], or '
            "evaluate it: mlgates check"
        )
    ending, failing = of_waivers(waivers_in(path), now, lock, whole=not ids)
    lines += [f" {line}" for line in (*ending, *failing)]
    write(sys.stdout, "\n".join(lines) + "\n")
    return 0 if all(one.passed for one in gates) and not gone and not failing else 1


class Judged(NamedTuple):
    """A gate by its lock and the waivers of today.

    Attributes:
        state: ``OK``, ``WAIVED``, ``STALE``, ``FAIL`` or ``OPEN``.
        line: What is to be said of it; nothing of one that is as it was locked.
        overstated: Whether the lock calls it waived, and nothing excuses it.
    """

    state: str
    line: str = ""
    overstated: bool = False

    @property
    def passed(self) -> bool:
        """Whether it lets a change through."""
        return self.state in ("OK", "WAIVED")


def judged(name: str, locked: LockedGate | None, now: Current) -> Judged:
    """The gate *name* as it is *now*, compared with what was *locked* of it."""
    from pytest_mlgates.config.locked import changes, doubts, overstated
    from pytest_mlgates.core.waivers import told_of

    changed = changes(locked, now)
    if changed or locked is None:
        return Judged("STALE", _row("STALE", name, "; ".join(changed)))
    outcome = locked.outcome(now.waivers)
    if outcome not in (Outcome.PASSED, Outcome.WAIVED):
        told = overstated(locked, now)
        text = "; ".join(filter(None, (*told, locked.verdict.get("summary", ""))))
        return Judged("FAIL", _row("FAIL", name, text), bool(told))
    if doubts(now):
        return Judged("OPEN", _row("OPEN", name, "; ".join(doubts(now))))
    if outcome is Outcome.WAIVED:
        return Judged("WAIVED", _row("WAIVED", name, told_of(now.waivers)))
    return Judged("OK")


def of_waivers(
    waivers: Sequence[Waiver], declared: Iterable[str], lock: Lock, *, whole: bool
) -> tuple[list[str], list[str]]:
    """What to say of *waivers* that end soon, and of those that fail a run (a *whole* one)."""
    if not waivers:
        return [], []
    from pytest_mlgates.config.locked import failing_waivers
    from pytest_mlgates.core.waivers import ending, today

    return ending(waivers, today()), failing_waivers(waivers, declared, lock, whole=whole)


def _row(state: str, name: str, text: str) -> str:
    return f" {state:<6} {name}  {printable(text)}".rstrip()
