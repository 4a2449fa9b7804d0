"""The session object: knows the gates of each test, keeps the verdicts, judges the run.

One instance per process (controller and workers alike), registered when the first gate is seen.
Verdicts travel from workers on their test's report as one JSON string; everything that is judged
over the whole run is judged by the controller from reports alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.errors import GateFailure, MLGatesError
from pytest_mlgates.plugin import failures
from pytest_mlgates.plugin.attempts import Attempt
from pytest_mlgates.plugin.configurations import Configurations
from pytest_mlgates.plugin.ledger import Ledger
from pytest_mlgates.plugin.markers import TestGates, read_markers, test_prefix

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_mlgates.plugin.fixture import MLGate
    from pytest_mlgates.runner.evaluator import Evaluator

_GATES = pytest.StashKey[tuple[tuple[object, ...], TestGates]]()
_ATTEMPT = pytest.StashKey[Attempt]()
_PLACE = pytest.StashKey[int]()


class GateSession:
    """See the module's docstring."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ledger = Ledger()
        self.configurations = Configurations(config)
        self.is_worker = hasattr(config, "workerinput")

    # Collection

    def configuration_file(self, parent: pytest.Collector, path: Path) -> pytest.Collector | None:
        """The collector of the gates declared in *path*, None if it declares none."""
        from pytest_mlgates.config.find import has_gates
        from pytest_mlgates.plugin.items import GateFile

        if not has_gates(path):
            return None
        file: pytest.Collector = GateFile.from_parent(parent, path=path)
        return file

    def add_declared_gates(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Append the gates of the main configuration that were not collected by path."""
        from pytest_mlgates.plugin.items import GateFile, GateItem

        path = self.configurations.main().path
        if path is None:
            return
        present = {i.name for i in items if isinstance(i, GateItem) and i.path.resolve() == path}
        file = GateFile.from_parent(session, path=path)
        items += [item for item in session.genitems(file) if item.name not in present]

    def examine(self, items: list[pytest.Item], report: pytest.CollectReport) -> None:
        """Read the markers of *items* now: misused ones are a collection error, all in one."""
        errors = []
        for item in items:
            try:
                self.gates_of(item)
            except MLGatesError as error:
                errors.append(error.at(item.nodeid))
        if errors:
            report.outcome = "failed"
            report.longrepr = failures.collection_error(items[0], errors)
            report.result = []

    def gates_of(self, item: pytest.Item) -> TestGates:
        """What the markers of *item* demand; read again if one was added since.

        Raises:
            MLGatesError: for a misused marker.
        """
        from pytest_mlgates.plugin.items import GateItem

        if isinstance(item, GateItem):  # its markers are for `-m` alone
            return TestGates()
        requested = "mlgate" in getattr(item, "fixturenames", ()) or self.attempt(item).used_fixture
        state = (requested, *item.iter_markers())
        known = item.stash.get(_GATES, None)
        if known is not None and list(map(id, known[0])) == list(map(id, state)):
            return known[1]
        gates = read_markers(
            item,
            lambda: self.configurations.governing(item.path),
            requested=requested,
            short=bool(self.config.getini("mlgates_short_markers")),
        )
        item.stash[_GATES] = (state, gates)
        return gates

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember the order of tests: workers report in another one."""
        for place, item in enumerate(session.items):
            item.stash[_PLACE] = place

    # What the fixture asks

    def fixture(self, item: pytest.Item) -> MLGate:
        """The ``mlgate`` of one test."""
        from pytest_mlgates.plugin.fixture import MLGate

        self.attempt(item).used_fixture = True
        return MLGate(self, item)

    def evaluator(self, item: pytest.Item) -> Evaluator:
        """The evaluator that governs *item*."""
        return self.configurations.evaluator(self.configurations.governing(item.path))

    def prefix(self, item: pytest.Item) -> str:
        """What default ids of *item* start with."""
        return test_prefix(item, self.configurations.governing(item.path))

    def attempt(self, item: pytest.Item) -> Attempt:
        """The present attempt at *item*."""
        return item.stash.setdefault(_ATTEMPT, Attempt())

    # Running

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start an attempt afresh: a rerun must not inherit what an earlier one evaluated."""
        item.stash[_ATTEMPT] = Attempt()
        item.user_properties[:] = [
            p for p in item.user_properties if not p[0].startswith("mlgates.")
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test that ends well although a marker has no verdict did not end well."""
        try:
            result = yield
        except pytest.skip.Exception:
            self._refuse_swallowed(item)
            raise
        # unittest's TestCase keeps its failures and skips here instead of raising them.
        kept: list[Any] = getattr(item, "_excinfo", None) or []
        if not kept:
            self._demand_evaluation(item)
        elif all(isinstance(info.value, pytest.skip.Exception) for info in kept):
            skips = kept[:]
            kept.clear()
            self._refuse_swallowed(item)
            kept += skips
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the verdicts on the report, and only what may be seen of a failure."""
        attempt = self.attempt(item)
        verdicts, attempt.verdicts = attempt.verdicts, []
        known = item.stash.get(_GATES, None)
        gates = TestGates() if known is None else known[1]
        for verdict in verdicts:
            item.user_properties += failures.junit_properties(verdict)
        report = yield
        in_call = call.when == "call"
        uses = gates.requests_fixture or attempt.used_fixture
        labels = gates.labels if in_call and not uses else []
        if verdicts or labels or (gates.gates and in_call):
            extra: Any = report
            # One string of plain types: a numpy scalar here would end a pytest-xdist run with
            # exit code 0 and no tests run.
            extra.mlgates = json.dumps(
                {
                    "place": item.stash.get(_PLACE, 0),
                    "labels": labels,
                    "verdicts": [v.to_dict() for v in verdicts],
                },
                allow_nan=False,
            )
        if call.excinfo is not None and report.failed:
            failures.shorten(report, call.excinfo, item, private=attempt.private)
        return report

    def _demand_evaluation(self, item: pytest.Item) -> None:
        gates = self.gates_of(item)
        attempt = self.attempt(item)
        lines = []
        for gate in gates.gates:
            if gate.id not in attempt.evaluated:
                verdict = failures.unevaluated(gate, item, requested=gates.requests_fixture)
                attempt.verdicts.append(verdict)
                lines.append(verdict.message)
        if gates.requests_fixture:
            missing = [kind for kind in gates.labels if kind not in attempt.kinds]
            lines += [failures.label_without_verdict(kind, item) for kind in missing]
        elif self.config.option.mlgates_strict:
            lines += [failures.label_without_gate(kind, item) for kind in gates.labels]
        if lines:
            raise GateFailure("\n\n".join(lines), attempt.failing())
        self._refuse_swallowed(item)

    def _refuse_swallowed(self, item: pytest.Item) -> None:
        failing = self.attempt(item).failing()
        if failing:
            raise GateFailure(failures.swallowed(failing, item), failing) from None

    # Judging the run, on the controller (or where there is only one process)

    def add_report(self, report: pytest.TestReport) -> None:
        """Take the verdicts off *report*."""
        if not self.is_worker:
            self.ledger.add_report(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Fail the session for what no single test can be blamed for; write the evidence."""
        if not self.is_worker and not self.config.option.collectonly:
            from pytest_mlgates.plugin.closing import close

            close(self, session)
        yield

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The section ``ML gates``: a line per gate, then what would decide."""
        if self.is_worker or self.config.option.collectonly:
            return
        from pytest_mlgates.plugin.closing import summarise

        summarise(self, terminalreporter)
