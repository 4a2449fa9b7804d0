"""A reproducibility gate against a stored run: at the level that its environment allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import Finding, InputDigest, Verdict
from pytest_mlgates.engines.closeness import closeness
from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.environment import changes, environment
from pytest_mlgates.engines.stages import first_divergence
from pytest_mlgates.engines.stored_runs import DamagedRunError, StoredRun
from pytest_mlgates.gates import against_near_text, against_text
from pytest_mlgates.gates.against_text import Compared
from pytest_mlgates.gates.reproducibility_levels import limits
from pytest_mlgates.gates.reproducibility_tolerance import Nearness, estimate_of
from pytest_mlgates.gates.stored_places import command, place_of

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Policy
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters
    from pytest_mlgates.gates.reproducibility_text import Report
    from pytest_mlgates.gates.stored_places import Place

_MOST_DIFFERENCES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the stored run adds to a verdict.

    Attributes:
        changes: The fields of the verdict that it decides.
        detail: One more of its details.
        inputs: What it was compared with.
        note: One more line of the message.
    """

    changes: dict[str, Any]
    detail: dict[str, Any]
    inputs: tuple[InputDigest, ...] = ()
    note: str = ""

    def applied(self, verdict: Verdict) -> Verdict:
        """*verdict* as the stored run decides it."""
        if self.note:
            verdict = verdict.replace(message=f"{verdict.message}\n  {self.note}")
        return verdict.replace(
            details=(*verdict.details, self.detail),
            inputs=(*verdict.inputs, *self.inputs),
            **self.changes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What one evaluation is compared with, or recorded into.

    Attributes:
        reference: As the user wrote it.
        place: Where that is.
        stored: What is there; None where it is made now.
        command: What makes it.
        context: Of the evaluation.
    """

    reference: str
    place: Place
    stored: StoredRun | None
    command: str
    context: Context

    @classmethod
    def of(cls, reference: str | None, context: Context) -> Against | None:
        """What *reference* leads to, read before anything is trained; None for no reference.

        Raises:
            MLGatesError: if there is no stored run, or it is no evidence.
        """
        if reference is None:
            return None
        place, how = place_of(reference, context), command(context)
        try:
            stored = place.read()
        except FileNotFoundError:
            if not context.record:
                raise MLGatesError(
                    f"there is no stored run at {reference!r} to compare with",
                    got=f"nothing there, seen from {context.base}",
                    want="a run that was recorded before",
                    fix=how,
                ) from None
            stored = None
        except DamagedRunError as error:
            if not context.record:
                error.fix = f"{error.fix}: {how}"  # which ends with "record it anew"
                raise
            stored = None
        if context.record:
            place.refuse()
        return cls(reference=reference, place=place, stored=stored, command=how, context=context)

    def runs(self, asked: int) -> int:
        """How often to run: what is recorded must have been repeated."""
        return max(2, asked) if self.context.record else asked

    def settle(self, report: Report, parameters: ReproducibilityParameters) -> Settled:
        """Compare with the stored run, or record one. The contents of the runs must be there.

        Raises:
            MLGatesError: if a tolerance needs values of the stored run that are not there.
        """
        if self.context.record:
            return self._record(report, parameters)
        stored = self.stored
        assert stored is not None  # noqa: S101
        inputs = (self.input_of(stored),)
        if report.differing:  # it is not reproducible even here
            detail = {"stored": self.reference, "compared": False}
            note = f"it was not compared with the stored run {self.reference}"
            return Settled(changes={}, detail=detail, inputs=inputs, note=note)
        found = self._compared(stored, report)
        if parameters.level == "tolerance" or (found.deciding and not found.equal):
            near = self._near(stored, report, parameters)
            if near is not None:
                return self._within(found, near, parameters, inputs)
        finding = found.finding
        return Settled(
            changes={
                "finding": finding,
                "outcome": judge(finding, parameters.inconclusive, estimate_holds=False),
                "message": against_text.message(found),
                "summary": against_text.summary(found),
                "method": against_text.method(found),
            },
            detail=_detail(found),
            inputs=inputs,
        )

    def _near(
        self, stored: StoredRun, report: Report, parameters: ReproducibilityParameters
    ) -> Nearness | None:
        """How far the first run is from the stored one; None where no limits are declared."""
        allowed = limits(parameters)
        if allowed is None:
            return None
        fingerprint = report.runs[0].fingerprint
        if stored.left_out and fingerprint.digest != stored.fingerprint.digest:
            raise MLGatesError(
                "how far the stored run is from this one cannot be told: its values are not there",
                got=stored.left_out,
                want="the values that its limits are about",
                fix=f"restore the .npz file beside it, or record it anew: {self.command}",
            )
        parts = closeness(stored.fingerprint, fingerprint, allowed)
        return Nearness(allowed=allowed, parts=[parts])

    def _within(
        self,
        found: Compared,
        near: Nearness,
        parameters: ReproducibilityParameters,
        inputs: tuple[InputDigest, ...],
    ) -> Settled:
        """The level tolerance decides: it was asked for, or is all that can be expected here."""
        far = any(not part.within for part in near.parts[0])
        finding = Finding.DISPROVEN if far else Finding.PROVEN
        # The lock holds a gate to its estimate, and bitwise has none where equal bits are expected.
        own = parameters.level == "tolerance"
        estimate = estimate_of(near, disproven=far) if own else None
        parts = [part.to_dict() for part in near.parts[0][:_MOST_DIFFERENCES]]
        return Settled(
            changes={
                "finding": finding,
                "outcome": judge(finding, parameters.inconclusive, estimate_holds=False),
                "message": against_near_text.message(found, near, parameters.level),
                "summary": against_near_text.summary(found, near),
                "method": against_text.method(found, "tolerance"),
                "estimate": estimate,
                "deciding_estimate": estimate,
            },
            detail={**_detail(found), "parts": parts, "parts_total": len(near.parts[0])},
            inputs=inputs,
        )

    def _compared(self, stored: StoredRun, report: Report) -> Compared:
        run = report.runs[0]
        same = run.fingerprint.digest == stored.fingerprint.digest
        differences = [] if same else compare(stored.fingerprint, run.fingerprint)
        return Compared(
            reference=self.reference,
            stored=stored,
            report=report,
            differences=differences,
            divergence=first_divergence(stored.stages, run.stages, result_differs=not same),
            changes=changes(stored.environment, _environment(report)),
            command=self.command,
        )

    def _record(self, report: Report, parameters: ReproducibilityParameters) -> Settled:
        if report.differing:
            detail = {"stored": self.reference, "recorded": False}
            note = f"it was not recorded in {self.reference}"
            return Settled(changes={}, detail=detail, note=note)
        run = report.runs[0]
        before = self.stored
        stored = self.place.write(
            StoredRun(
                gate=self.context.gate,
                callable=report.name,
                level=parameters.level,
                environment=_environment(report),
                fingerprint=run.fingerprint,
                stages=run.stages,
                seed=run.facts.get("seed"),
            )
        )
        compared = None if before is None else self._compared(before, report)
        text = against_text.recorded(stored, self.reference, report, compared)
        return self.recorded(stored, text, parameters.inconclusive)

    def recorded(self, stored: StoredRun, message: str, policy: Policy) -> Settled:
        """What a verdict becomes that has judged nothing."""
        return Settled(
            changes={
                "finding": Finding.INCONCLUSIVE,  # nothing was compared with anything older
                "outcome": judge(Finding.INCONCLUSIVE, policy, estimate_holds=True),
                "message": message,
                "summary": f"recorded in {self.reference}",
                "method": "recorded",
                "estimate": None,
                "deciding_estimate": None,
            },
            detail={
                "stored": self.reference,
                "recorded": True,
                "seal": stored.seal,
                "environment": dict(stored.environment),
            },
            inputs=(self.input_of(stored),),
        )

    def input_of(self, stored: StoredRun) -> InputDigest:
        """The stored run as a verdict names what it was computed from."""
        return InputDigest(name=f"stored run {self.reference}", digest=stored.seal, rows=None)


def _environment(report: Report) -> dict[str, Any]:
    """Where the first run took place: its own process says so, else this one."""
    known = report.runs[0].environment
    return environment() if known is None else dict(known)


def _detail(found: Compared) -> dict[str, Any]:
    stored = found.stored
    return {
        "stored": found.reference,
        "seal": stored.seal,
        "callable": stored.callable,
        "bitwise_expected": not found.deciding,
        "environment": [change.to_dict() for change in found.changes],
        "digest": stored.fingerprint.digest,
        "differences": [one.to_dict() for one in found.told[:_MOST_DIFFERENCES]],
        "differences_total": len(found.told),
        "stages": [{"stage": s.label, "digest": s.fingerprint.digest} for s in stored.stages],
    }
