"""The end of a run: what fails the session, the evidence, the terminal section."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_mlgates.core.text import plural

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.plugin.session import GateSession

_COLORS = {"PASS": "green", "PASS?": "yellow", "FAIL": "red", "ERROR": "red", "WAIVED": "yellow"}
_EVIDENCE = pytest.StashKey["Evidence"]()
_WRITTEN = pytest.StashKey[str]()


def close(session: GateSession, pytest_session: pytest.Session) -> None:
    """Judge the run and write its evidence."""
    evidence = _evidence(session, pytest_session)
    if evidence is None:
        return
    session.config.stash[_EVIDENCE] = evidence
    if evidence.problems and pytest_session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        pytest_session.exitstatus = pytest.ExitCode.TESTS_FAILED
    path = _evidence_path(session)
    if path is None:
        return
    from pytest_mlgates.runner.evidence import write as write_evidence

    try:
        write_evidence(path, evidence)
    except OSError as error:
        session.ledger.problems.append(f"the evidence could not be written: {error}")
        if pytest_session.exitstatus == pytest.ExitCode.OK:
            pytest_session.exitstatus = pytest.ExitCode.USAGE_ERROR
    else:
        session.config.stash[_WRITTEN] = _shown(session, path)


def summarise(session: GateSession, reporter: pytest.TerminalReporter) -> None:
    """Write the section ``ML gates``."""
    evidence = session.config.stash.get(_EVIDENCE, None)
    verdicts: list[Verdict] = [] if evidence is None else list(evidence.verdicts)
    problems = [*(evidence.problems if evidence is not None else ()), *session.ledger.problems]
    if not verdicts and not session.ledger.labels and not problems:
        return
    from pytest_mlgates.reports.text import degrade, render_messages, render_rows, render_tally

    encoding = getattr(sys.stdout, "encoding", None)
    write = reporter.write_line
    reporter.section("ML gates")
    if verdicts:
        for line, color in _colored(verdicts, render_rows(verdicts)):
            write(degrade(line, encoding), **({color: True} if color else {}))
        undecided = [v for v in verdicts if v.passed and (v.undecided or v.warnings)]
        for line in render_messages(undecided):
            write(degrade(line, encoding))
        written = session.config.stash.get(_WRITTEN, None)
        write("")
        write(degrade(" " + render_tally(verdicts, evidence=written), encoding))
    if evidence is not None and evidence.required_not_run and not evidence.problems:
        write(f" required, not run: {', '.join(evidence.required_not_run)}", yellow=True)
    for problem in dict.fromkeys(problems):
        write(degrade(f" {problem}", encoding), red=True)
    for kind, count in sorted(session.ledger.labels.items()):
        write(f" {plural(count, 'test')} marked {kind} without a gate")


def _colored(verdicts: list[Verdict], lines: list[str]) -> list[tuple[str, str | None]]:
    """Each line with the color of its verdict (a folded cell continues on lines of its own)."""
    from pytest_mlgates.reports.rows import status

    remaining = [status(v) for v in verdicts]
    out: list[tuple[str, str | None]] = []
    color: str | None = None
    for line in lines:
        first = line.split(maxsplit=1)[0] if line.strip() else ""
        if remaining and line.startswith(f" {remaining[0]}") and first == remaining[0]:
            color = _COLORS[remaining.pop(0)]
        out.append((line, color))
    return out


def _evidence(session: GateSession, pytest_session: pytest.Session) -> Evidence | None:
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.check import evidence_of

    option = session.config.option
    asked = option.mlgates or option.mlgates_require or option.mlgates_evidence
    ledger = session.ledger
    if not asked and not ledger.problems and not ledger.verdicts(allow_reruns=True):
        return None
    try:
        configuration = session.main_configuration()
    except MLGatesError:  # its tests have failed with the message
        from pytest_mlgates.config.model import Configuration

        configuration = Configuration(path=None, base=session.config.invocation_params.dir)
    allow = configuration.settings.allow_reruns
    problems = list(ledger.problems)
    if not allow:
        problems += [
            f"gate {name!r} failed in an earlier attempt: reruns do not launder"
            for name in ledger.laundered()
        ]
    return evidence_of(
        configuration,
        ledger.verdicts(allow_reruns=allow),
        whole=_is_whole(session, pytest_session),
        problems=problems,
    )


def _is_whole(session: GateSession, pytest_session: pytest.Session) -> bool:
    """Whether nothing was selected, left out or cut short."""
    config, option = session.config, session.config.option
    if option.mlgates_require:
        return True
    if not option.mlgates:
        return False
    if pytest_session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return False
    selections = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
    if any(getattr(option, name, None) for name in selections):
        return False
    return config.args_source is not pytest.Config.ArgsSource.ARGS


def _evidence_path(session: GateSession) -> Path | None:
    given = session.config.option.mlgates_evidence
    if given is not None:
        return Path(session.config.invocation_params.dir, given)
    if session.config.option.mlgates:
        from pytest_mlgates.runner.evidence import default_path

        return default_path(session.main_configuration())
    return None


def _shown(session: GateSession, path: Path) -> str:
    try:
        return path.relative_to(session.config.invocation_params.dir).as_posix()
    except ValueError:
        return str(path)
