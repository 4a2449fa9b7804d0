"""What both hooks do with gates: evaluate those that the light core can, refuse the others."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.verdict import Verdict


def judge(configuration: Configuration, gates: Sequence[DeclaredGate]) -> int:
    """Evaluate *gates* and print them; a gate that cannot be evaluated here never passes."""
    from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
    from pytest_mlgates.runner.changed import needs_project
    from pytest_mlgates.runner.evaluator import Evaluator, error_verdict

    evaluator = Evaluator(configuration)
    verdicts: list[Verdict] = []
    elsewhere: list[tuple[str, str, str]] = []
    for declared in gates:
        command = f"mlgates check {shlex.quote(declared.gate.id)}"
        reason = needs_project(configuration, declared)
        if reason is not None:
            elsewhere.append((declared.gate.id, reason, command))
            continue
        try:
            verdicts.append(evaluator.evaluate(declared.gate, evaluator.subject_of(declared)))
        except MissingExtraError as error:
            elsewhere.append((declared.gate.id, error.what, command))
        except MLGatesError as error:
            verdicts.append(error_verdict(declared.gate, error.at(declared.gate.where)))
    return report(verdicts, elsewhere)


def report(verdicts: Sequence[Verdict], elsewhere: Sequence[tuple[str, str, str]] = ()) -> int:
    """Print *verdicts* and *elsewhere* (name, reason and command of what was not evaluated)."""
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
    write(sys.stdout, "".join(degrade(line, sys.stdout.encoding) + "\n" for line in lines))
    if any(v.outcome is Outcome.ERROR for v in verdicts):
        return 2
    return 1 if elsewhere or any(not v.passed for v in verdicts) else 0
