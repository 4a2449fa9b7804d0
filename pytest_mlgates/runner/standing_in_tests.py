"""Signed evidence in the place of a test with gates that cannot run here.

A test runs as a whole or not at all: what makes its tables is its own code and its fixtures. So it
is stood in for where a file that one of its gates names, or a GPU that one of them needs, is not
here. What its markers demand is known without running it; what its calls of ``mlgate.metric(…)``
and its like demand, and the columns that a call names, only the lock of this commit says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.inputs import data_of
from pytest_mlgates.core import gpu
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.core.verdict import Outcome, Verdict, plain
from pytest_mlgates.gates.base import ROLES
from pytest_mlgates.runner.changed import covers
from pytest_mlgates.runner.evaluator import error_verdict, misuse_verdict
from pytest_mlgates.runner.lacking import Lacking
from pytest_mlgates.runner.standing_in import OTHER_DEFINITION
from pytest_mlgates.runner.subjects import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgates.core.lock import LockedGate
    from pytest_mlgates.gates.base import Gate
    from pytest_mlgates.runner.standing_in import StandIn

# What a call of `mlgate` may name in the place of its marker.
_CALLED = {*ROLES, *OPTIONS}
_ENDED = {
    "skipped": "the test was skipped there",
    "failed": "the test itself failed there, and not by a gate",
    "xfailed": "the test itself failed there, as it was expected to, and not by a gate",
}


@dataclass(frozen=True, kw_only=True)
class GatedTest:
    """A test as pytest collected it.

    Attributes:
        id: ``<path from the configuration>::<test>[params]``.
        file: That path.
        gates: Of its markers.
    """

    id: str
    file: str
    gates: Sequence[Gate]


@dataclass(frozen=True, kw_only=True)
class InPlace:
    """What takes the place of one gate of a test.

    Attributes:
        key: The id of the marker's gate; the kind, for one of a call.
        verdict: That of the evidence, or the record of an error.
        error: Why there is none; None where there is.
    """

    key: str
    verdict: Verdict
    error: MLGatesError | None = None


def in_place_of(test: GatedTest, stand_in: StandIn | None) -> list[InPlace] | None:
    """What takes the place of the gates of *test*; None if it can run here.

    Args:
        test: Of the configuration that *stand_in* is of.
        stand_in: The evidence; None: only a GPU may be lacking, and nothing stands in for it.

    Raises:
        MLGatesError: if the environment or the lock cannot be read.
    """
    if stand_in is None:
        return _without_evidence(test)
    return _Taking(test, stand_in).results()


def refused(gates: Sequence[Gate], error: MLGatesError) -> list[InPlace]:
    """The same *error* for all *gates*."""
    return [InPlace(key=one.id, verdict=error_verdict(one, error), error=error) for one in gates]


def _without_evidence(test: GatedTest) -> list[InPlace] | None:
    for gate in test.gates:
        try:
            gpu.demand(gate.parameters.needs)
        except MLGatesError as error:
            return refused(test.gates, error.at(gate.where))
    return None


class _Taking:
    """The gates of one test, held against the evidence."""

    def __init__(self, test: GatedTest, stand_in: StandIn) -> None:
        self._test, self._stand_in = test, stand_in
        self._of_markers = {gate.id: plain(gate.definition()) for gate in test.gates}
        self._locked = {
            name: one
            for name, one in stand_in.lock.items()
            if one.test == test.file and (one.item == test.id or name.startswith(f"{test.id}::"))
        }
        self._told: Mapping[str, Any] = stand_in.tests.get(test.id, {})
        self._verdicts = [
            stand_in.judged[name] for name in self._told.get("gates", ()) if name in stand_in.judged
        ]

    def results(self) -> list[InPlace] | None:
        """An entry for each gate that a marker, the evidence or the lock knows."""
        lacking = self._lacking()
        if not lacking:
            return None
        of_test = list(self._of_test())
        found = [self._held(verdict, lacking, of_test) for verdict in self._verdicts]
        there = {one.key for one in found}
        for gate in self._test.gates:
            if gate.id not in there:
                reasons = list(of_test)
                if not self._stand_in.refusals and not (reasons and self._is_known(gate.id)):
                    reasons.append("it has no verdict of this gate")
                where = gate.where if reasons != of_test else self._test.id
                found += refused([gate], self._stand_in.refusal(lacking, reasons).at(where))
        known = {verdict.id for verdict in self._verdicts}
        for name, locked in self._locked.items():
            if name not in known and name not in self._of_markers:
                reason = f"it has no verdict of {name}, which {locks.NAME} has"
                error = self._stand_in.refusal(lacking, [*of_test, reason]).at(self._test.id)
                found.append(_of_lock(name, locked, error))
        return found

    def _lacking(self) -> Lacking:
        """What of all gates of the test is not here: it runs as a whole."""
        known: list[tuple[str, Mapping[str, Any]]] = [*self._of_markers.items()]
        known += [(name, one.definition.get("gate", {})) for name, one in self._locked.items()]
        known += [(verdict.id, plain(verdict.definition)) for verdict in self._verdicts]
        away = [
            path
            for name, one in known
            if one.get("inputs")  # else nothing would say what the test judges
            for path in self._stand_in.away({"gate": one}, name)
        ]
        lacks = any(gpu.is_lacking(one.get("needs")) for _, one in known)
        return Lacking(files=tuple(dict.fromkeys(away)), gpu=lacks)

    def _of_test(self) -> Iterator[str]:
        """Why the evidence does not stand in for the test, whatever its verdicts are."""
        if self._stand_in.refusals:
            yield from self._stand_in.refusals
        elif self._told:
            for name in self._told["gates"]:
                if name not in self._stand_in.judged:
                    yield f"it has no verdict of {name}, which the test evaluated there"
            ended = self._told["outcome"]
            by_gate = any(not verdict.passed for verdict in self._verdicts)
            if ended in _ENDED and not (by_gate and ended != "skipped"):
                yield _ENDED[ended]
        elif any(self._is_known(gate.id) for gate in self._test.gates):
            yield "it does not say how the test ended there"

    def _is_known(self, name: str) -> bool:
        return any(one == name or one.startswith(f"{name}@") for one in self._stand_in.judged)

    def _held(self, verdict: Verdict, lacking: Lacking, of_test: Sequence[str]) -> InPlace:
        gate = self._gate_of(verdict.id)
        reasons = [*of_test, *self._stand_in.of_verdict(verdict)]
        if verdict.outcome is not Outcome.ERROR:  # else it says neither what it judged, nor by what
            reasons += self._of_definition(verdict, gate, self._stand_in.lock.get(verdict.id))
            reasons += self._of_files(verdict)
        key = verdict.kind if gate is None else gate.id
        if not reasons:
            return InPlace(key=key, verdict=self._stand_in.taken(verdict))
        error = self._stand_in.refusal(lacking, reasons)
        if reasons == of_test:  # one error for all gates of the test
            error.at(self._test.id)
        if gate is not None:
            record = error_verdict(gate, error.at(gate.where)).replace(id=verdict.id)
        else:
            record = misuse_verdict(verdict.id, verdict.kind, error.at(verdict.id))
        return InPlace(key=key, verdict=record, error=error)

    def _gate_of(self, name: str) -> Gate | None:
        """The marker's gate that a verdict is of: its id may have an ``@subject`` behind it."""
        fitting = [
            gate for gate in self._test.gates if name == gate.id or name.startswith(f"{gate.id}@")
        ]
        return max(fitting, key=lambda gate: len(gate.id), default=None)

    def _of_definition(
        self, verdict: Verdict, gate: Gate | None, locked: LockedGate | None
    ) -> Iterator[str]:
        """It judged by what markers, and the lock, of this commit demand."""
        theirs = dict(verdict.definition)
        as_locked = locked is not None and dict(locked.definition) == {"gate": theirs}
        if locked is not None and not as_locked:
            yield f"{locks.NAME} has another definition of {verdict.id}"
        if gate is None:
            if locked is None:
                yield f"neither a marker nor {locks.NAME} says what {verdict.id} demands"
            policy = self._stand_in.configuration.override
            if policy is not None and policy is not verdict.policy:
                yield OTHER_DEFINITION
            return
        mine = self._of_markers[gate.id]
        other = {key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)}
        if other - _CALLED:
            yield OTHER_DEFINITION
        elif other and not as_locked:
            yield f"its call named {listing(sorted(other))}, and {locks.NAME} does not have that"

    def _of_files(self, verdict: Verdict) -> Iterator[str]:
        """It judged the files of this commit, and none that its gate does not name."""
        base, definition = self._stand_in.configuration.base, {"gate": plain(verdict.definition)}
        yield from self._stand_in.of_files(
            definition, verdict, self._stand_in.away(definition, verdict.id)
        )
        patterns = [*map(str, verdict.definition.get("inputs", ())), *data_of(definition, base)]
        unnamed = [
            path
            for path in verdict.files
            if not path.endswith(".dvc") and not any(covers(base, p, base / path) for p in patterns)
        ]
        if unnamed:
            yield f"the test read {listing(unnamed, 3)}, which `inputs` of the gate does not name"


def _of_lock(name: str, locked: LockedGate, error: MLGatesError) -> InPlace:
    kind = str(locked.definition.get("gate", {}).get("kind", "metric"))
    return InPlace(key=kind, verdict=misuse_verdict(name, kind, error), error=error)
