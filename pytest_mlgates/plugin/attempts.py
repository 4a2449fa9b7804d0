"""One attempt at a test: what was evaluated so far, started afresh for every rerun."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict


@dataclass
class Attempt:
    """What one attempt at a test found.

    Attributes:
        verdicts: Those that no report carries yet (a subtest's report takes some early).
        ids: All ids of this attempt.
        evaluated: The ids of markers that a call took.
        kinds: The kinds with a verdict, which is what a bare marker asks for.
        used_fixture: Whether ``mlgate`` was made.
        private: Whether a private table was touched: no traceback may show values any more.
        over: Whether its test was torn down: no gate may be evaluated any more.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    evaluated: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    used_fixture: bool = False
    private: bool = False
    over: bool = False

    def record(self, verdict: Verdict, key: str, *, where: str) -> None:
        """Keep *verdict*.

        Args:
            verdict: What was found.
            key: The id of the marker's gate, or the kind for a method's.
            where: The test.

        Raises:
            MLGatesError: if its id was used before in this attempt.
        """
        if verdict.id in self.ids:
            raise MLGatesError(
                f"the gate {verdict.id!r} was evaluated twice",
                where=where,
                fix='tell the calls apart: mlgate(table, subject="fold-1")',
            )
        self._keep(verdict, key)

    def record_error(self, verdict: Verdict, key: str) -> None:
        """Keep the record of a gate that could not be evaluated, in the place of an earlier one."""
        self.verdicts = [v for v in self.verdicts if v.id != verdict.id]
        self._keep(verdict, key)

    def failing(self) -> list[Verdict]:
        """What was found and does not let the change through."""
        return [v for v in self.verdicts if not v.passed]

    def _keep(self, verdict: Verdict, key: str) -> None:
        self.verdicts.append(verdict)
        self.ids.add(verdict.id)
        self.evaluated.add(key)
        self.kinds.add(verdict.kind)
