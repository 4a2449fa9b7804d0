"""The verdicts of the whole run, as the controller sees them arrive on reports."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pytest


_FROM_GOOD_TO_BAD = ("passed", "xpassed", "skipped", "xfailed", "failed")


@dataclass
class Entry:
    """The last verdict of one gate.

    Attributes:
        verdict: What was found in the last attempt.
        owner: The test that it belongs to.
        place: Where it stands among all verdicts, whatever the order of arrival.
        told: Whether the report that brought it failed, or is an expected failure.
        excused: Whether that report is an expected failure.
        configuration: The path of the configuration that governed it, empty for none.
        test: What the evidence calls its test, empty for a declared gate.
        failed_before: What an earlier attempt found, if that did not pass.
    """

    verdict: Verdict
    owner: str
    place: tuple[int, int]
    told: bool
    excused: bool = False
    configuration: str = ""
    test: str = ""
    failed_before: Verdict | None = None


class Ledger:
    """Keeps the last verdict of every gate and the first that an earlier attempt failed.

    Attributes:
        problems: What no single test can be blamed for; each fails the session.
        labels: How many tests carried a kind's marker as a plain label, by kind.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.labels: Counter[str] = Counter()
        self._entries: dict[str, Entry] = {}
        self._labelled: set[str] = set()
        self._arrived: dict[str, set[str]] = {}
        self._rerun: set[str] = set()
        self._tests: dict[str, str] = {}  # what the evidence calls them, by node id
        self._ended: dict[str, str] = {}

    def add_report(self, report: pytest.TestReport) -> None:
        """Take what *report* carries."""
        data: Any = report
        verdicts: list[Verdict] = []
        place, configuration = 0, ""
        if hasattr(report, "mlgates"):
            try:
                payload = json.loads(data.mlgates)
                place = int(payload["place"])
                verdicts = [Verdict.from_dict(d) for d in payload["verdicts"]]
                labels = list(payload["labels"])
                configuration = str(payload["configuration"])
                if payload["test"]:
                    self._tests[report.nodeid] = str(payload["test"])
            except (ValueError, KeyError, TypeError) as error:
                self.problems.append(
                    f"the verdicts of {report.nodeid} did not arrive: {type(error).__name__}: "
                    f"{error}"
                )
                return
            self._add_labels(report.nodeid, labels)
        for number, verdict in enumerate(verdicts):
            excused = hasattr(report, "wasxfail")
            told = report.failed or excused
            test = self._tests.get(report.nodeid, "")
            found = (place, number), told, excused, configuration, test
            self._add(Entry(verdict, report.nodeid, *found))
        self._compare(report, {v.id for v in verdicts})
        self._note_end(report)

    def add_unfinished(
        self, owner: str, place: int, verdicts: Sequence[Verdict], configuration: str
    ) -> None:
        """Take what a test found that never came to its report."""
        for number, verdict in enumerate(verdicts):
            self._add(Entry(verdict, owner, (place, number), True, False, configuration))
        names = ", ".join(repr(v.id) for v in verdicts)
        self.problems.append(f"the run was ended inside {owner}, after its {names}")

    def configurations(self) -> set[str]:
        """The paths of the configurations that governed a verdict."""
        return {e.configuration for e in self._entries.values() if e.configuration}

    def ids(self, configuration: str) -> set[str]:
        """The gates that *configuration* governs."""
        return {n for n, e in self._entries.items() if e.configuration == configuration}

    def tests(self, configuration: str) -> list[dict[str, Any]]:
        """How each test with a gate ended that *configuration* governs, in order."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.entries():
            name, ended = self._tests.get(entry.owner), self._ended.get(entry.owner)
            if name is None or ended is None or entry.configuration != configuration:
                continue
            one = found.setdefault(name, {"id": name, "outcome": ended, "gates": []})
            one["gates"].append(entry.verdict.id)
        return list(found.values())

    def laundered(self, allowing: Collection[str] = ()) -> list[str]:
        """Gates that failed in one attempt and passed in a later one.

        Args:
            allowing: Configurations that allow reruns.
        """
        return [
            name
            for name, e in self._entries.items()
            if e.failed_before is not None and e.verdict.passed and e.configuration not in allowing
        ]

    def failing(self) -> bool:
        """Whether a gate failed that no test expects to fail."""
        return any(not e.verdict.passed and not e.excused for e in self._entries.values())

    def __bool__(self) -> bool:
        """Whether any verdict arrived."""
        return bool(self._entries)

    def untold(self) -> list[str]:
        """Gates that failed although no test failed with them."""
        return [name for name, e in self._entries.items() if not e.verdict.passed and not e.told]

    def entries(self) -> list[Entry]:
        """The last verdict of every gate, with whose it is."""
        return sorted(self._entries.values(), key=lambda e: e.place)

    def verdicts(self, allowing: Collection[str] = ()) -> list[Verdict]:
        """All verdicts in the order of tests; a failed earlier attempt counts unless allowed.

        Args:
            allowing: Configurations that allow reruns.
        """
        return [
            e.verdict if e.failed_before is None or e.configuration in allowing else e.failed_before
            for e in sorted(self._entries.values(), key=lambda e: e.place)
        ]

    def _add(self, entry: Entry) -> None:
        name = entry.verdict.id
        before = self._entries.get(name)
        if before is not None and before.owner != entry.owner:
            self.problems.append(
                f"two gates have the id {name!r}: one in {before.owner}, one in {entry.owner} "
                "(give one of them another `id`)"
            )
            return
        if before is not None:
            entry.failed_before = before.failed_before
            if entry.failed_before is None and not before.verdict.passed:
                entry.failed_before = before.verdict
        self._entries[name] = entry

    def _note_end(self, report: pytest.TestReport) -> None:
        """A test ended as the worst of its reports says, of the last attempt at it."""
        if str(report.outcome) == "rerun":
            self._ended.pop(report.nodeid, None)
            return
        expected = (
            {"passed": "xpassed", "skipped": "xfailed"} if hasattr(report, "wasxfail") else {}
        )
        now = expected.get(report.outcome, str(report.outcome))
        before = self._ended.get(report.nodeid, now)
        self._ended[report.nodeid] = max(before, now, key=_FROM_GOOD_TO_BAD.index)

    def _add_labels(self, nodeid: str, labels: list[str]) -> None:
        if nodeid not in self._labelled:  # an attempt more is not a test more
            self.labels.update(labels)
        if labels:
            self._labelled.add(nodeid)

    def _compare(self, report: pytest.TestReport, ids: set[str]) -> None:
        """The properties that JUnit gets say which verdicts should have come along."""
        expected = {
            name.removeprefix("mlgates.").removesuffix(".outcome")
            for name, _ in report.user_properties
            if name.startswith("mlgates.") and name.endswith(".outcome")
        }
        if report.nodeid in self._rerun and report.when != "teardown":
            self._rerun.discard(report.nodeid)
            self._arrived.pop(report.nodeid, None)
        # Every phase repeats the properties of those before it.
        arrived = self._arrived.setdefault(report.nodeid, set())
        arrived |= ids
        if lost := sorted(expected - arrived):
            self.problems.append(
                f"the verdicts of {report.nodeid} did not arrive: {', '.join(lost)}"
            )
            arrived |= expected
        if str(report.outcome) == "rerun":  # what pytest-rerunfailures adds to pytest's outcomes
            self._rerun.add(report.nodeid)
