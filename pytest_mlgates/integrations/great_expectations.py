"""Expectations without a native form, evaluated by Great Expectations itself.

GX is imported when the first such expectation is met. It works in a context of its own, in memory:
no telemetry, no progress bars, no files, and the project's own GX context is put back. It never
sees a ``row_condition``: the rows are selected before.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import warnings
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.integrations.gx_results import answer, failed, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from pytest_mlgates.engines.table import Table

_INDEX = "mlgates_index"
_NOT_ARGUMENTS = frozenset(
    {
        "id",
        "meta",
        "notes",
        "result_format",
        "description",
        "catch_exceptions",
        "rendered_content",
        "severity",
        "windows",
        "batch_id",
        "row_condition",
        "condition_parser",
    }
)
# Enough for any number of examples that a message shows.
_MOST_EXAMPLES = 20
_SILENT = logging.CRITICAL + 1


@hookimpl
def mlgates_evaluate_expectations(
    table: Table, expectations: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Results of *expectations* on *table*, in order, in the fields of GX.

    Raises:
        MLGatesError: for a type or an argument that GX does not have either.
        MissingExtraError: if GX does not import.
    """
    _refuse_unknown(expectations)
    with _quiet():
        gx = _import(expectations)
        configured = _configured_all(expectations)
        from pytest_mlgates.integrations.gx_tables import for_gx

        frame = for_gx(table, _columns(table, expectations))
        with _context(gx) as context, _uncached(table, frame):
            batch = _batch(context, table, frame)
            return _answers(gx, batch, configured, private=table.private)


def _import(expectations: Sequence[Mapping[str, Any]]) -> ModuleType:
    why = f"the expectation {expectations[0]['type']} (it has no native form here)"
    try:
        return optional("great_expectations", extra="gx", why=why)
    except MissingExtraError as error:
        if error.got.startswith("SystemExit") and importlib.util.find_spec("pyspark"):
            # pyspark without its `connect` extra ends whoever imports its test helpers, as GX does.
            error.fix = "pip install 'pytest-mlgates[gx,spark]'"
        raise


def _refuse_unknown(expectations: Sequence[Mapping[str, Any]]) -> None:
    """A misspelt type is told by name, with or without GX; registered ones are known."""
    from pytest_mlgates.gates.data_schema.foreign import GX_TYPES
    from pytest_mlgates.gates.data_schema.native import NATIVE

    builtin = {*GX_TYPES, *NATIVE}
    unknown = [e for e in expectations if e["type"] not in builtin]
    if not unknown:
        return
    registered = _registered()
    for expectation in unknown:
        if expectation["type"] not in registered:
            known = sorted({*builtin, *registered})
            raise MLGatesError(
                f"unknown expectation {expectation['type']!r}",
                where=str(expectation.get("where", "")),
                want=f"an expectation of Great Expectations 1.x, such as {listing(known, 3)}",
                fix=did_you_mean(expectation["type"], known),
            )


def _registered() -> set[str]:
    """The expectations in GX's registry, none if GX does not import."""
    try:
        with _quiet():
            registry = optional(
                "great_expectations.expectations.registry", extra="gx", why="unknown expectations"
            )
            return set(registry.list_registered_expectation_implementations())
    except MLGatesError:
        return set()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """GX warns of its dependencies, logs with values of the table, and draws progress bars.

    A progress bar starts a thread that outlives it, unless its interval is 0.
    """
    before = os.environ.get("GX_ANALYTICS_ENABLED")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(_SILENT)
    bars: Any = None
    with contextlib.suppress(MLGatesError):
        bars = optional("tqdm", extra="gx", why="Great Expectations").tqdm
    interval = getattr(bars, "monitor_interval", None)
    try:
        if bars is not None:
            bars.monitor_interval = 0
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars is not None:
            bars.monitor_interval = interval
        logger.setLevel(level)
        if before is None:
            os.environ.pop("GX_ANALYTICS_ENABLED", None)
        else:
            os.environ["GX_ANALYTICS_ENABLED"] = before


@contextlib.contextmanager
def _context(gx: ModuleType) -> Iterator[Any]:
    """An ephemeral context; the one that the project itself uses is current again afterwards."""
    factory = optional(
        "great_expectations.data_context.data_context.context_factory",
        extra="gx",
        why="evaluating expectations",
    )
    projects = getattr(factory, "project_manager", None)
    before = None
    with contextlib.suppress(Exception):  # no project, or a version that keeps it elsewhere
        before = projects._project if projects is not None else None  # noqa: SLF001
    types = optional(
        "great_expectations.data_context.types.base", extra="gx", why="evaluating expectations"
    )
    # The stores of the default configuration begin with a folder for documentation.
    in_memory = types.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context = gx.get_context(
        mode="ephemeral",
        project_config=types.DataContextConfig(
            store_backend_defaults=in_memory, analytics_enabled=False
        ),
    )
    context.variables.progress_bars = {"globally": False}
    try:
        yield context
    finally:
        if projects is not None:
            with contextlib.suppress(Exception):
                projects.set_project(before)


def _configured_all(expectations: Sequence[Mapping[str, Any]]) -> list[Any]:
    registry = optional(
        "great_expectations.expectations.registry", extra="gx", why="evaluating expectations"
    )
    return [_configured(registry, e, place) for place, e in enumerate(expectations)]


def _configured(registry: ModuleType, expectation: Mapping[str, Any], place: int) -> Any:
    try:
        kind = registry.get_expectation_impl(expectation["type"])
    except Exception as error:
        raise MLGatesError(
            f"{expectation['type']} is not in the installed Great Expectations",
            where=str(expectation.get("where", "")),
            got=type(error).__name__,
            fix="pip install --upgrade great-expectations",
        ) from None
    try:
        return kind(**expectation["kwargs"], meta={_INDEX: place})
    except Exception as error:  # pydantic 1 or 2, by version of GX
        raise _misuse(error, kind, expectation) from None


def _misuse(error: Exception, kind: Any, expectation: Mapping[str, Any]) -> MLGatesError:
    fields = sorted(getattr(kind, "__fields__", {}))
    where = str(expectation.get("where", ""))
    told = getattr(error, "errors", None)  # pydantic 1 and 2
    complaints = told() if callable(told) else []
    for complaint in complaints:
        name = ".".join(str(part) for part in complaint.get("loc", ()))
        if name and name not in fields and name in expectation["kwargs"]:
            return MLGatesError(
                f"unknown argument {name!r}",
                where=where,
                want=f"one of {listing([f for f in fields if f not in _NOT_ARGUMENTS], 20)}",
                fix=did_you_mean(name, fields),
            )
        return MLGatesError(
            f"{name or 'an argument'} is not usable",
            where=where,
            got=repr(expectation["kwargs"].get(name)) if name in expectation["kwargs"] else "",
            want=str(complaint.get("msg", "")),
        )
    return MLGatesError(
        f"{expectation['type']} cannot be used", where=where, got=one_line(str(error))
    )


def _columns(table: Table, expectations: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of *table* that *expectations* are about, in its order.

    All of them where a class of the project's own might look at any, or none is named.
    """
    from pytest_mlgates.gates.data_schema.foreign import GX_TYPES
    from pytest_mlgates.gates.data_schema.native import NATIVE

    named: set[Any] = set()
    for expectation in expectations:
        mine = {
            name
            for key, value in expectation["kwargs"].items()
            if key.startswith("column")
            for name in (value if isinstance(value, list | tuple | set) else [value])
            if isinstance(name, str)
        }
        if not mine or expectation["type"] not in {*GX_TYPES, *NATIVE}:
            return table.columns
        named |= mine
    return [column for column in table.columns if column in named] or table.columns


def _batch(context: Any, table: Table, frame: Any) -> Any:
    spark = table.implementation == "pyspark"
    source = (context.data_sources.add_spark if spark else context.data_sources.add_pandas)(
        "mlgates"
    )
    asset = source.add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("whole")
    return definition.get_batch(batch_parameters={"dataframe": frame})


@contextlib.contextmanager
def _uncached(table: Table, frame: Any) -> Iterator[None]:
    """GX leaves a Spark frame in the cluster's memory: out again, unless it was there before."""
    kept = table.implementation != "pyspark" or bool(frame.is_cached)
    try:
        yield
    finally:
        if not kept:
            frame.unpersist()


def _answers(
    gx: ModuleType, batch: Any, configured: Sequence[Any], *, private: bool
) -> list[dict[str, Any]]:
    """The answers in the order of *configured* (GX groups its results by column).

    Where GX raises over the whole suite, each is asked by itself.
    """
    shown = {
        "result_format": "BASIC",
        "partial_unexpected_count": 0 if private else _MOST_EXAMPLES,
    }
    try:
        suite = gx.ExpectationSuite(name="mlgates", expectations=list(configured))
        results = batch.validate(suite, result_format=shown).results
    except Exception as error:  # GX, or an expectation of the project's own
        if len(configured) == 1:
            return [failed(str(error), private=private)]
        return [_answers(gx, batch, [one], private=private)[0] for one in configured]
    found = {
        int(result.expectation_config.meta[_INDEX]): answer(result, private=private)
        for result in results
    }
    lost = failed("no result", private=False)
    return [found.get(one.meta[_INDEX], lost) for one in configured]
