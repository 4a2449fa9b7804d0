"""The typed values of ``[tool.mlgates]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pytest_mlgates.core.verdict import Policy
from pytest_mlgates.engines.options import CHECKS, ReadOptions
from pytest_mlgates.gates.base import Columns, Number

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.gates.base import Gate, GateParameters


class RoleNames(BaseModel):
    """Columns that play a role, wherever they are not named nearer to the gate."""

    # Schemas are built when first needed: 30 ms of every hook that needs few.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
            for name in RoleNames.model_fields
            if getattr(self, name) is not None
        }


class TableSettings(RoleNames):
    """``[tool.mlgates.tables.NAME]``: where a table is, how to read it, and what judges it."""

    path: str
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    null_values: tuple[str, ...] | None = None
    table_name: str | None = None
    private: bool = False
    model: str | None = None
    features: Columns | None = None
    predict: str = "predict"
    score: str = "predict_proba"

    @field_validator(*CHECKS, mode="before")
    @classmethod
    def _can_be_meant(cls, value: Any, info: ValidationInfo) -> Any:
        return None if value is None else CHECKS[str(info.field_name)](value)

    def options(self) -> ReadOptions:
        """How to read its files."""
        return ReadOptions(**{name: getattr(self, name) for name in CHECKS})


class Settings(RoleNames):
    """The part of ``[tool.mlgates]`` beside tables and gates."""

    confidence: Annotated[Number, Field(gt=0.5, lt=1.0)] | None = None
    inconclusive: Policy | None = None
    required: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    min_cell: Annotated[int, Field(ge=1)] = 10
    allow_reruns: bool = False
    tables: dict[str, TableSettings] = {}
    gates: dict[str, dict[str, Any]] = {}

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
    """

    gate: Gate
    table: str | None = None
    entry: str | None = None


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A validated configuration file.

    Attributes:
        path: The file; relative paths in it are relative to its folder, ``base``.
        settings: Everything but the parsed gates.
        gates: The declared gates by id, in the order of the file.
        override: The policy of the command line; it stands over every other setting of it.
    """

    path: Path | None
    base: Path
    settings: Settings = field(default_factory=Settings)
    gates: dict[str, DeclaredGate] = field(default_factory=dict)
    override: Policy | None = None

    def overriding(self, parameters: GateParameters) -> GateParameters:
        """*parameters* of any gate with the policy of the command line, where it names one."""
        if self.override is None:
            return parameters
        return parameters.model_copy(update={"inconclusive": self.override})

    @property
    def source(self) -> str:
        """What messages call it: the file's name, or that there is none."""
        return self.path.name if self.path is not None else "no configuration"
