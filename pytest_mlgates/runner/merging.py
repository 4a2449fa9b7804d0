"""Evidence of several shards of one run, as one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.evidence import REQUIRED_NOT_EVALUATED, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.core.verdict import Verdict


def merge(shards: Sequence[tuple[str, Evidence]]) -> Evidence:
    """The evidence of all *shards* together; what is required is judged over all of them.

    It is complete if every shard came to its end, and one of them was a whole run or all that the
    configuration requires was evaluated. It is as old as the oldest of them.

    Args:
        shards: Each with its name, for messages.

    Raises:
        MLGatesError: for fewer than two, for shards of different commits, configurations or
            policies, and for a gate with different verdicts in two of them.
    """
    if len(shards) < 2:
        raise MLGatesError("there is nothing to merge", want="the evidence of two shards or more")
    _refuse_other_runs(shards)
    verdicts = _verdicts(shards)
    every = [evidence for _, evidence in shards]
    first = every[0]
    # Of one configuration; those of folders below it are known to the shards that have tests there.
    required = tuple(dict.fromkeys(name for one in every for name in one.required))
    problems = [
        problem
        for one in every
        for problem in one.problems
        if not problem.startswith(REQUIRED_NOT_EVALUATED)
    ]
    evidence = Evidence(
        verdicts=tuple(verdicts),
        complete=False,
        finished=all(one.finished for one in every),
        required=required,
        configuration=first.configuration,
        environment=_environment(every),
        policy=first.policy,
        created=min((one.created for one in every), key=_moment),
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(dict.fromkeys(note for one in every for note in one.notes)),
        commit=first.commit,
        url=next((one.url for one in every if one.url), ""),
        named=tuple(dict.fromkeys(named for one in every for named in one.named)),
        tests=tuple(_tests(shards)),
    )
    return evidence.judged(whole=any(one.complete for one in every) or bool(required))


def _refuse_other_runs(shards: Sequence[tuple[str, Evidence]]) -> None:
    name, first = shards[0]
    for other, evidence in shards[1:]:
        for what, one, two in (
            ("commits", dict(first.commit), dict(evidence.commit)),
            ("configurations", dict(first.configuration), dict(evidence.configuration)),
            ("policies", first.policy, evidence.policy),
        ):
            if one != two:
                raise MLGatesError(
                    f"{name!r} and {other!r} are of different {what}",
                    got=f"{_short(one)} and {_short(two)}",
                    want="shards of one run",
                )


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(one)[:19]}" for key, one in value.items()) or "none"
    return str(value)


def _verdicts(shards: Sequence[tuple[str, Evidence]]) -> list[Verdict]:
    """Every verdict once, in the order of the shards."""
    found: dict[str, tuple[str, Verdict]] = {}
    for name, evidence in shards:
        for verdict in evidence.verdicts:
            if verdict.id not in found:
                found[verdict.id] = name, verdict
                continue
            earlier, same = found[verdict.id]
            if _without_times(same) != _without_times(verdict):
                raise MLGatesError(
                    f"gate {verdict.id!r} has different verdicts in {earlier!r} and {name!r}",
                    got=f"{same.outcome} and {verdict.outcome}",
                    want="every gate in one shard; where it is in two, the same of both",
                )
    return [verdict for _, verdict in found.values()]


def _tests(shards: Sequence[tuple[str, Evidence]]) -> list[Mapping[str, Any]]:
    """How every test ended, once."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for name, evidence in shards:
        for one in evidence.tests:
            earlier, same = found.setdefault(one["id"], (name, one))
            if dict(same) != dict(one):
                raise MLGatesError(
                    f"test {one['id']!r} is told of in two ways, in {earlier!r} and {name!r}",
                    got=f"{same['outcome']} and {one['outcome']}",
                    want="every test in one shard; where it is in two, the same of both",
                )
    return [one for _, one in found.values()]


def _without_times(verdict: Verdict) -> dict[str, Any]:
    found = verdict.to_dict()
    del found["duration_s"]
    details = [{k: v for k, v in one.items() if k != "duration_s"} for one in found["details"]]
    return {**found, "details": details}


def _environment(every: Sequence[Evidence]) -> dict[str, Any]:
    """The one environment of all, or each shard's."""
    first = dict(every[0].environment)
    if all(dict(one.environment) == first for one in every):
        return first
    return {"shards": [dict(one.environment) for one in every]}


def _moment(created: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(created)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise MLGatesError("the time of a shard is not one, with its zone", got=repr(created))
    return found
