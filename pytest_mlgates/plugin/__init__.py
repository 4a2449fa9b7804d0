"""The pytest plugin: options, markers, the fixture, and hooks that hand everything on.

Nothing of this project, and no third-party library, is imported here: pytest loads this module in
every project that has it installed. What a gate needs is imported when the first gate is seen.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_mlgates.plugin.fixture import MLGate
    from pytest_mlgates.plugin.session import GateSession

KINDS = ("data_schema", "metric", "fairness", "reproducibility")
WATCH = "mlgates-watch"
_SESSION = "mlgates-session"
_KEY = "MLGATES_SIGN_KEY"
_CONFIGURATION_NAMES = ("mlgates.toml", "pyproject.toml")

_MARKERS = {
    "data_schema(suite, *, examples=0, id=None, inputs=(), needs=None)": "hold the table given to "
    "`mlgate` to a Great Expectations suite (a path, or a list of expectations)",
    "metric(metric, *, min=None, max=None, no_worse_than=None, margin=None, by=None, id=None, "
    "inputs=(), needs=None, ...)": "hold a metric of the evaluation table given to `mlgate` to a "
    "bound",
    "fairness(metric, *, by, min=None, max=None, id=None, inputs=(), needs=None, ...)": "hold a "
    "disparity between groups of the evaluation table given to `mlgate` to a bound",
    "reproducibility(*, runs=2, level='bitwise', fresh_process=None, vary=(), against=None, "
    "timeout=None, id=None, inputs=(), needs=None, ...)": "run the callable given to `mlgate` "
    "several times and compare what it returns",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options are plain strings and flags: pytest-xdist sends them to its workers."""
    group = parser.getgroup("mlgates", "quality gates for machine learning")
    group.addoption(
        "--mlgates",
        action="store_true",
        default=False,
        help="also run the gates declared in [tool.mlgates] (pyproject.toml or mlgates.toml)",
    )
    group.addoption(
        "--mlgates-require",
        action="store_true",
        default=False,
        help="fail unless every gate in `required` was evaluated, whatever was selected",
    )
    group.addoption(
        "--mlgates-inconclusive",
        choices=("estimate", "pass", "fail"),
        default=None,
        help="what becomes of gates that the rows cannot decide: their deciding estimate resolves "
        "them (estimate, the default), only disproven gates fail (pass), proof is required (fail)",
    )
    group.addoption(
        "--mlgates-evidence",
        metavar="PATH",
        default=None,
        help="write the record of the run there (with --mlgates: .mlgates/evidence.json)",
    )
    group.addoption(
        "--mlgates-subject",
        action="append",
        metavar="PATH",
        default=[],
        help="file or folder that the evidence is about: the model that tests load (repeatable)",
    )
    group.addoption(
        "--mlgates-sign-key",
        metavar="FILE",
        default=None,
        help="private key (PEM, Ed25519) that signs the evidence (default: MLGATES_SIGN_KEY)",
    )
    group.addoption(
        "--mlgates-stand-in",
        metavar="EVIDENCE",
        default=None,
        help="evidence of this commit, signed where the data is: for gates whose data, or the GPU "
        "that they need, is not here",
    )
    group.addoption(
        "--mlgates-key",
        metavar="FILE",
        default=None,
        help="public key that must have signed what stands in (default: `public_key`)",
    )
    group.addoption(
        "--mlgates-max-age",
        metavar="AGE",
        default=None,
        help="how old it may be: 7d (default), 12h, 30m",
    )
    group.addoption(
        "--mlgates-list",
        action="store_true",
        default=False,
        help="list the gates of the selected tests and of the configuration, and run nothing",
    )
    group.addoption(
        "--mlgates-lock",
        action="store_true",
        default=False,
        help="write what the gates of this run found into mlgates.lock",
    )
    group.addoption(
        "--mlgates-refresh",
        action="store_true",
        default=False,
        help="hold models to the champions that aliases name now, not to those in mlgates.lock",
    )
    group.addoption(
        "--mlgates-examples",
        metavar="N",
        default=None,
        help="show up to N example values of what broke a contract (default 0; never for private "
        "tables)",
    )
    group.addoption(
        "--mlgates-record",
        action="store_true",
        default=False,
        help="make the stored runs of reproducibility gates (`against`) instead of comparing with "
        "them; refused where CI is set",
    )
    group.addoption(
        "--mlgates-strict",
        action="store_true",
        default=False,
        help="fail tests that carry a gate's marker as a plain label, without a gate",
    )
    group.addoption(
        "--mlgates-seed",
        metavar="N",
        default=None,
        help="what the fixture `mlgate_seed` derives the seed of each test from (default: `seed` "
        "in [tool.mlgates], or 0)",
    )
    parser.addini(
        "mlgates_short_markers",
        type="bool",
        default=True,
        help="whether @pytest.mark.fairness and its like are gates; false leaves the names to the "
        "project, @pytest.mark.mlgates_fairness and its like always work",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A listing collects and no more: pytest-xdist, for one, then starts no workers."""
    if config.option.mlgates_list:
        config.option.collectonly = True


def pytest_configure(config: pytest.Config) -> None:
    """Register markers; judge options and configuration before anything is collected."""
    short = config.getini("mlgates_short_markers")
    for signature, text in _MARKERS.items():
        if short:
            config.addinivalue_line("markers", f"{signature}: {text}")
        config.addinivalue_line("markers", f"mlgates_{signature}: {text}")
    config.pluginmanager.register(Watch(config), WATCH)
    option = config.option
    asked = option.mlgates or option.mlgates_require or option.mlgates_strict
    asked = asked or option.mlgates_evidence or option.mlgates_examples or option.mlgates_lock
    asked = asked or option.mlgates_refresh
    asked = asked or option.mlgates_list or option.mlgates_stand_in
    asked = asked or option.mlgates_key or option.mlgates_max_age
    asked = asked or option.mlgates_record or option.mlgates_seed is not None
    if option.mlgates_sign_key or option.mlgates_subject or _KEY in os.environ:
        from pytest_mlgates.plugin.signing import prepare

        prepare(config)
    if asked or option.mlgates_inconclusive:
        gate_session(config).configurations.check()
        gate_session(config).begin()
    elif _is_configured(config.invocation_params.dir):
        # Values are validated when the first gate is seen: that needs heavier imports.
        gate_session(config).configurations.check_file()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the declared gates, early, so that -k, -m, --deselect and --lf select among them too."""
    if config.option.mlgates or config.option.mlgates_list:
        gate_session(config).add_declared_gates(session, items)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """``pytest pyproject.toml::ID`` runs a declared gate without any option."""
    if file_path.name in _CONFIGURATION_NAMES and parent.session.isinitpath(file_path):
        return gate_session(parent.config).configuration_file(parent, file_path)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Find tests that carry gates; a misused marker is a collection error that names its test."""
    report = yield
    if report.passed and report.result:
        inherited = any(_is_ours(mark) for mark in collector.iter_markers())
        found = [
            node
            for node in report.result
            if isinstance(node, pytest.Item) and (inherited or _concerns_us(node))
        ]
        if found:
            gate_session(collector.config).examine(found, report)
    return report


def pytest_report_header(config: pytest.Config) -> str | None:
    """The seed, where it was given; else it is told once tests that use it were collected."""
    given = config.option.mlgates_seed
    return None if given is None else f"mlgates: seed {given}"


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """The seed, where a test asks for it."""
    if config.option.mlgates_seed is not None:
        return None
    seeded = [item for item in items if "mlgate_seed" in getattr(item, "fixturenames", ())]
    if not seeded:
        return None
    from pytest_mlgates.plugin.seeds import seed_line

    return seed_line(gate_session(config), seeded)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What is known once all tests are: misuse ends the run before any of them."""
    if session.config.option.mlgates_list:
        session.config.option.collectonly = False  # the list of gates stands for that of tests
    known = session.config.pluginmanager.has_plugin(_SESSION)
    # A conftest may have marked tests after they were collected.
    if known or any(_concerns_us(item) for item in session.items):
        gate_session(session.config).finish_collection(session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """With ``--mlgates-list`` nothing runs, and the gates are shown in its place."""
    option = session.config.option
    if not option.mlgates_list or (
        session.testsfailed and not option.continue_on_collection_errors
    ):
        return None  # pytest says what could not be collected
    from pytest_mlgates.plugin.listing import show_gates

    show_gates(gate_session(session.config), session)
    return True


@pytest.fixture
def mlgate(request: pytest.FixtureRequest) -> MLGate:
    """Evaluate this test's gates: ``mlgate(table)`` or ``mlgate(callable)``.

    Every marker of the test whose kind takes the subject is evaluated; then one ``GateFailure`` is
    raised with all that failed, or the verdicts are returned. Keywords are roles
    (``y_true="label"``, or arrays), ``sensitive_features=``, and ``subject="fold-3"``, which tells
    calls apart.

    ``mlgate.data_schema(table, suite)``, ``.metric(table, "f1", min=0.8)``, ``.fairness(…)`` and
    ``.reproducibility(…)`` do the same without markers. ``with mlgate.collect():`` defers failures
    to the end of the block.
    """
    return gate_session(request.config).fixture(request.node)


@pytest.fixture
def mlgate_seed(request: pytest.FixtureRequest) -> Generator[int, None, None]:
    """Seed Python, numpy, torch and TensorFlow/Keras for this test; the value is the seed.

    It is derived from ``--mlgates-seed`` and the test's id: another for each test, the same in
    every run. Libraries that are imported later in the test are seeded when they are. Afterwards
    the generators are what they were before. ``pytest_mlgates.seed`` does the same anywhere.

    A reproducibility gate resets nothing between its runs: hand the seed to what it calls,
    ``mlgate(partial(train, seed=mlgate_seed))``.
    """
    from pytest_mlgates.plugin.seeds import seeded

    with seeded(gate_session(request.config), request.node) as value:
        yield value


def gate_session(config: pytest.Config) -> GateSession:
    """The one session object of this process, made when the first gate is seen."""
    found: Any = config.pluginmanager.get_plugin(_SESSION)
    if found is None:
        from pytest_mlgates.plugin.session import GateSession

        found = GateSession(config)
        config.pluginmanager.register(found, _SESSION)
    session: GateSession = found
    return session


def _is_ours(mark: pytest.Mark) -> bool:
    return mark.name.removeprefix("mlgates_") in KINDS


def _concerns_us(item: pytest.Item) -> bool:
    return "mlgate" in getattr(item, "fixturenames", ()) or any(
        _is_ours(mark) for mark in item.own_markers
    )


def _is_configured(start: Path) -> bool:
    """Whether a configuration of ours governs *start*; reads a few small files, imports nothing."""
    for folder in (start, *start.parents):
        for name in _CONFIGURATION_NAMES:
            path = folder / name
            if name == "mlgates.toml":
                if path.is_file():
                    return True
                continue
            try:
                mentioned = b"mlgates" in path.read_bytes()
            except OSError:
                continue
            if mentioned:
                from pytest_mlgates.core.errors import MLGatesError

                try:
                    from pytest_mlgates.config.find import has_gates

                    if has_gates(path):
                        return True
                except MLGatesError:
                    return True  # not TOML: the check says so
    return False


class Watch:
    """Wakes the session when verdicts arrive from a worker, and remembers what it may ask later.

    Attributes:
        partial: Whether something was deselected or could not be collected.
        down: The workers that ended badly.
        files: The files of the tests that reported, as their node ids name them.
        ended: Whether Ctrl-C or ``pytest.exit`` ended the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.partial = False
        self.down: list[str] = []
        self.files: set[str] = set()
        self.ended = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand on what carries verdicts."""
        self.files.add(report.nodeid.partition("::")[0])
        # The properties are the second trace of a verdict, should the first get lost.
        if hasattr(report, "mlgates") or any(
            name.startswith("mlgates.") for name, _ in report.user_properties
        ):
            gate_session(self.config).add_report(report)

    def pytest_deselected(self) -> None:
        """A selection is not a whole run."""
        self.partial = True
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["mlgates_partial"] = True

    def pytest_keyboard_interrupt(self) -> None:
        """A run that was ended is not whole, whatever its exit code."""
        self.ended = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Nor is a run without what could not be collected."""
        self.partial = self.partial or bool(report.failed)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Learn from pytest-xdist how a worker ended."""
        output = getattr(node, "workeroutput", {})
        if "mlgates" in output:
            gate_session(self.config).add_worker(output["mlgates"])
        if error:
            name = getattr(getattr(node, "gateway", None), "id", "?")
            self.down.append(f"worker {name} went down: {error}")
        elif output.get("mlgates_partial"):
            self.partial = True
