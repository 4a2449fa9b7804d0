"""What both hooks do with gates: evaluate those that the light core can, refuse the others."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.runner.evaluator import Evaluator


def judge(configuration: Configuration, gates: Sequence[DeclaredGate]) -> int:
    """Evaluate *gates* and print them; a gate that cannot be evaluated here never passes."""
    from pytest_mlgates.runner.changed import needs_project

    verdicts: list[Verdict] = []
    elsewhere: list[tuple[str, str, str]] = []
    evaluator: Evaluator | None = None
    for declared in gates:
        reason = needs_project(configuration, declared)
        if reason is not None:
            elsewhere.append((declared.gate.id, reason, _command(declared)))
        elif (kept := _kept(configuration, declared)) is not None:
            verdicts.append(kept)
        else:
            evaluator = evaluator or _evaluator(configuration)
            found = _evaluated(evaluator, declared, elsewhere)
            verdicts += [found] if found is not None else []
    return report(verdicts, elsewhere, waivers=configuration.waivers)


def _command(declared: DeclaredGate) -> str:
    return f"mlgates check {shlex.quote(declared.gate.id)}"


def _evaluator(configuration: Configuration) -> Evaluator:
    from pytest_mlgates.runner.evaluator import Evaluator  # dear to import, not always needed

    return Evaluator(configuration)


def _evaluated(
    evaluator: Evaluator, declared: DeclaredGate, elsewhere: list[tuple[str, str, str]]
) -> Verdict | None:
    """The verdict; None, and a line more of *elsewhere*, if an extra is not installed here."""
    from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
    from pytest_mlgates.runner.evaluator import error_verdict

    try:
        return evaluator.evaluate(declared.gate, evaluator.subject_of(declared))
    except MissingExtraError as error:
        elsewhere.append((declared.gate.id, error.what, _command(declared)))
        return None
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
    return None if found is None else found.replace(id=gate.id, policy=gate.parameters.inconclusive)


def report(
    verdicts: Sequence[Verdict],
    elsewhere: Sequence[tuple[str, str, str]] = (),
    *,
    waivers: Sequence[Waiver] = (),
) -> int:
    """Print *verdicts* and *elsewhere* (name, reason and command of what was not evaluated).

    Those of *waivers* that have expired fail the run; those that end soon are told.
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
    for name, reason, command in elsewhere:
        lines += [
            f"gate {name!r} is not evaluated here: {reason}",
            f"  fix:   run it in the project's environment: {command}",
        ]
    problems: list[str] = []
    if waivers:
        from pytest_mlgates.core.waivers import ending, expired, today

        problems = expired(waivers, today())
        lines += [f" {text}" for text in (*ending(waivers, today()), *problems)]
    write(sys.stdout, "".join(degrade(line, sys.stdout.encoding) + "\n" for line in lines))
    if any(v.outcome is Outcome.ERROR for v in verdicts):
        return 2
    return 1 if elsewhere or problems or any(not v.passed for v in verdicts) else 0
