"""Declared gates as test items: ``pyproject.toml::sex-parity``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.errors import GateFailure, MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.plugin import KINDS, failures, gate_session
from pytest_mlgates.reports.text import message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.runner.evaluator import Evaluator


_ANNOUNCED = pytest.StashKey[bool]()


class GateFile(pytest.File):
    """A configuration file as a collector of its gates."""

    def collect(self) -> Iterable[GateItem]:
        """One item per declared gate, in the order of the file."""
        from pytest_mlgates.config.load import load

        override = self.config.option.mlgates_inconclusive
        try:
            configuration = load(Path(self.path), inconclusive=override)
        except MLGatesError as error:
            raise self.CollectError(str(error)) from None
        for name, declared in configuration.gates.items():
            yield GateItem.from_parent(
                self, name=name, declared=declared, configuration=configuration
            )


class GateItem(pytest.Item):
    """One declared gate."""

    def __init__(
        self, *, declared: DeclaredGate, configuration: Configuration, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.declared, self.configuration = declared, configuration
        kind = declared.gate.kind.name
        if kind in KINDS:  # so that `-m fairness` selects declared gates too
            self.add_marker(f"mlgates_{kind}")
            if self.config.getini("mlgates_short_markers"):
                self.add_marker(kind)
        if declared.table is not None and self.config.pluginmanager.hasplugin("xdist"):
            # With `--dist loadgroup` the gates of a table share one worker and one scan.
            self.add_marker(pytest.mark.xdist_group(f"mlgates-{declared.table}"))

    def runtest(self) -> None:
        """Evaluate; raise for anything that does not let the change through."""
        from pytest_mlgates.runner.evaluator import error_verdict

        session = gate_session(self.config)
        attempt = session.attempt(self)
        settings, gate = self.configuration.settings, self.declared.gate
        if self.declared.table is not None:
            attempt.private = settings.tables[self.declared.table].private
        try:
            evaluator = session.configurations.evaluator(self.configuration)
            if self.stash.get(_ANNOUNCED, None) is None:
                self._announce(evaluator)
            verdict = evaluator.evaluate_declared(self.declared)
        except (Exception, SystemExit) as error:  # a mistake of ours, or of an engine
            found = failures.unexpected(error, private=attempt.private)
            attempt.record_error(error_verdict(gate, found), gate.id)
            raise
        attempt.record(verdict, verdict.id, where=self.nodeid)
        if verdict.outcome is Outcome.ERROR:
            raise MLGatesError(message(verdict))
        if not verdict.passed:
            raise GateFailure(message(verdict), [verdict])

    def _announce(self, evaluator: Evaluator) -> None:
        """Tell *evaluator* all gates of this run, so that those of a table share its scans."""
        spread = hasattr(self.config, "workerinput") and self.config.option.dist != "loadgroup"
        items = [
            item
            for item in self.session.items
            if isinstance(item, GateItem) and item.configuration.path == self.configuration.path
        ]
        for item in items:
            item.stash[_ANNOUNCED] = True
        if not spread:  # else other workers evaluate most of them
            evaluator.expect(item.declared for item in items)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where this gate is declared."""
        header = re.compile(rf"\s*\[(tool\.mlgates\.)?gates\.[\"']?{re.escape(self.name)}[\"']?\]")
        lines = self.path.read_text(encoding="utf-8").splitlines()
        found = (number for number, line in enumerate(lines) if header.match(line))
        return self.path, next(found, None), self.name
