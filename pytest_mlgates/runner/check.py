"""``mlgates check`` as a function: run declared gates, return the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import section
from pytest_mlgates.config.locked import known_gates, refuted
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.evidence import Evidence, environment, now
from pytest_mlgates.core.files import sha256_of_file, sha256_of_path
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.core.verdict import InputDigest, Outcome, Policy
from pytest_mlgates.runner.commit import commit_of, folder_of, throughout, url_of_job
from pytest_mlgates.runner.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.lock import Lock
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.runner.standing_in import StandIn

# Whose versions matter to a verdict.
RECORDED_PACKAGES = (
    "narwhals",
    "duckdb",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scikit-learn",
    "mlflow",
    "great-expectations",
    "fairlearn",
)


def select(configuration: Configuration, ids: Sequence[str]) -> list[DeclaredGate]:
    """The declared gates with *ids*, all of them if none is named; grouped by table.

    Raises:
        ConfigurationError: if there is no gate at all, or an id is unknown.
    """
    if not configuration.gates:
        raise ConfigurationError(
            "there are no gates to run",
            where=str(configuration.path or configuration.base),
            want=f"at least one {section(configuration.path, 'gates', 'NAME')}: an empty run "
            "proves nothing",
        )
    for name in ids:
        if name not in configuration.gates:
            raise ConfigurationError(
                f"unknown gate {name!r}",
                where=configuration.source,
                want=f"one of {listing(configuration.gates)}",
                fix=did_you_mean(name, list(configuration.gates)),
            )
    return [configuration.gates[name] for name in (ids or configuration.gates)]


def run(
    configuration: Configuration,
    ids: Sequence[str] = (),
    *,
    examples: int = 0,
    progress: Callable[[str], None] | None = None,
    step: Callable[[str], None] | None = None,
    named: Sequence[InputDigest] = (),
    stand_in: StandIn | None = None,
) -> Evidence:
    """Evaluate declared gates.

    Args:
        configuration: What governs the run.
        ids: The gates to run; none means all, which makes it a whole run.
        examples: How many example rows messages may show.
        progress: Called with a gate's id before it is evaluated.
        step: Called with what a gate that takes long is at: "run 2 of 4".
        named: What the run was told to be about, beside the models of its gates.
        stand_in: Signed evidence, for gates whose data is not here.

    Raises:
        ConfigurationError: no gates, or an unknown id.
    """
    began = commit_of(configuration.base)
    evaluator = Evaluator(configuration, examples=examples, progress=step, stand_in=stand_in)
    verdicts = []
    selected = select(configuration, tuple(dict.fromkeys(ids)))
    evaluator.expect(selected)
    for declared in selected:
        if progress is not None:
            progress(declared.gate.id)
        verdicts.append(evaluator.evaluate_declared(declared))
    lock = _lock(configuration)
    known = known_gates(configuration.gates, lock)
    problems = [] if ids else unknown_waivers(configuration, known)
    notes = refuted(configuration.path, lock, verdicts, whole=not ids) if configuration.path else []
    if is_ci():  # elsewhere a lock that is to be brought up to date fails nothing
        problems, notes = [*problems, *notes], []
    elif notes:
        notes = [*notes, "fix:   mlgates lock (in CI this fails the run)"]
    if stand_in is not None:
        problems = [*problems, *stand_in.contradicted(verdicts)]
        notes = [*notes, *stand_in.notes()]
    return evidence_of(
        configuration,
        verdicts,
        whole=not ids,
        problems=problems,
        notes=notes,
        named=named,
        began=began,
    )


def named_subjects(
    paths: Sequence[str], *, option: str, base: Path | None = None
) -> tuple[InputDigest, ...]:
    """Files and folders that a run is told to be about, with their digests.

    Raises:
        MLGatesError: if one cannot be read.
    """
    return tuple(
        InputDigest(
            name=path,
            digest=sha256_of_path(path, where=option, base=base),
            rows=None,
            role="model",
        )
        for path in dict.fromkeys(paths)
    )


def _lock(configuration: Configuration) -> Lock | None:
    return None if configuration.path is None else locks.read(locks.path_of(configuration.path))


def unknown_waivers(
    configuration: Configuration, known: Collection[str], *, tests: bool = False
) -> list[str]:
    """What to say of waivers of gates that are none of those *known* to a whole run.

    Args:
        configuration: Whose waivers.
        known: The ids of all gates.
        tests: Whether those of tests are among them; else ids with a test in them are let be.
    """
    if not configuration.waivers:
        return []
    from pytest_mlgates.config.waiver_entries import unknown

    return unknown([one for one in configuration.waivers if tests or "::" not in one.gate], known)


def explain(configuration: Configuration, ids: Sequence[str] = ()) -> dict[str, list[str]]:
    """What declared gates will read, by table, without evaluating them.

    Args:
        configuration: What governs them.
        ids: The gates; none means all.

    Raises:
        ConfigurationError: no gates, or an unknown id.
        MLGatesError: if a table cannot be read, or a suite cannot be judged.
    """
    return Evaluator(configuration).explain(select(configuration, tuple(dict.fromkeys(ids))))


def evidence_of(
    configuration: Configuration,
    verdicts: Sequence[Verdict],
    *,
    whole: bool,
    finished: bool = True,
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
    named: Sequence[InputDigest] = (),
    tests: Sequence[Mapping[str, Any]] = (),
    began: Mapping[str, Any] | None = None,
) -> Evidence:
    """The record of a run with *verdicts*.

    Args:
        configuration: What governed it.
        verdicts: What was found.
        whole: Whether nothing was selected or left out.
        finished: Whether the run came to its end.
        problems: What made it untrustworthy.
        notes: What people should know in time.
        named: What the run was told to be about, beside the models of its gates.
        tests: How the tests with gates ended.
        began: The commit when the run began (``commit_of``); None: it is not known.
    """
    settings = configuration.settings
    path = configuration.path
    expired, ending = _of_waivers(configuration.waivers)
    evidence = Evidence(
        verdicts=tuple(verdicts),
        complete=False,
        finished=finished,
        required=settings.required,
        configuration={"name": path.name, "digest": sha256_of_file(path)} if path else {},
        environment=environment(RECORDED_PACKAGES),
        policy=str(settings.inconclusive or Policy.ESTIMATE),
        created=now(),
        problems=(*problems, *expired),
        notes=(*notes, *ending),
        commit=_commit(configuration.base, began),
        url=url_of_job(),
        named=tuple(named),
        tests=tuple(tests),
    )
    return evidence.judged(whole=whole)


def _commit(base: Path, began: Mapping[str, Any] | None) -> dict[str, Any]:
    """With the folder: projects of one repository may have the same configuration."""
    ended = commit_of(base)
    found = ended if began is None else throughout(began, ended)
    return {**found, "folder": folder_of(base)} if found else {}


def _of_waivers(waivers: Sequence[Waiver]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What fails every run, and what every run says."""
    if not waivers:
        return (), ()
    from pytest_mlgates.core.waivers import ending, expired, today

    day = today()
    return tuple(expired(waivers, day)), tuple(ending(waivers, day))


def exit_code(evidence: Evidence) -> int:
    """0 passed, 1 a gate failed (or a required one was not evaluated), 2 a gate was misused."""
    if any(v.outcome is Outcome.ERROR for v in evidence.verdicts):
        return 2
    return 1 if evidence.result == "FAILED" else 0
