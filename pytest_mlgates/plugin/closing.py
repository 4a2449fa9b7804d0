"""The end of a run: what fails the session, the evidence, the terminal section."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_mlgates.core.text import plural
from pytest_mlgates.plugin import WATCH

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.plugin import Watch
    from pytest_mlgates.plugin.session import GateSession

RERUNS_DO_NOT_LAUNDER = (
    "gate {name!r} failed in an earlier attempt: a rerun does not launder it "
    "(`allow_reruns = true` in [tool.mlgates] lets the last attempt count)"
)
UNTOLD = "gate {name!r} did not pass, and no test failed with it"

_COLORS = {"PASS": "green", "PASS?": "yellow", "FAIL": "red", "ERROR": "red", "WAIVED": "yellow"}


@dataclass
class Closed:
    """What the run came to.

    Attributes:
        problems: Each fails the session.
        evidence: The record, None where no gate was asked for and none was evaluated.
        written: The path of the evidence, for people.
        not_run: Required gates without a verdict in a run that does not judge them.
    """

    problems: list[str]
    evidence: Evidence | None = None
    written: str | None = None
    not_run: tuple[str, ...] = ()


_CLOSED = pytest.StashKey[Closed]()


def close(session: GateSession, pytest_session: pytest.Session) -> None:
    """Judge the run and write its evidence."""
    problems = [*session.ledger.problems, *_watch(session).down]
    closed = Closed(problems=problems, not_run=session.configurations.required())
    session.config.stash[_CLOSED] = closed
    option = session.config.option
    asked = option.mlgates or option.mlgates_require or option.mlgates_evidence
    if asked or problems or session.ledger.verdicts(allow_reruns=True):
        _record(session, pytest_session, closed)
    if not closed.problems:
        return
    pytest_session.shouldfail = f"ML gates: {plural(len(closed.problems), 'problem')}, see above"
    if pytest_session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        pytest_session.exitstatus = pytest.ExitCode.TESTS_FAILED


def summarise(session: GateSession, reporter: pytest.TerminalReporter) -> None:
    """Write the section ``ML gates``."""
    closed = session.config.stash.get(_CLOSED, None)
    if closed is None:
        return
    verdicts = [] if closed.evidence is None else list(closed.evidence.verdicts)
    labels = sorted(session.ledger.labels.items())
    if not (verdicts or labels or closed.problems or closed.not_run or closed.written):
        return
    reporter.write_sep("=", "ML gates")
    if verdicts:
        _write_verdicts(reporter, verdicts, closed.written)
    elif closed.written:
        reporter.write_line(f" no gate was evaluated, evidence {closed.written}")
    if closed.not_run:
        reporter.write_line(f" required, not run: {', '.join(closed.not_run)}", yellow=True)
    for problem in dict.fromkeys(closed.problems):
        reporter.write_line(_shown(f" {problem}"), red=True)
    for kind, count in labels:
        reporter.write_line(f" {plural(count, 'test')} marked {kind} without a gate")


def _write_verdicts(
    reporter: pytest.TerminalReporter, verdicts: list[Verdict], written: str | None
) -> None:
    from pytest_mlgates.reports.rows import status
    from pytest_mlgates.reports.text import render_messages, render_rows, render_tally

    for line, verdict in zip(render_rows(verdicts), verdicts, strict=True):
        reporter.write_line(_shown(line), **{_COLORS[status(verdict)]: True})
    # What failed has been told where its test failed.
    for line in render_messages([v for v in verdicts if v.passed]):
        reporter.write_line(_shown(line))
    reporter.write_line("")
    reporter.write_line(_shown(f" {render_tally(verdicts, evidence=written)}"))


def _record(session: GateSession, pytest_session: pytest.Session, closed: Closed) -> None:
    """Make the evidence, write it where it is wanted, and add the problems that it shows."""
    from pytest_mlgates.runner.check import evidence_of

    configuration = _configuration(session)
    ledger, allow = session.ledger, configuration.settings.allow_reruns
    if not allow:
        closed.problems += [RERUNS_DO_NOT_LAUNDER.format(name=n) for n in ledger.laundered()]
    closed.problems += [UNTOLD.format(name=name) for name in ledger.untold()]
    whole = _is_whole(session, pytest_session, configuration)
    evidence = evidence_of(
        configuration,
        ledger.verdicts(allow_reruns=allow),
        whole=whole,
        problems=closed.problems,
    )
    closed.evidence = evidence
    closed.problems[:] = evidence.problems
    closed.not_run = () if whole else evidence.required_not_run
    path = _evidence_path(session, configuration)
    if path is None:
        return
    from pytest_mlgates.runner.evidence import write as write_evidence

    try:
        write_evidence(path, evidence)
    except OSError as error:
        closed.problems.append(f"the evidence could not be written to {path}: {error.strerror}")
    else:
        closed.written = _relative(session, path)


def _configuration(session: GateSession) -> Configuration:
    from pytest_mlgates.core.errors import MLGatesError

    try:
        return session.configurations.main()
    except MLGatesError:  # its tests have failed with the message
        from pytest_mlgates.config.model import Configuration

        return Configuration(path=None, base=session.config.invocation_params.dir)


def _is_whole(
    session: GateSession, pytest_session: pytest.Session, configuration: Configuration
) -> bool:
    """Whether this run judges what is required: nothing cut it short, and nothing was selected."""
    config, option = session.config, session.config.option
    cut_short = pytest_session.shouldfail or pytest_session.shouldstop
    ended = (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    if cut_short or pytest_session.exitstatus not in ended:
        return False
    if option.mlgates_require:
        return True
    selections = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
    if (
        not option.mlgates
        or _watch(session).partial
        or any(getattr(option, name, None) for name in selections)
    ):
        return False
    return _covers(config, configuration)


def _covers(config: pytest.Config, configuration: Configuration) -> bool:
    """Whether the paths of the run are all that the configuration governs (or `testpaths`)."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return True
    start = config.invocation_params.dir
    if config.args_source is pytest.Config.ArgsSource.ARGS and config.args == config.getini(
        "testpaths"
    ):
        return True
    places = [Path(start, arg.partition("::")[0]).resolve() for arg in config.args]
    return all(
        place == configuration.base or place in configuration.base.parents for place in places
    )


def _evidence_path(session: GateSession, configuration: Configuration) -> Path | None:
    given = session.config.option.mlgates_evidence
    if given is not None:
        return Path(session.config.invocation_params.dir, given)
    if session.config.option.mlgates:
        from pytest_mlgates.runner.evidence import default_path

        return default_path(configuration)
    return None


def _watch(session: GateSession) -> Watch:
    found: Watch = session.config.pluginmanager.get_plugin(WATCH)  # type: ignore[assignment]
    return found


def _relative(session: GateSession, path: Path) -> str:
    try:
        return path.relative_to(session.config.invocation_params.dir).as_posix()
    except ValueError:
        return str(path)


def _shown(text: str) -> str:
    from pytest_mlgates.reports.text import degrade

    return degrade(text, getattr(sys.stdout, "encoding", None))
