"""The verdicts of the whole run, as the controller sees them arrive on reports."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import Verdict

if TYPE_CHECKING:
    import pytest


class Ledger:
    """Keeps the last verdict of every gate and the first that an earlier attempt failed.

    Attributes:
        problems: What no single test can be blamed for; each fails the session.
        labels: How many tests carried a kind's marker as a plain label, by kind.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.labels: Counter[str] = Counter()
        self._verdicts: dict[str, Verdict] = {}
        self._owners: dict[str, str] = {}
        self._failed_before: dict[str, Verdict] = {}

    def add_report(self, report: pytest.TestReport) -> None:
        """Take what *report* carries."""
        data: Any = report
        try:
            verdicts = [Verdict.from_dict(d) for d in json.loads(data.mlgates)]
        except (ValueError, KeyError, TypeError) as error:
            self.problems.append(f"the verdicts of {report.nodeid} did not arrive: {error!r}")
            return
        expected = {
            name.removeprefix("mlgates.").removesuffix(".outcome")
            for name, _ in report.user_properties
            if name.startswith("mlgates.") and name.endswith(".outcome")
        }
        for verdict in verdicts:
            self._add(report.nodeid, verdict)
        lost = expected - set(self._verdicts)
        if lost:
            self.problems.append(
                f"verdicts of {report.nodeid} were lost: {', '.join(sorted(lost))}"
            )
        self.labels.update(filter(None, getattr(data, "mlgates_labels", "").split(",")))

    def _add(self, nodeid: str, verdict: Verdict) -> None:
        owner = self._owners.setdefault(verdict.id, nodeid)
        if owner != nodeid:
            self.problems.append(f"two gates have the id {verdict.id!r}: {owner} and {nodeid}")
            return
        before = self._verdicts.get(verdict.id)
        if before is not None and not before.passed:
            self._failed_before.setdefault(verdict.id, before)
        self._verdicts[verdict.id] = verdict

    def laundered(self) -> list[str]:
        """Gates that failed in one attempt and passed in a later one."""
        return [name for name in self._failed_before if self._verdicts[name].passed]

    def verdicts(self, *, allow_reruns: bool) -> list[Verdict]:
        """All verdicts in order of arrival; a failed earlier attempt counts unless allowed."""
        if allow_reruns:
            return list(self._verdicts.values())
        return [self._failed_before.get(name, v) for name, v in self._verdicts.items()]
