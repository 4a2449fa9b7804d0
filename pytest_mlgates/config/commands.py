"""``command`` and ``outputs`` of a declared gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.commands import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgates.gates.base import GateKind, GateParameters


def declared_command(
    name: str, table: Mapping[str, Any], kind: GateKind, base: Path, where: str
) -> Command:
    """The command of the gate *name*.

    Raises:
        MLGatesError: if its kind runs nothing, or something is missing, beside it or unusable.
    """
    if kind.takes != "callable":
        raise MLGatesError(
            f"gate {name!r} of kind {kind.name!r} runs no command",
            where=f"{where} {'command' if 'command' in table else 'outputs'}",
            fix="name its table instead",
        )
    beside = [key for key in ("entry", "table") if key in table]
    if beside and "command" in table:
        raise MLGatesError(
            f"gate {name!r} names both a command and {listing(beside)}",
            where=f"{where} command",
            fix="keep one of them",
        )
    text = table.get("command")
    if not isinstance(text, str):
        raise MLGatesError(
            f"gate {name!r} has outputs and no command",
            where=where,
            got=repr(text) if text is not None else "",
            fix="leave out `outputs`: a function returns its result"
            if beside
            else 'add `command = "python train.py --out {out}"`',
        )
    outputs = table.get("outputs", [])
    if not isinstance(outputs, list) or not all(isinstance(one, str) for one in outputs):
        raise MLGatesError(
            "outputs is not usable",
            where=f"{where} outputs",
            got=repr(outputs),
            want='a list of paths relative to {out}: ["predictions.csv"]',
        )
    if table.get("fresh_process") is False:
        raise MLGatesError(
            "a command always runs in a process of its own",
            where=f"{where} fresh_process",
            got="false",
            fix="leave out `fresh_process`",
        )
    if table.get("level") == "statistical":
        raise MLGatesError(
            "a command takes no seeds, which level 'statistical' needs",
            where=f"{where} level",
            want="'bitwise' or 'tolerance'",
            fix='name a function that takes seed=: entry = "package.module:train"',
        )
    try:
        return Command.of(text, outputs, base)
    except MLGatesError as error:
        raise error.at(f"{where} command") from None


def refuse_variations(command: Command, parameters: GateParameters, where: str) -> None:
    """Misuse for what the gate varies and the command cannot have varied."""
    try:
        command.refuse(getattr(parameters, "vary", ()))
    except MLGatesError as error:
        raise error.at(f"{where} vary") from None
