"""The kind ``data_schema``: its parameters, and the way to the modules that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from pytest_mlgates.gates.base import GateKind, GateParameters
from pytest_mlgates.gates.reading import reader

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context


def _suite(value: Any) -> Any:
    from pathlib import Path

    known = isinstance(value, str | Path | list | tuple | dict) or hasattr(value, "to_json_dict")
    if not known or value == "":
        raise ValueError('a path, or a list of {"type": …, "kwargs": {…}}')
    return value


class DataSchemaParameters(GateParameters, frozen=True, kw_only=True):
    """Parameters of a ``data_schema`` gate.

    Attributes:
        suite: A path of suite JSON, its content, a list of expectations, or a GX suite.
        examples: How many example rows a failure may show (0: none, data may be personal).
    """

    suite: Annotated[Any, reader(_suite)]
    examples: Annotated[int, Meta(ge=0)] = 0


def evaluate(parameters: DataSchemaParameters, subject: Any, context: Context) -> Verdict:
    """The verdict of a suite on a table (the modules behind are imported here)."""
    from pytest_mlgates.gates.data_schema.judge import evaluate as judge

    return judge(parameters, subject, context)


def check(parameters: DataSchemaParameters, context: Context) -> None:
    """Raise what is wrong with a suite, whatever table it is for."""
    from pytest_mlgates.gates.data_schema.suite import load

    load(parameters.suite, context.base)


def foresee(parameters: DataSchemaParameters, table: Table, context: Context) -> None:
    """Tell *table* what a suite will want of it."""
    from pytest_mlgates.gates.data_schema.judge import foresee as tell

    tell(parameters, table, context)


def anticipate(parameters: DataSchemaParameters, table: Table, context: Context) -> None:
    """Ask *table* what :func:`evaluate` will need, so that one scan answers several gates."""
    from pytest_mlgates.gates.data_schema.judge import anticipate as ask

    ask(parameters, table, context)


def explain(table: Table) -> list[str]:
    """What will be read of *table* for all contracts that were anticipated."""
    from pytest_mlgates.gates.data_schema.judge import explain as steps

    return steps(table)


KIND = GateKind(
    name="data_schema",
    takes="table",
    positional=("suite",),
    parameters=DataSchemaParameters,
    evaluate=evaluate,
    check=check,
    foresee=foresee,
    anticipate=anticipate,
    explain=explain,
)
