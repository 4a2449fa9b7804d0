"""What both hooks do with gates: evaluate those that the light core can, refuse the others."""

from __future__ import annotations

import os
import shlex
import sys
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
from pytest_mlgates.core.text import listing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pytest_mlgates.config.locked import Current
    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.lock import Lock
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.runner.evaluator import Evaluator


def judge(configuration: Configuration, gates: Sequence[DeclaredGate]) -> int:
    """Evaluate *gates* and print them; a gate that cannot be evaluated here never passes."""
    from pytest_mlgates.hooks.remembered import remembered
    from pytest_mlgates.runner.changed import needs_gpu, needs_project, not_here

    verdicts: list[Verdict] = []
    locked = _Locked(configuration)
    evaluator: Evaluator | None = None
    for declared in gates:
        reason = needs_project(configuration, declared) or needs_gpu(declared)
        reason = reason or not_here(configuration, declared)
        if reason is not None:
            locked.compare(declared, reason)
        elif (kept := _kept(configuration, declared)) is not None:
            verdicts.append(kept)
        else:
            try:
                with remembered(configuration, declared) as memory:
                    if memory.verdict is None:
                        evaluator = evaluator or _evaluator(configuration)
                        memory.verdict = _evaluated(evaluator, declared)
                    verdicts.append(memory.verdict)
            except MissingExtraError as error:
                locked.compare(declared, error.what)
    beside = _beside(configuration, gates)
    return report(
        [warned(verdict, beside.get(verdict.id, [])) for verdict in verdicts],
        locked.elsewhere,
        matching=[
            *locked.matching,
            *(
                f"gate {name!r}: {text}"
                for name, lines in beside.items()
                if all(verdict.id != name for verdict in verdicts)
                for text in lines
            ),
        ],
        waivers=configuration.waivers,
        known=_known_gates(configuration),
    )


def _known_gates(configuration: Configuration) -> Collection[str]:
    """The gates that a waiver may name."""
    if configuration.path is None or all(
        one.gate in configuration.gates for one in configuration.waivers
    ):
        return configuration.gates
    from pytest_mlgates.config.locked import known_gates
    from pytest_mlgates.core import lock as locks

    return known_gates(configuration.gates, locks.read(locks.path_of(configuration.path)))


def warned(verdict: Verdict, lines: Sequence[str]) -> Verdict:
    """*verdict* with *lines* among its warnings."""
    return verdict.replace(warnings=(*verdict.warnings, *lines)) if lines else verdict


def left_behind(start: Path, paths: Sequence[Path]) -> list[str]:
    """For those of *paths* that are judged but no part of the commit, a warning that names them."""
    from pytest_mlgates.config.base import untracked

    return _told(start, untracked(start, paths))


def _told(start: Path, paths: Sequence[Path]) -> list[str]:
    if not paths:
        return []
    names = listing([os.path.relpath(path, start) for path in paths], 6)
    are = "is" if len(paths) == 1 else "are"
    return [f"{names} {are} judged but not tracked by git: the commit does not hold what is judged"]


def _beside(configuration: Configuration, gates: Sequence[DeclaredGate]) -> dict[str, list[str]]:
    """What each gate judges that the commit does not bring, by id."""
    if configuration.path is None:
        return {}
    from pytest_mlgates.config.base import untracked
    from pytest_mlgates.config.definitions import definitions
    from pytest_mlgates.config.find import read
    from pytest_mlgates.config.inputs import named

    base, folders = configuration.base, configuration.settings.pythonpath
    known = definitions(read(configuration.path))
    inputs = {
        declared.gate.id: [base / name for name in named(known[declared.gate.id], base, folders)[0]]
        for declared in gates
        if declared.gate.id in known
    }
    every = dict.fromkeys(path for paths in inputs.values() for path in paths)
    found = set(untracked(base, every))
    return {
        name: left
        for name, paths in inputs.items()
        if (left := _told(base, [path for path in paths if path in found]))
    }


class _Locked:
    """Gates that cannot be evaluated here, compared with what the lock says of them.

    Attributes:
        matching: Of gates that are as they were locked, and passed: why they are not evaluated.
        elsewhere: Of the others: name, reason, and the command to run.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.matching: list[str] = []
        self.elsewhere: list[tuple[str, str, str]] = []
        self._path = configuration.path

    def compare(self, declared: DeclaredGate, reason: str) -> None:
        """Find out whether *declared*, not evaluated for *reason*, is as it was locked.

        Raises:
            ConfigurationError: for a damaged lock.
        """
        from pytest_mlgates.config.locked import changes, doubts, overstated
        from pytest_mlgates.core.verdict import Outcome
        from pytest_mlgates.core.waivers import told_of

        name = declared.gate.id
        lock, now = self._known
        told = ["there is no mlgates.lock"]
        if lock is not None:
            locked = lock.gates.get(name)
            told = changes(locked, now[name]) or overstated(locked, now[name])
            found = None if locked is None else locked.outcome(now[name].waivers)
            if not told and found not in (Outcome.PASSED, Outcome.WAIVED):
                told = [f"the lock says that it {found}"]
            if not told and doubts(now[name]):
                command = f"mlgates check {shlex.quote(name)}"
                self.elsewhere.append((name, f"{reason}; {', '.join(doubts(now[name]))}", command))
                return
        if not told:
            waived = f", {told_of(now[name].waivers)}" if found is Outcome.WAIVED else ""
            text = f"gate {name!r} is not evaluated here ({reason}): it is as locked{waived}"
            self.matching.append(text)
            return
        self.elsewhere.append(
            (name, f"{reason}; {', '.join(told)}", f"mlgates lock {shlex.quote(name)}")
        )

    @cached_property
    def _known(self) -> tuple[Lock | None, dict[str, Current]]:
        from pytest_mlgates.config.locked import current
        from pytest_mlgates.core import lock as locks

        assert self._path is not None  # noqa: S101  (it declares gates)
        lock = locks.read(locks.path_of(self._path))
        return lock, {} if lock is None else current(self._path)


def _evaluator(configuration: Configuration) -> Evaluator:
    from pytest_mlgates.runner.evaluator import Evaluator  # dear to import, not always needed

    return Evaluator(configuration)


def _evaluated(evaluator: Evaluator, declared: DeclaredGate) -> Verdict:
    """The verdict; misuse becomes outcome ``error``.

    Raises:
        MissingExtraError: if an extra is not installed here.
    """
    from pytest_mlgates.runner.evaluator import error_verdict

    try:
        return evaluator.evaluate(declared.gate, evaluator.subject_of(declared))
    except MissingExtraError:
        raise
    except MLGatesError as error:
        return error_verdict(declared.gate, error.at(declared.gate.where))


def _kept(configuration: Configuration, declared: DeclaredGate) -> Verdict | None:
    """The verdict of a contract that a small, plain file certainly keeps; None for any other."""
    gate, base = declared.gate, configuration.base
    if gate.kind.name != "data_schema" or declared.table is None:
        return None
    from pytest_mlgates.gates.data_schema import small_files

    settings = configuration.settings.tables[declared.table]
    given = (*settings.options().given, *(("private",) if settings.private else ()))
    suite = getattr(gate.parameters, "suite", None)
    examples: int = getattr(gate.parameters, "examples", 0)
    if not isinstance(suite, str) or examples or set(given) - {"delimiter"}:
        return None
    found = small_files.evaluate(
        suite, base, base / settings.path, name=declared.table, delimiter=settings.delimiter
    )
    if found is None:
        return None
    return found.replace(
        id=gate.id, policy=gate.parameters.inconclusive, definition=gate.definition()
    )


def report(
    verdicts: Sequence[Verdict],
    elsewhere: Sequence[tuple[str, str, str]] = (),
    *,
    matching: Sequence[str] = (),
    waivers: Sequence[Waiver] = (),
    known: Collection[str] | None = None,
) -> int:
    """Print *verdicts* and *elsewhere* (name, reason and command of what was not evaluated).

    What of that is *matching* its lock passes here. Those of *waivers* that have expired, or name
    none of the *known* gates, fail the run; those that end soon are told.
    """
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.verdict import Outcome
    from pytest_mlgates.reports.text import (
        degrade,
        render_messages,
        render_rows,
        render_tally,
    )

    lines: list[str] = []
    if verdicts:
        lines += [*render_rows(verdicts), *render_messages(verdicts), ""]
        lines.append(f" {render_tally(verdicts)}")
    lines += [f" {text}; CI recomputes it" for text in matching]
    for name, reason, command in elsewhere:
        lines += [
            f"gate {name!r} is not evaluated here: {reason}",
            f"  fix:   run it in the project's environment{_commit(command)}: {command}",
        ]
    problems: list[str] = []
    if waivers:
        from pytest_mlgates.config.waiver_entries import failing
        from pytest_mlgates.core.waivers import ending, today

        problems = failing(waivers, known)
        lines += [f" {text}" for text in (*ending(waivers, today()), *problems)]
    write(sys.stdout, "".join(degrade(line, sys.stdout.encoding) + "\n" for line in lines))
    if any(v.outcome is Outcome.ERROR for v in verdicts):
        return 2
    return 1 if elsewhere or problems or any(not v.passed for v in verdicts) else 0


def _commit(command: str) -> str:
    return ", and commit mlgates.lock" if command.startswith("mlgates lock") else ""
