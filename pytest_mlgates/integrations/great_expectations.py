"""Expectations without a native form, evaluated by Great Expectations itself.

GX is imported when the first such expectation is met. It works in a context of its own, in memory:
no telemetry, no progress bars, no files, and the project's own GX context is put back. It never
sees a ``row_condition``: the rows are selected before.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from pytest_mlgates.engines.table import Table

_INDEX = "mlgates_index"
_FIELDS = ("unexpected_count", "missing_count", "element_count", "observed_value")
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
        suite = _suite(gx, expectations)
        with _context(gx) as context:
            batch = _batch(context, table)
            validated = batch.validate(
                suite,
                result_format={
                    "result_format": "BASIC",
                    "partial_unexpected_count": 0 if table.private else _MOST_EXAMPLES,
                },
            )
            return _in_order(validated.results, expectations, private=table.private)


def _import(expectations: Sequence[Mapping[str, Any]]) -> ModuleType:
    return optional(
        "great_expectations",
        extra="gx",
        why=f"the expectation {expectations[0]['type']} (it has no native form here)",
    )


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
    """GX warns of its own dependencies, at import and later; none of it is about the table."""
    before = os.environ.get("GX_ANALYTICS_ENABLED")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
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
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    try:
        yield context
    finally:
        if projects is not None:
            with contextlib.suppress(Exception):
                projects.set_project(before)


def _suite(gx: ModuleType, expectations: Sequence[Mapping[str, Any]]) -> Any:
    registry = optional(
        "great_expectations.expectations.registry", extra="gx", why="evaluating expectations"
    )
    configured = [_configured(registry, e, place) for place, e in enumerate(expectations)]
    return gx.ExpectationSuite(name="mlgates", expectations=configured)


def _configured(registry: ModuleType, expectation: Mapping[str, Any], place: int) -> Any:
    kind = registry.get_expectation_impl(expectation["type"])
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
        f"{expectation['type']} cannot be used", where=where, got=_first_line(str(error))
    )


def _batch(context: Any, table: Table) -> Any:
    """*table* as GX takes it: pandas, or Spark where it lives there."""
    if table.implementation == "pyspark":
        source = context.data_sources.add_spark("mlgates")
        frame = table.frame.to_native()
    else:
        source = context.data_sources.add_pandas("mlgates")
        frame = _pandas(table)
    asset = source.add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("whole")
    return definition.get_batch(batch_parameters={"dataframe": frame})


def _pandas(table: Table) -> Any:
    optional("pandas", extra="gx", why="Great Expectations")
    frame: Any = table.frame
    if table.implementation == "pandas":
        return frame.to_native()
    if table.implementation == "duckdb":
        return frame.to_native().df()
    collected = frame.collect() if hasattr(frame, "collect") else frame
    return collected.to_pandas()


def _in_order(
    results: Sequence[Any], expectations: Sequence[Mapping[str, Any]], *, private: bool
) -> list[dict[str, Any]]:
    """GX groups results by column; they go back to the order in which they were asked."""
    found: dict[int, dict[str, Any]] = {}
    for result in results:
        meta = result.expectation_config.meta or {}
        found[int(meta[_INDEX])] = _answer(result, private=private)
    lost = {"success": None, "error": "Great Expectations gave no result"}
    return [found.get(place, lost) for place in range(len(expectations))]


def _answer(result: Any, *, private: bool) -> dict[str, Any]:
    raised = _exception(result.exception_info)
    if raised is not None:
        # An exception may quote a value of the table.
        text = "" if private else f": {raised}"
        return {
            "success": None,
            "engine": "great_expectations",
            "error": f"Great Expectations could not evaluate this{text}",
        }
    values = result.result or {}
    answer = {name: values.get(name) for name in _FIELDS}
    answer["success"] = bool(result.success)
    answer["engine"] = "great_expectations"
    answer["error"] = None
    answer["examples"] = list(values.get("partial_unexpected_list") or [])
    return answer


def _exception(info: Any) -> str | None:
    """The first exception's message in GX's report, which is flat or one level deep."""
    if not isinstance(info, dict):
        return None
    if "raised_exception" in info:
        if not info["raised_exception"]:
            return None
        return _first_line(str(info.get("exception_message") or "an exception"))
    messages = [_exception(part) for part in info.values()]
    return next((message for message in messages if message is not None), None)


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:200] if lines else "an exception"
