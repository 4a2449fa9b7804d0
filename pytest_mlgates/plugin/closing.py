"""The end of a run: what fails the session, the evidence, the terminal section."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.text import plural
from pytest_mlgates.plugin import WATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.plugin import Watch
    from pytest_mlgates.plugin.session import GateSession

RERUNS_DO_NOT_LAUNDER = (
    "gate {name!r} failed in an earlier attempt: a rerun does not launder it "
    "(`allow_reruns = true` in the configuration lets the last attempt count)"
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
        unbound: Markers with arguments on classes and modules where no test requests ``mlgate``.
    """

    problems: list[str]
    evidence: Evidence | None = None
    written: str | None = None
    not_run: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()


_CLOSED = pytest.StashKey[Closed]()


def close(session: GateSession, pytest_session: pytest.Session) -> None:
    """Judge the run and write its evidence."""
    problems = [*session.ledger.problems, *_watch(session).down]
    closed = Closed(problems=problems, not_run=session.configurations.required())
    session.config.stash[_CLOSED] = closed
    closed.unbound = tuple(sorted(session.inherited - session.bound))
    if closed.unbound and session.config.option.mlgates_strict:
        problems.append(f"{_unbound_text(closed.unbound)} (--mlgates-strict)")
        closed.unbound = ()
    if _asked(session) or problems or session.ledger:
        _record(session, pytest_session, closed)
    if closed.problems:
        count = plural(len(closed.problems), "problem")
        pytest_session.shouldfail = f"ML gates: {count}, see above"
    elif not session.ledger.failing():
        return
    # Whatever ended the run (`pytest.exit(returncode=0)`, say), a failed gate fails it.
    if pytest_session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        pytest_session.exitstatus = pytest.ExitCode.TESTS_FAILED


def summarise(session: GateSession, reporter: pytest.TerminalReporter) -> None:
    """Write the section ``ML gates``."""
    closed = session.config.stash.get(_CLOSED, None)
    if closed is None:
        return
    verdicts = [] if closed.evidence is None else list(closed.evidence.verdicts)
    labels = sorted(session.ledger.labels.items())
    if not (
        verdicts or labels or closed.problems or closed.not_run or closed.written or closed.unbound
    ):
        return
    reporter.write_sep("=", "ML gates")
    if verdicts:
        _write_verdicts(reporter, verdicts, closed.written)
    elif closed.written:
        reporter.write_line(f" no gate was evaluated, evidence {closed.written}")
    if closed.not_run:
        reporter.write_line(f" required, not run: {', '.join(closed.not_run)}", yellow=True)
    _write_holdouts(reporter, closed)
    for note in () if closed.evidence is None else closed.evidence.notes:
        reporter.write_line(_shown(f" {note}"), yellow=True)
    if closed.evidence is not None and not closed.evidence.finished:
        reporter.write_line(" the run did not finish: its evidence vouches for nothing", red=True)
    for problem in dict.fromkeys(closed.problems):
        reporter.write_line(_shown(f" {problem}"), red=True)
    for kind, count in labels:
        reporter.write_line(f" {plural(count, 'test')} marked {kind} without a gate")
    if closed.unbound:
        reporter.write_line(_shown(f" {_unbound_text(closed.unbound)}"), yellow=True)


def _unbound_text(markers: tuple[str, ...]) -> str:
    verb = "binds" if len(markers) == 1 else "bind"
    return f"{plural(len(markers), 'marker')} {verb} no test: {'; '.join(markers)}"


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


def _write_holdouts(reporter: pytest.TerminalReporter, closed: Closed) -> None:
    if closed.evidence is not None and closed.evidence.holdouts:
        from pytest_mlgates.reports.text import render_holdouts

        for line in render_holdouts(closed.evidence):
            reporter.write_line(_shown(f" {line}"))


def nothing_required(session: GateSession, pytest_session: pytest.Session) -> str | None:
    """Why ``--mlgates-require`` has nothing to judge; None where it has.

    Raises:
        pytest.UsageError: for a configuration that is misused.
    """
    from pytest_mlgates.core.errors import MLGatesError

    try:
        found = session.configurations.governing_all(_places(session, pytest_session))
    except MLGatesError as error:
        raise pytest.UsageError(f"mlgates: {error}") from None
    return _nothing_required(session, found)


def _nothing_required(session: GateSession, found: list[Configuration]) -> str | None:
    from pytest_mlgates.core.errors import MLGatesError

    if any(c.settings.required for c in found):
        return None
    where = ", ".join(str(c.path) for c in found) or str(session.config.invocation_params.dir)
    what = "`required` is empty" if found else "no configuration governs this run"
    fix = 'name the gates that must run: required = ["…"]'
    if not found:
        fix += " under [tool.mlgates] in pyproject.toml, or in mlgates.toml"
    return str(MLGatesError(f"--mlgates-require demands nothing: {what}", where=where, fix=fix))


def _places(session: GateSession, pytest_session: pytest.Session) -> list[Path]:
    """Whatever this run touched: its paths, what it collected here, what reported from workers."""
    config = session.config
    places = dict.fromkeys(Path(path) for path in session.ledger.configurations())
    if _asked(session):
        start = config.invocation_params.dir
        places |= dict.fromkeys(Path(start, arg.partition("::")[0]) for arg in config.args)
        places |= dict.fromkeys(item.path for item in getattr(pytest_session, "items", ()))
        places |= dict.fromkeys(config.rootpath / file for file in _watch(session).files)
    return list(places)


def _asked(session: GateSession) -> bool:
    option = session.config.option
    return bool(
        option.mlgates or option.mlgates_require or option.mlgates_evidence or option.mlgates_lock
    )


def _record(session: GateSession, pytest_session: pytest.Session, closed: Closed) -> None:
    """Make the evidence, write it where it is wanted, and add the problems that it shows."""
    import dataclasses

    from pytest_mlgates.core.verdict import Outcome
    from pytest_mlgates.runner.check import evidence_of, unknown_waivers
    from pytest_mlgates.runner.evidence import UNFINISHED

    main, found = _configurations(session, pytest_session, closed)
    ledger = session.ledger
    allowing = {str(c.path) for c in (main, *found) if c.settings.allow_reruns}
    closed.problems += [RERUNS_DO_NOT_LAUNDER.format(name=n) for n in ledger.laundered(allowing)]
    closed.problems += [UNTOLD.format(name=name) for name in ledger.untold()]
    verdicts = ledger.verdicts(allowing)
    whole = _is_whole(session, pytest_session, main)
    evaluated = {v.id for v in verdicts if v.outcome is not Outcome.ERROR}
    required = dict.fromkeys(name for c in found for name in c.settings.required)
    missing = [name for name in required if name not in evaluated]
    judged = _judged(session, main, found) if whole else set()
    if unmet := [name for name in missing if name in judged]:
        closed.problems.append(f"required, not evaluated: {', '.join(unmet)}")
    closed.not_run = tuple(name for name in missing if name not in judged)
    if whole:
        ids = {*(v.id for v in verdicts), *(name for c in found for name in c.gates)}
        told = [text for c in found for text in unknown_waivers(c, ids, tests=True)]
        closed.problems += told
    if session.config.option.mlgates_require and (problem := _nothing_required(session, found)):
        closed.problems.append(problem)
    closed.problems += _of_locks(session, whole=whole)
    notes = _of_stand_ins(session, found or [main], verdicts, closed, whole=whole)
    primary = main if main.path is not None or not found else found[0]
    import msgspec  # seldom needed, and never without a gate

    from pytest_mlgates.plugin.signing import signer_of_run, subjects_of_run

    settings = msgspec.structs.replace(primary.settings, required=tuple(required))
    finished = _is_finished(pytest_session) and not _watch(session).ended
    evidence = evidence_of(
        dataclasses.replace(primary, settings=settings),
        verdicts,
        whole=whole and bool(found) and not missing and not _watch(session).ended,
        finished=finished,
        problems=[*closed.problems, *([] if finished else [UNFINISHED])],
        notes=notes,
        named=subjects_of_run(session.config),
        tests=ledger.tests(str(primary.path or "")),
        began=_began(session, primary),
    )
    # pytest itself fails a run that it did not finish.
    closed.problems = [one for one in evidence.problems if one != UNFINISHED]
    closed.evidence = evidence
    path = _evidence_path(session, main)
    if path is None:
        return
    from pytest_mlgates.runner.evidence import write as write_evidence

    try:
        write_evidence(path, evidence, signer=signer_of_run(session.config))
    except OSError as error:
        closed.problems.append(f"the evidence could not be written to {path}: {error.strerror}")
    else:
        closed.written = _relative(session, path)


def _began(session: GateSession, primary: Configuration) -> dict[str, Any] | None:
    """The commit when the run began, of the repository that *primary* is in."""
    from pytest_mlgates.runner.commit import root_of

    if session.began is None or session.began[0] != root_of(primary.base):
        return None
    return session.began[1]


def _of_locks(session: GateSession, *, whole: bool) -> list[str]:
    """What fails the run: a lock that claims something else, in CI; one that is not written."""
    from pytest_mlgates.core.ci import is_ci
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.plugin.locking import contradicted, write_locks

    entries = session.ledger.entries()
    try:
        if session.config.option.mlgates_lock:
            write_locks(entries, session.config.rootpath)
        elif is_ci() and session.config.option.mlgates:
            return contradicted(entries, whole=whole)
    except (MLGatesError, OSError) as error:
        return [str(error)]
    return []


def _of_stand_ins(
    session: GateSession,
    found: list[Configuration],
    verdicts: Sequence[Verdict],
    closed: Closed,
    *,
    whole: bool,
) -> list[str]:
    """What fails the run is added to *closed*; returned is what people should know."""
    from pytest_mlgates.core.errors import MLGatesError

    notes: list[str] = []
    for one in found if session.config.option.mlgates_stand_in else ():
        try:
            stand_in = session.configurations.stand_in(one)
        except MLGatesError as error:
            closed.problems.append(str(error))
            continue
        if stand_in is not None:
            path = str(one.path or "")
            governed = session.ledger.ids(path)
            own = [verdict for verdict in verdicts if verdict.id in governed]
            closed.problems += stand_in.contradicted(own)
            closed.problems += stand_in.excused(own, session.ledger.tests(path))
            notes += stand_in.notes()
            notes += stand_in.left_over(own) if whole else []
    return notes


def _configurations(
    session: GateSession, pytest_session: pytest.Session, closed: Closed
) -> tuple[Configuration, list[Configuration]]:
    """The main configuration, and all that governed the run; a misused one is a problem of it."""
    from pytest_mlgates.core.errors import MLGatesError

    configurations = session.configurations
    try:
        main = configurations.main()
    except MLGatesError as error:
        from pytest_mlgates.config.model import Configuration

        closed.problems.append(str(error))
        return Configuration(path=None, base=session.config.invocation_params.dir), []
    try:
        return main, configurations.governing_all(_places(session, pytest_session))
    except MLGatesError as error:
        closed.problems.append(str(error))
        return main, []


def _judged(session: GateSession, main: Configuration, found: list[Configuration]) -> set[str]:
    """The required ids that a whole run judges.

    Gates that a nested configuration declares are not collected by ``--mlgates``: requiring those
    is left to its own runs, and to ``--mlgates-require``.
    """
    everything = session.config.option.mlgates_require
    return {
        name
        for c in found
        for name in c.settings.required
        if everything or c is main or name not in c.gates
    }


def _is_whole(
    session: GateSession, pytest_session: pytest.Session, configuration: Configuration
) -> bool:
    """Whether this run judges what is required: nothing cut it short, and nothing was selected."""
    config, option = session.config, session.config.option
    if not _is_finished(pytest_session):
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


def _is_finished(pytest_session: pytest.Session) -> bool:
    """Whether nothing cut the run short: `-x`, Ctrl-C, a collection error."""
    cut_short = pytest_session.shouldfail or pytest_session.shouldstop
    ended = (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    return not cut_short and pytest_session.exitstatus in ended


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
