"""The session object: knows the gates of each test, keeps the verdicts, judges the run.

One instance per process (controller and workers alike), registered when the first gate is seen.
Verdicts travel from workers on their test's report as one JSON string; everything that is judged
over the whole run is judged by the controller from reports alone.
"""

from __future__ import annotations

import contextlib
import json
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.errors import ConfigurationError, GateFailure, MLGatesError
from pytest_mlgates.core.verdict import Verdict
from pytest_mlgates.plugin import failures
from pytest_mlgates.plugin.attempts import Attempt
from pytest_mlgates.plugin.configurations import Configurations
from pytest_mlgates.plugin.ledger import Ledger
from pytest_mlgates.plugin.markers import TestGates, read_markers, test_prefix

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from pytest_mlgates.plugin.fixture import MLGate
    from pytest_mlgates.plugin.fixture_stages import FixtureStages
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
        self.inherited: set[str] = set()  # markers with arguments on classes and modules
        self.bound: set[str] = set()  # those of them that some test with `mlgate` is under
        self.listed: int | None = None  # how many gates `--mlgates-list` showed
        # The commit when the run began, with the root of its repository; None: nothing is written.
        self.began: tuple[Path | None, dict[str, Any]] | None = None
        self._running: pytest.Item | None = None
        self._judges = False
        self._fixture_stages: FixtureStages | None = None
        self._raised: weakref.WeakSet[BaseException] = weakref.WeakSet()

    def begin(self) -> None:
        """Note of which commit the code is that will be imported, if the run writes evidence."""
        option = self.config.option
        if self.is_worker or not (option.mlgates or option.mlgates_evidence):
            return
        from pytest_mlgates.runner.commit import commit_of, root_of

        base = self.configurations.main().base
        self.began = root_of(base), commit_of(base)

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
        errors: list[MLGatesError] = []
        for item in items:
            try:
                gates = self.gates_of(item)
            except MLGatesError as error:
                self._judges = True
                wrong_file = isinstance(error, ConfigurationError)
                errors.append(error if wrong_file else error.at(item.nodeid))
            else:
                self._note_inherited(gates)
                self._judges = self._judges or bool(gates.gates or gates.requests_fixture)
                if gates.requests_fixture and gates.may_be_of("reproducibility"):
                    self._listen_to_fixtures()
        errors = list({str(error): error for error in errors}.values())
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

    def finish_collection(self, session: pytest.Session) -> None:
        """Remember the order of tests, for workers report in another one; end a misused run.

        Raises:
            pytest.UsageError: exit code 4. (Under pytest-xdist the tests are collected by workers,
                where the same is a collection error.)
        """
        for place, item in enumerate(session.items):
            item.stash[_PLACE] = place
        if self.is_worker:
            return
        if self._judges:
            self.configurations.check()
        # The controller of pytest-xdist does not collect.
        if self.config.option.mlgates_require and not session.testsfailed and session.items:
            from pytest_mlgates.plugin.closing import nothing_required

            if problem := nothing_required(self, session):
                raise pytest.UsageError(f"mlgates: {problem}")

    # What the fixtures ask

    @contextlib.contextmanager
    def fixture_stages(self, item: pytest.Item) -> Iterator[None]:
        """Within the block, what fixtures of *item* told ``trace`` stands before its runs."""
        with contextlib.ExitStack() as stack:
            if self._fixture_stages is not None:
                stack.enter_context(self._fixture_stages.before(item))
            yield

    def _listen_to_fixtures(self) -> None:
        """From now on; only where a test may evaluate a reproducibility gate."""
        if self._fixture_stages is None:
            from pytest_mlgates.plugin.fixture_stages import FixtureStages

            self._fixture_stages = FixtureStages()
            self.config.pluginmanager.register(self._fixture_stages, "mlgates-fixture-stages")

    def fixture(self, item: pytest.Item) -> MLGate:
        """The ``mlgate`` of one test."""
        from pytest_mlgates.plugin.fixture import MLGate

        attempt = self.attempt(item)
        attempt.used_fixture = True
        self._running = item  # this session may be younger than the test's setup
        return MLGate(self, item, attempt)

    def refuse_stray(self, owner: pytest.Item, attempt: Attempt) -> None:
        """An ``mlgate`` belongs to one attempt at one test.

        Raises:
            MLGatesError: if that is over; it is on record, whoever catches it.
        """
        running = self._running
        if running is owner and self.attempt(owner) is attempt and not attempt.over:
            return
        error = MLGatesError(
            f"the `mlgate` of {owner.nodeid} was used after its test",
            where=owner.nodeid if running is None else running.nodeid,
            fix="request `mlgate` in the test that uses it",
        )
        if running is None:
            self.ledger.problems.append(str(error))
        else:
            from pytest_mlgates.runner.evaluator import misuse_verdict

            name = f"{running.nodeid}::mlgate of {owner.nodeid}"
            record = misuse_verdict(name, "metric", error)
            self.attempt(running).record_error(record, name)
        raise error

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
        self._running = item
        item.user_properties[:] = [
            p for p in item.user_properties if not p[0].startswith("mlgates.")
        ]
        self._stand_in_for(item)

    def _stand_in_for(self, item: pytest.Item) -> None:
        """Where *item* cannot run here, let signed evidence or an error take its place."""
        if _GATES not in item.stash:
            return
        try:
            gates = self.gates_of(item)
        except MLGatesError:  # a marker that was added since; told when its test ends
            return
        asked = self.config.option.mlgates_stand_in is not None
        if asked or any(gate.parameters.needs is not None for gate in gates.gates):
            from pytest_mlgates.plugin.standing_in import arrange

            arrange(self, item, gates)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """After the finalizers of a test nothing may use its ``mlgate``."""
        try:
            return (yield)
        finally:
            self.attempt(item).over = True
            self._running = None

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
                    "verdicts": [v.replace(where=self._where(item)).to_dict() for v in verdicts],
                    "configuration": self._configuration_of(item) if verdicts else "",
                    "test": self._test_of(item) if verdicts else "",
                },
                allow_nan=False,
            )
        if call.excinfo is not None and report.failed:
            failures.shorten(report, call.excinfo, item, private=attempt.private)
            if isinstance(call.excinfo.value, GateFailure | MLGatesError):
                self._raised.add(call.excinfo.value)
        return report

    def _demand_evaluation(self, item: pytest.Item) -> None:
        gates = self.gates_of(item)
        self._note_inherited(gates)  # `mlgate` may have been requested while the test ran
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

    def add_worker(self, text: str) -> None:
        """Take what a worker knows beyond the reports of its tests."""
        payload = json.loads(text)
        self.ledger.problems += payload["problems"]
        self.inherited |= set(payload["inherited"])
        self.bound |= set(payload["bound"])
        for owner, place, verdicts, configuration in payload["unfinished"]:
            found = [Verdict.from_dict(d) for d in verdicts]
            self.ledger.add_unfinished(owner, place, found, configuration)

    def _worker_output(self) -> str:
        return json.dumps(
            {
                "problems": self.ledger.problems,
                "inherited": sorted(self.inherited),
                "bound": sorted(self.bound),
                "unfinished": [
                    (owner, place, [v.to_dict() for v in verdicts], configuration)
                    for owner, place, verdicts, configuration in self._unfinished()
                ],
            },
            allow_nan=False,
        )

    def _unfinished(self) -> list[tuple[str, int, list[Verdict], str]]:
        """The test that was running when the run was ended, if it has evaluated a gate."""
        item = self._running
        if item is None or not self.attempt(item).verdicts:
            return []
        verdicts = self.attempt(item).verdicts
        return [(item.nodeid, item.stash.get(_PLACE, 0), verdicts, self._configuration_of(item))]

    def _configuration_of(self, item: pytest.Item) -> str:
        from pytest_mlgates.plugin.items import GateItem

        if isinstance(item, GateItem):
            return str(item.configuration.path)
        try:
            path = self.configurations.governing(item.path).path
        except MLGatesError:  # its test has failed with the message
            return ""
        return "" if path is None else str(path)

    def _test_of(self, item: pytest.Item) -> str:
        """What the evidence calls *item*; nothing for a declared gate, which asserts no more."""
        from pytest_mlgates.plugin.items import GateItem

        if isinstance(item, GateItem):
            return ""
        try:
            return self.prefix(item)
        except MLGatesError:  # its test has failed with the message
            return ""

    def _where(self, item: pytest.Item) -> str:
        """``tests/test_model.py:12``: the file and line of *item*, from its configuration on."""
        from pytest_mlgates.plugin.items import GateItem

        if isinstance(item, GateItem):
            path = item.path.name
        else:
            try:
                path = self.prefix(item).partition("::")[0]
            except MLGatesError:
                path = item.nodeid.partition("::")[0]
        line = item.location[1]
        return path if line is None else f"{path}:{line + 1}"

    def _note_inherited(self, gates: TestGates) -> None:
        self.inherited |= gates.inherited
        if gates.requests_fixture:
            self.bound |= gates.inherited

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Fail the session for what no single test can be blamed for; write the evidence."""
        if self.is_worker:
            extra: Any = self.config
            extra.workeroutput["mlgates"] = self._worker_output()
        elif self.listed is not None:
            if self.listed == 0 and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        elif not self.config.option.collectonly:
            for unfinished in self._unfinished():
                self.ledger.add_unfinished(*unfinished)
            from pytest_mlgates.plugin.closing import close

            close(self, session)
        yield

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The section ``ML gates``: a line per gate, then what would decide."""
        if self.is_worker or self.config.option.collectonly or self.listed is not None:
            return
        from pytest_mlgates.plugin.closing import summarise

        summarise(self, terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Hold no table any longer, nor let failures hold one that outlive the process's end.

        Earlier, a debugger may still ask for what the frames of a failure hold.
        """
        self.configurations.release()
        for error in (*self._raised, getattr(sys, "last_value", None)):
            failures.forget_tables(error)
        failures.forget_tests_at_exit(self.config)
