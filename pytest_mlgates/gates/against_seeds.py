"""The level statistical against a stored run: its seeds were run once, and are not run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.core.verdict import InputDigest, Outcome, Verdict
from pytest_mlgates.engines.environment import changes, environment
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.stored_runs import StoredRun
from pytest_mlgates.gates.against import Settled
from pytest_mlgates.gates.reproducibility_seeds import SeedRuns, seed_values
from pytest_mlgates.gates.reproducibility_statistical import evaluate_seeds

if TYPE_CHECKING:
    from pytest_mlgates.gates.against import Against
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters
    from pytest_mlgates.gates.reproducibility_seeds import SeedRun


def evaluate(
    against: Against, parameters: ReproducibilityParameters, function: Any, name: str
) -> Verdict:
    """A new run against the seeds that are stored, or the seeds stored.

    Raises:
        MLGatesError: if the stored run has no seeds, or others than the gate names.
    """
    if against.context.record:
        return _record(against, parameters, function, name)
    stored = against.stored
    assert stored is not None  # noqa: S101
    _refuse_other_seeds(against, stored, parameters)
    reference = {int(seed): values for seed, values in stored.seeds.items()}
    verdict = evaluate_seeds(parameters, function, name, against.context.base, reference)
    known = changes(stored.environment, environment())
    detail = {
        "stored": against.reference,
        "seal": stored.seal,
        "callable": stored.callable,
        "environment": [change.to_dict() for change in known],
    }
    note = "; ".join(change.text for change in known if change.decides)
    settled = Settled(
        changes={},
        detail=detail,
        inputs=(against.input_of(stored),),
        note=f"the seeds are stored in {against.reference}" + (f"; {note}" if note else ""),
    )
    return settled.applied(verdict)


def _refuse_other_seeds(
    against: Against, stored: StoredRun, parameters: ReproducibilityParameters
) -> None:
    if not stored.seeds:
        raise MLGatesError(
            f"the stored run {against.reference} holds no seeds",
            got=f"a run that was recorded at level {stored.level}",
            want="the numbers of several seeds",
            fix=f"name `seeds=[1, 2, 3, 4, 5]`, then {against.command}",
        )
    names = [int(seed) for seed in stored.seeds]
    if parameters.seeds is not None and sorted(parameters.seeds) != sorted(names):
        raise MLGatesError(
            f"the stored run {against.reference} holds other seeds than the gate names",
            got=listing(sorted(names)),
            want=listing(sorted(parameters.seeds)),
            fix=f"leave out `seeds`, or record it anew: {against.command}",
        )
    if parameters.seed in names:
        raise MLGatesError(
            f"seed = {parameters.seed} is one of the stored seeds: it would be compared with "
            "itself",
            want=f"a seed that is none of {listing(sorted(names))}",
            fix="another `seed`, or leave it out",
        )


def _record(
    against: Against, parameters: ReproducibilityParameters, function: Any, name: str
) -> Verdict:
    if parameters.seeds is None:
        raise MLGatesError(
            "there are no seeds to record",
            want="two or more whole numbers",
            fix="name `seeds=[1, 2, 3, 4, 5]`",
        )
    calls = SeedRuns(parameters, function, name, against.context.base)
    runs = list(map(calls.run, parameters.seeds))
    values = seed_values({run.seed: run.values for run in runs}, None, name)
    stored = against.place.write(
        StoredRun(
            gate=against.context.gate,
            callable=name,
            level="statistical",
            environment=environment(),
            fingerprint=fingerprint(values),
            seeds={str(run.seed): run.values for run in runs},
        )
    )
    verdict = Verdict(
        id="",
        kind="reproducibility",
        finding=None,
        outcome=Outcome.ERROR,  # until it is said below that nothing was judged
        message="",
        n=len(runs),
        details=tuple(run.to_dict() for run in runs),
        warnings=calls.warnings(),
        inputs=tuple(
            InputDigest(name=f"{name}, seed {run.seed}", digest=run.digest, rows=None)
            for run in runs
        ),
    )
    text = _text(against, runs, name)
    return against.recorded(stored, text, parameters.inconclusive).applied(verdict)


def _text(against: Against, runs: list[SeedRun], name: str) -> str:
    what = f"{name} is recorded in {against.reference}: {plural(len(runs), 'seed')}, "
    lines = [f"{what}{plural(len(runs[0].values), 'number')} each; nothing was judged"]
    before = against.stored
    if before is None:
        return "\n".join([*lines, "  - it is the first one there"])
    other = [
        run.seed
        for run in runs
        if str(run.seed) in before.seeds and dict(before.seeds[str(run.seed)]) != dict(run.values)
    ]
    kept = [run.seed for run in runs if str(run.seed) in before.seeds]
    lines.append(
        f"  - {len(other):,} of {plural(len(kept), 'seed')} that were there before "
        f"{'gives' if len(other) == 1 else 'give'} other numbers"
        if kept
        else "  - none of its seeds was there before"
    )
    return "\n".join(lines)
