"""``mlgates lock`` as a function: evaluate what changed, keep what did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.config.locked import changes, current, doubts
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.evidence import environment
from pytest_mlgates.core.lock import Lock, LockedGate
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.runner.check import RECORDED_PACKAGES, select
from pytest_mlgates.runner.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pytest_mlgates.config.locked import Current
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Locked:
    """What came of it.

    Attributes:
        entries: What is to be written of each gate that was evaluated; None of one in error.
        verdicts: Of the gates that were evaluated.
        kept: Those that were not: their definitions and inputs are those of the old lock. By id,
            as they are now.
        dropped: The ids that are gone from the configuration.
    """

    entries: Mapping[str, LockedGate | None]
    verdicts: tuple[Verdict, ...]
    kept: Mapping[str, Current]
    dropped: tuple[str, ...]

    def onto(self, before: Lock) -> Lock:
        """*before*, which another run may have written meanwhile, with what this one found.

        What was kept is told under the waivers of today.
        """
        anew = {
            name: before.gates[name].under(now.waivers)
            for name, now in self.kept.items()
            if name in before.gates
        }
        return merged(before, {**anew, **self.entries}, self.dropped)


def merged(
    before: Lock, entries: Mapping[str, LockedGate | None], dropped: Collection[str] = ()
) -> Lock:
    """*before* with *entries* (None: without that gate) and without those *dropped*."""
    gone = {*dropped, *entries}
    kept = {name: one for name, one in before.gates.items() if name not in gone}
    new = {name: one for name, one in entries.items() if one is not None}
    return Lock(gates=kept | new)


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
        refresh: Evaluate also what did not change, and resolve champions anew: one may have.
        progress: Called with a gate's id before it is evaluated.

    Raises:
        ConfigurationError: no gates, an unknown id, or a damaged lock.
    """
    dropped = _dropped(configuration)
    # The last gate may be gone: then there is one to drop, and none to evaluate.
    idle = bool(dropped) and not ids and not configuration.gates
    selected = [] if idle else select(configuration, tuple(dict.fromkeys(ids)))
    assert configuration.path is not None  # noqa: S101  (there is, or was, a gate)
    before = locks.read(locks.path_of(configuration.path)) or Lock()
    now = current(configuration.path)
    stale = []
    for declared in selected:
        name = declared.gate.id
        if refresh or changes(before.gates.get(name), now[name]) or doubts(now[name]):
            stale.append(declared)
    evaluator = Evaluator(configuration, refresh=refresh)
    evaluator.expect(stale)
    verdicts = []
    entries: dict[str, LockedGate | None] = {}
    for declared in stale:
        name = declared.gate.id
        if progress is not None:
            progress(name)
        verdict = evaluator.evaluate_declared(declared)
        verdicts.append(verdict)
        failed = verdict.outcome is Outcome.ERROR
        entries[name] = None if failed else entry(verdict, now[name])
    chosen = [declared.gate.id for declared in selected]
    evaluated = {verdict.id for verdict in verdicts}
    return Locked(
        entries=entries,
        verdicts=tuple(verdicts),
        kept={name: now[name] for name in chosen if name not in evaluated},
        dropped=dropped,
    )


def _dropped(configuration: Configuration) -> tuple[str, ...]:
    """The gates of the lock that are neither declared any more nor of a test file that is there."""
    if configuration.path is None:
        return ()
    before = locks.read(locks.path_of(configuration.path)) or Lock()
    return tuple(
        name
        for name, one in before.gates.items()
        if name not in configuration.gates
        and not (one.test is not None and (configuration.base / one.test).is_file())
    )


def entry(
    verdict: Verdict, now: Current, *, test: str | None = None, item: str | None = None
) -> LockedGate:
    """What the lock keeps of a gate that found *verdict*.

    Args:
        verdict: Of an evaluation just now, not in error.
        now: The gate.
        test: The file of its test.
        item: That test, if the id does not say so.
    """
    made = environment(RECORDED_PACKAGES)
    told = verdict.details[0] if verdict.kind == "reproducibility" and verdict.details else {}
    return LockedGate(
        definition=now.definition,
        inputs=now.inputs,
        verdict=locks.claims(verdict),
        champion=locks.champion_of(verdict) or None,
        stages=tuple(told.get("stages", ())),
        test=test,
        item=item,
        waivers=() if verdict.outcome is Outcome.PASSED else locks.parts_of(now.waivers),
        versions={"python": made["python"], **made["packages"]},
    )
