"""The session object: knows the gates of each test, keeps the verdicts, judges the run.

One instance per process (controller and workers alike), registered when the first gate is seen.
Verdicts travel from workers on their test's report as one JSON string; everything that is judged
over the whole run is judged by the controller from reports alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.errors import GateFailure, MLGatesError
from pytest_mlgates.plugin import failures
from pytest_mlgates.plugin.ledger import Ledger
from pytest_mlgates.plugin.markers import TestGates, read_markers, test_prefix

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.plugin.fixture import MLGate
    from pytest_mlgates.runner.evaluator import Evaluator


@dataclass
class Attempt:
    """One attempt at a test: what was evaluated, reset for every rerun."""

    verdicts: list[Verdict] = field(default_factory=list)
    evaluated: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    used_fixture: bool = False
    private: bool = False


_GATES = pytest.StashKey[TestGates]()
_ATTEMPT = pytest.StashKey[Attempt]()


class GateSession:
    """See the module's docstring."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ledger = Ledger()
        self.is_worker = hasattr(config, "workerinput")
        self._configurations: dict[Path, Configuration] = {}
        self._evaluators: dict[Path, Evaluator] = {}
        self._main: Configuration | None = None

    # Configuration

    def check_configuration(self) -> None:
        """Validate options and the governing configuration before collection.

        Raises:
            pytest.UsageError: exit code 4.
        """
        if self.is_worker:  # the controller has said what is wrong
            return
        try:
            self.examples()
            configuration = self.main_configuration()
            if self.config.option.mlgates and not configuration.gates:
                raise MLGatesError(  # noqa: TRY301
                    "--mlgates found no gates to run",
                    where=str(configuration.path or self.config.invocation_params.dir),
                    want="at least one [tool.mlgates.gates.NAME] in pyproject.toml or mlgates.toml",
                )
        except MLGatesError as error:
            raise pytest.UsageError(f"mlgates: {error}") from None

    def main_configuration(self) -> Configuration:
        """The one configuration that governs the working directory."""
        if self._main is None:
            self._main = self.configuration_for(self.config.invocation_params.dir)
        return self._main

    def configuration_for(self, path: Path) -> Configuration:
        """The configuration that governs *path*, with the policy of the command line over it."""
        from pytest_mlgates.config.load import load_for

        folder = path if path.is_dir() else path.parent
        if folder not in self._configurations:
            override = self.config.option.mlgates_inconclusive
            self._configurations[folder] = load_for(folder, inconclusive=override)
        return self._configurations[folder]

    def examples(self) -> int:
        """How many example values messages may show.

        Raises:
            MLGatesError: if the option is not a number.
        """
        given = self.config.option.mlgates_examples
        if given is None:
            return 0
        if not str(given).isdigit():
            raise MLGatesError(
                f"--mlgates-examples={given} is not usable", want="a whole number, 0 or more"
            )
        return int(given)

    def evaluator_for(self, configuration: Configuration) -> Evaluator:
        """The evaluator of *configuration*: tables and predictions are shared by its gates."""
        from pytest_mlgates.runner.evaluator import Evaluator

        key = configuration.path or configuration.base
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator(configuration, examples=self.examples())
        return self._evaluators[key]

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

        path = self.main_configuration().path
        if path is None:
            return
        present = {i.name for i in items if isinstance(i, GateItem) and i.path == path}
        file = GateFile.from_parent(session, path=path)
        for item in file.collect():
            if item.name not in present:
                self.config.hook.pytest_itemcollected(item=item)
                items.append(item)

    def examine(self, item: pytest.Item, report: pytest.CollectReport) -> None:
        """Read the markers of *item* now: a misused one is a collection error."""
        try:
            self.gates_of(item)
        except MLGatesError as error:
            report.outcome = "failed"
            report.longrepr = failures.collection_error(item, error)
            report.result = []

    def gates_of(self, item: pytest.Item) -> TestGates:
        """What the markers of *item* demand."""
        from pytest_mlgates.plugin.items import GateItem

        if isinstance(item, GateItem):  # its markers are for `-m` alone
            return TestGates()
        if _GATES not in item.stash:
            short = bool(self.config.getini("mlgates_short_markers"))
            item.stash[_GATES] = read_markers(item, self.configuration_for(item.path), short=short)
        return item.stash[_GATES]

    # What the fixture asks

    def fixture(self, item: pytest.Item) -> MLGate:
        """The ``mlgate`` of one test."""
        from pytest_mlgates.plugin.fixture import MLGate

        self._attempt(item).used_fixture = True
        return MLGate(self, item)

    def evaluator(self, item: pytest.Item) -> Evaluator:
        """The evaluator that governs *item*."""
        return self.evaluator_for(self.configuration_for(item.path))

    def prefix(self, item: pytest.Item) -> str:
        """What default ids of *item* start with."""
        return test_prefix(item, self.configuration_for(item.path))

    def touch_private(self, item: pytest.Item) -> None:
        """From now on no traceback of *item* shows values."""
        self._attempt(item).private = True

    def record(self, item: pytest.Item, verdict: Verdict, key: str) -> None:
        """Keep *verdict*.

        Args:
            item: The test.
            verdict: What was found.
            key: The id of the marker's gate, or the kind for a method's.

        Raises:
            MLGatesError: if its id was used before in this run.
        """
        attempt = self._attempt(item)
        if any(v.id == verdict.id for v in attempt.verdicts):
            raise MLGatesError(
                f"the gate {verdict.id!r} was evaluated twice",
                where=item.nodeid,
                fix='tell the calls apart: mlgate(table, subject="fold-1")',
            )
        attempt.verdicts.append(verdict)
        attempt.evaluated.add(key)
        attempt.kinds.add(verdict.kind)

    def record_error(self, item: pytest.Item, verdict: Verdict, key: str) -> None:
        """Keep the record of a gate that could not be evaluated."""
        attempt = self._attempt(item)
        attempt.verdicts = [v for v in attempt.verdicts if v.id != verdict.id]
        attempt.verdicts.append(verdict)
        attempt.evaluated.add(key)
        attempt.kinds.add(verdict.kind)

    def _attempt(self, item: pytest.Item) -> Attempt:
        return item.stash.setdefault(_ATTEMPT, Attempt())

    # Running

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start an attempt afresh: a rerun must not inherit what an earlier one evaluated."""
        item.stash[_ATTEMPT] = Attempt()
        item.user_properties[:] = [
            p for p in item.user_properties if not p[0].startswith("mlgates")
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test that ends well although a marker has no verdict did not end well."""
        result = yield
        # unittest's TestCase keeps its failures and skips here instead of raising them.
        if not getattr(item, "_excinfo", None):
            self._demand_evaluation(item)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the verdicts on the report, and only what may be seen of a failure."""
        attempt = self._attempt(item)
        verdicts, attempt.verdicts = attempt.verdicts, []
        gates = item.stash.get(_GATES, None)
        for verdict in verdicts:
            item.user_properties += failures.junit_properties(verdict)
        report = yield
        extra: Any = report
        if verdicts or (gates is not None and gates.gates and call.when == "call"):
            extra.mlgates = json.dumps([v.to_dict() for v in verdicts], allow_nan=False)
        uses = gates is not None and (gates.requests_fixture or attempt.used_fixture)
        if gates is not None and gates.labels and not uses and call.when == "call":
            extra.mlgates = getattr(extra, "mlgates", "[]")
            extra.mlgates_labels = ",".join(gates.labels)
        if call.excinfo is not None and report.failed:
            failures.shorten(report, call.excinfo, item, private=attempt.private)
        return report

    def _demand_evaluation(self, item: pytest.Item) -> None:
        gates = self.gates_of(item)
        attempt = self._attempt(item)
        bound = gates.requests_fixture or attempt.used_fixture
        missing = [gate for gate in gates.gates if gate.id not in attempt.evaluated]
        for gate in missing:
            attempt.verdicts.append(failures.unevaluated(gate))
        lines = [failures.NOT_EVALUATED.format(marker=g.where.partition(" ")[2]) for g in missing]
        if bound:
            lines += [
                failures.LABEL_WITHOUT_VERDICT.format(kind=kind)
                for kind in gates.labels
                if kind not in attempt.kinds
            ]
        elif self.config.option.mlgates_strict:
            lines += [failures.LABEL_WITHOUT_GATE.format(kind=kind) for kind in gates.labels]
        if lines:
            raise GateFailure("\n".join(lines), [v for v in attempt.verdicts if not v.passed])

    # Judging the run, on the controller (or where there is only one process)

    def add_report(self, report: pytest.TestReport) -> None:
        """Take the verdicts off *report*."""
        if not self.is_worker:
            self.ledger.add_report(report)

    def worker_down(self, node: Any, error: object) -> None:
        """A worker that ended badly may have taken verdicts with it."""
        name = getattr(getattr(node, "gateway", None), "id", "a worker")
        self.ledger.problems.append(f"worker {name} went down: {error}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Fail the session for what no single test can be blamed for; write the evidence."""
        if not self.is_worker and not self.config.option.collectonly:
            from pytest_mlgates.plugin.closing import close

            close(self, session)
        yield

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The section of design: one line per gate, then what would decide."""
        if self.is_worker or self.config.option.collectonly:
            return
        from pytest_mlgates.plugin.closing import summarise

        summarise(self, terminalreporter)
