"""The typed values of ``[tool.mlgates]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pytest_mlgates.core.holdouts import DEFAULT
from pytest_mlgates.core.verdict import Policy
from pytest_mlgates.engines.options import CHECKS, ReadOptions
from pytest_mlgates.gates.base import Columns, Confidence, Reference
from pytest_mlgates.gates.reading import names_of, reader

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.core.waivers import Waiver
    from pytest_mlgates.engines.commands import Command
    from pytest_mlgates.gates.base import Gate, GateParameters


class RoleNames(Struct, frozen=True, kw_only=True):
    """Columns that play a role, wherever they are not named nearer to the gate."""

    y_true: str | None = None
    y_pred: str | None = None
    y_score: Columns | None = None
    query: str | None = None
    sample_weight: str | None = None
    cluster: str | None = None
    pos_label: str | int | float | bool | None = None

    def roles(self) -> dict[str, Any]:
        """The roles that are named here."""
        return {
            name: getattr(self, name)
            for name in names_of(RoleNames)
            if getattr(self, name) is not None
        }


class TableSettings(RoleNames, frozen=True, kw_only=True):
    """``[tool.mlgates.tables.NAME]``: where a table is, how to read it, and what judges it."""

    path: Reference
    delimiter: Annotated[str, reader(CHECKS["delimiter"])] | None = None
    quote: Annotated[str, reader(CHECKS["quote"])] | None = None
    encoding: Annotated[str, reader(CHECKS["encoding"])] | None = None
    decimal: Annotated[str, reader(CHECKS["decimal"])] | None = None
    null_values: Annotated[tuple[str, ...], reader(CHECKS["null_values"])] | None = None
    table_name: Annotated[str, reader(CHECKS["table_name"])] | None = None
    private: bool = False
    model: Reference | None = None
    features: Columns | None = None
    row_id: Columns | None = None
    budget: Annotated[int, Meta(ge=1)] | None = None
    predict: str = "predict"
    score: str = "predict_proba"

    def options(self) -> ReadOptions:
        """How to read its files."""
        return ReadOptions(**{name: getattr(self, name) for name in CHECKS})


class Settings(RoleNames, frozen=True, kw_only=True):
    """The part of ``[tool.mlgates]`` beside tables and gates."""

    confidence: Confidence | None = None
    inconclusive: Policy | None = None
    required: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    min_cell: Annotated[int, Meta(ge=1)] = 10
    allow_reruns: bool = False
    public_key: str | None = None
    ledger: Annotated[str, Meta(min_length=1)] = DEFAULT
    trust_registry: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    tables: dict[str, TableSettings] = {}
    gates: dict[str, dict[str, Any]] = {}
    waivers: tuple[Any, ...] = ()

    def defaults(self) -> dict[str, Any]:
        """What every gate starts from: roles, confidence and policy."""
        own = {"confidence": self.confidence, "inconclusive": self.inconclusive}
        return {**self.roles(), **{k: v for k, v in own.items() if v is not None}}


@dataclass(frozen=True, kw_only=True)
class DeclaredGate:
    """A gate of the configuration.

    Attributes:
        gate: Its kind and parameters.
        table: The declared table that it judges, for kinds that take one.
        entry: ``package.module:function`` for kinds that take a callable.
        command: In its place: what is run, and what it writes.
        promote: Whether a promotion wants proof, or lets the estimate of an undecided gate do.
        unread: Whether only a plugin, which was not imported, knows what it demands.
    """

    gate: Gate
    table: str | None = None
    entry: str | None = None
    command: Command | None = None
    promote: Literal["proof", "estimate"] = "proof"
    unread: bool = False

    @property
    def calls(self) -> str:
        """What it calls or runs, for people."""
        return str(self.entry) if self.command is None else self.command.name


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A validated configuration file.

    Attributes:
        path: The file; relative paths in it are relative to its folder, ``base``.
        settings: Everything but the parsed gates.
        gates: The declared gates by id, in the order of the file.
        waivers: Exceptions, also of gates that are markers.
        override: The policy of the command line; it stands over every other setting of it.
    """

    path: Path | None
    base: Path
    settings: Settings = field(default_factory=Settings)
    gates: dict[str, DeclaredGate] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    override: Policy | None = None

    def overriding(self, parameters: GateParameters) -> GateParameters:
        """*parameters* of any gate with the policy of the command line, where it names one."""
        if self.override is None:
            return parameters
        return msgspec.structs.replace(parameters, inconclusive=self.override)

    @property
    def source(self) -> str:
        """What messages call it: the file's name, or that there is none."""
        return self.path.name if self.path is not None else "no configuration"
