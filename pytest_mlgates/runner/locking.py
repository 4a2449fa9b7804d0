"""``mlgates lock`` as a function: evaluate what changed, keep what did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.config.locked import changes, current
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.evidence import environment
from pytest_mlgates.core.lock import Lock, LockedGate
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.runner.check import RECORDED_PACKAGES, select
from pytest_mlgates.runner.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Locked:
    """What came of it.

    Attributes:
        lock: To be written; gates in error are not in it.
        verdicts: Of the gates that were evaluated.
        kept: The ids whose definition and inputs are those of the old lock.
        dropped: The ids that are gone from the configuration.
    """

    lock: Lock
    verdicts: tuple[Verdict, ...]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]


def lock(
    configuration: Configuration,
    ids: Sequence[str] = (),
    *,
    refresh: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Locked:
    """Bring the lock of *configuration* up to date.

    Args:
        configuration: What governs the gates.
        ids: The gates; none means all.
        refresh: Evaluate also what did not change: a champion may have.
        progress: Called with a gate's id before it is evaluated.

    Raises:
        ConfigurationError: no gates, an unknown id, or a damaged lock.
    """
    selected = select(configuration, tuple(dict.fromkeys(ids)))
    assert configuration.path is not None  # noqa: S101  (there is a gate)
    before = locks.read(locks.path_of(configuration.path)) or Lock()
    now = current(configuration.path)
    found = {
        name: one
        for name, one in before.gates.items()
        if name in now or (one.test is not None and (configuration.base / one.test).is_file())
    }
    dropped = tuple(name for name in before.gates if name not in found)
    stale = [
        declared
        for declared in selected
        if refresh or changes(found.get(declared.gate.id), *now[declared.gate.id])
    ]
    evaluator = Evaluator(configuration)
    evaluator.expect(stale)
    verdicts = []
    for declared in stale:
        name = declared.gate.id
        if progress is not None:
            progress(name)
        verdict = evaluator.evaluate_declared(declared)
        verdicts.append(verdict)
        found.pop(name, None)
        if verdict.outcome is not Outcome.ERROR:
            definition, digests = now[name]
            found[name] = entry(verdict, definition, digests)
    chosen = [declared.gate.id for declared in selected]
    evaluated = {verdict.id for verdict in verdicts}
    return Locked(
        lock=Lock(gates=found),
        verdicts=tuple(verdicts),
        kept=tuple(name for name in chosen if name not in evaluated),
        dropped=dropped,
    )


def entry(
    verdict: Verdict,
    definition: Mapping[str, Any],
    digests: Mapping[str, str],
    *,
    test: str | None = None,
) -> LockedGate:
    """What the lock keeps of a gate that found *verdict*; *test* is the file of its test."""
    made = environment(RECORDED_PACKAGES)
    stages = verdict.details[0].get("stages", ()) if verdict.kind == "reproducibility" else ()
    champion = verdict.bound.no_worse_than
    judged = {one.name: one.digest for one in verdict.inputs if one.digest is not None}
    return LockedGate(
        definition=definition,
        inputs=digests,
        verdict=locks.claims(verdict),
        champion=None if champion is None else {"reference": champion, "resolved": judged},
        stages=tuple(stages),
        test=test,
        versions={"python": made["python"], **made["packages"]},
    )
