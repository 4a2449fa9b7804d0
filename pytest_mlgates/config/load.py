"""From a file to a :class:`Configuration`: collect every mistake, raise once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pytest_mlgates.config.find import PYPROJECT, find, read
from pytest_mlgates.config.model import Configuration, DeclaredGate, Settings, TableSettings
from pytest_mlgates.config.model_files import KEY as MODEL_FILES
from pytest_mlgates.config.model_files import read_model_files
from pytest_mlgates.core.errors import ConfigurationError, MLGatesError
from pytest_mlgates.core.holdouts import OFF
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.core.verdict import Policy
from pytest_mlgates.extensions.manager import BUILTIN_KINDS, gate_kind, kind_names, load_plugins
from pytest_mlgates.gates import reading
from pytest_mlgates.gates.base import Gate, GateKind, GateParameters, combine, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.core.waivers import Waiver

_ENTRY_TIMEOUT_S = 3600.0  # as of a command
# Keys of a gate's TOML table that are not parameters of its kind.
_OWN_KEYS = ("kind", "table", "entry", "command", "outputs", "promote")


def load(
    path: Path, *, inconclusive: str | None = None, project_code: bool = True
) -> Configuration:
    """The configuration in *path*.

    Args:
        path: ``pyproject.toml`` or ``mlgates.toml``.
        inconclusive: A policy from the command line; it stands over the file's and the gates' own.
        project_code: Whether the modules in ``plugins`` may be imported. A hook may not: gates of
            kinds that they register are then declared, and cannot be evaluated.

    Raises:
        ConfigurationError: with every mistake in it.
    """
    full = path.resolve()
    try:
        content = full.read_bytes()
    except OSError:
        content = b""  # reading it again says why it cannot be read
    return _load(full, inconclusive, project_code, hashlib.sha256(content).hexdigest())


def load_for(
    start: Path, *, inconclusive: str | None = None, project_code: bool = True
) -> Configuration:
    """The configuration that governs *start*; an empty one, based there, where there is none."""
    path = find(start.resolve())
    if path is not None:
        return load(path, inconclusive=inconclusive, project_code=project_code)
    folder = start if start.is_dir() else start.parent
    policy = None if inconclusive is None else Policy(inconclusive)
    settings = Settings(inconclusive=policy)
    return Configuration(path=None, base=folder.resolve(), settings=settings, override=policy)


@lru_cache(maxsize=64)
def _load(
    path: Path,
    inconclusive: str | None,
    project_code: bool,  # noqa: FBT001  (lru_cache keys are cheapest by position)
    _digest: str,
) -> Configuration:
    raw = read(path)
    errors: list[MLGatesError] = []
    settings = _settings(raw, path, errors)
    if inconclusive is not None:
        settings = msgspec.structs.replace(settings, inconclusive=Policy(inconclusive))
    if project_code:
        prepend_to_path(path.parent, settings.pythonpath)
        try:
            load_plugins(settings.plugins)
        except MLGatesError as error:
            errors.append(error.at(key_of(path, "plugins")))
    withheld = () if project_code else settings.plugins
    gates: dict[str, DeclaredGate] = {}
    for name, table in settings.gates.items():
        try:
            if withheld and _is_of_a_plugin(table):
                gates[name] = _of_a_plugin(name, table, settings, path)
            else:
                gates[name] = _gate(name, table, settings, path)
        except MLGatesError as error:
            errors += error.parts or [error]
    waivers = _waivers(raw, path, gates, errors)
    errors += [
        MLGatesError(
            f"table {name!r} has a budget, and no use of it is counted",
            where=key_of(path, "ledger"),
            got=f"ledger = {OFF!r}",
            want="a ledger that counts, or no budget",
        )
        for name, table in settings.tables.items()
        if table.budget is not None and settings.ledger == OFF
    ]
    if MODEL_FILES in raw:
        where = _table_of(path, MODEL_FILES)
        read_model_files(raw[MODEL_FILES], where, errors)
    if errors:
        raise ConfigurationError.collect(errors, source=str(path))
    policy = None if inconclusive is None else Policy(inconclusive)
    configuration = Configuration(
        path=path,
        base=path.parent,
        settings=settings,
        gates=gates,
        waivers=waivers,
        override=policy,
    )
    for name, declared in gates.items():
        parameters = configuration.overriding(declared.gate.parameters)
        gate = dataclasses.replace(declared.gate, parameters=parameters)
        gates[name] = dataclasses.replace(declared, gate=gate)
    return configuration


def _waivers(
    raw: Mapping[str, Any],
    path: Path,
    gates: Mapping[str, DeclaredGate],
    errors: list[MLGatesError],
) -> tuple[Waiver, ...]:
    if not {"waivers", "allow-loosening"} & set(raw):
        return ()
    from pytest_mlgates.config.waiver_entries import table_of
    from pytest_mlgates.config.waivers import read_allowed, read_waivers  # seldom needed

    kinds = {name: declared.gate.kind.name for name, declared in gates.items()}
    prefix = "tool.mlgates." if path.name == PYPROJECT else ""
    if "allow-loosening" in raw:
        where = f"{path.name} [[{prefix}allow-loosening]]"
        read_allowed(raw["allow-loosening"], where, errors)
    if "waivers" not in raw:
        return ()
    return read_waivers(raw["waivers"], kinds, table_of(path), errors)


def _is_of_a_plugin(table: Mapping[str, Any]) -> bool:
    """Whether only a plugin can know what a gate asks: its kind, or its metric."""
    kind, metric = table.get("kind"), table.get("metric")
    if kind == "metric" and isinstance(metric, str):
        from pytest_mlgates.gates.metric.metrics import is_known

        return not is_known(metric)
    return kind not in BUILTIN_KINDS


def _of_a_plugin(
    name: str, table: Mapping[str, Any], settings: Settings, path: Path
) -> DeclaredGate:
    """A gate of a kind that only the project's own code knows: declared, its arguments unread."""

    def evaluate(*_: Any) -> Any:
        raise MLGatesError(f"gate {name!r} is of a kind that a plugin registers")

    takes: Literal["table", "callable"] = "table" if "table" in table else "callable"
    kind = GateKind(
        name=str(table.get("kind")),
        takes=takes,
        positional=(),
        parameters=GateParameters,
        evaluate=evaluate,
    )
    where = _table_of(path, "gates", name)
    subject: dict[str, Any] = _subject(name, table, settings, takes, where)
    needs: Literal["gpu"] | None = "gpu" if table.get("needs") == "gpu" else None
    gate = Gate(id=name, kind=kind, parameters=GateParameters(needs=needs), where=where)
    return DeclaredGate(gate=gate, promote=_promote(table, where), unread=True, **subject)


def prepend_to_path(base: Path, folders: tuple[str, ...]) -> None:
    """Put the project's *folders* first on ``sys.path``, once each."""
    for folder in reversed(folders):
        full = str((base / folder).resolve())
        if full not in sys.path:
            sys.path.insert(0, full)


def key_of(path: Path, *parts: str) -> str:
    """``pyproject.toml [tool.mlgates.gates.x] min``: where the user wrote it."""
    prefix = ["tool", "mlgates"] if path.name == PYPROJECT else []
    full = [*prefix, *parts]
    table, key = full[:-1], full[-1]
    return f"{path.name} [{_dotted(table)}] {key}" if table else f"{path.name} {key}"


def _table_of(path: Path, *parts: str) -> str:
    prefix = ("tool", "mlgates") if path.name == PYPROJECT else ()
    return f"{path.name} [{_dotted([*prefix, *parts])}]"


def _dotted(parts: Sequence[str]) -> str:
    """``tool.mlgates.gates."v1.2"``: as TOML wants it written."""
    return ".".join(p if re.fullmatch(r"[\w-]+", p) else json.dumps(p) for p in parts)


def _settings(raw: Mapping[str, Any], path: Path, errors: list[MLGatesError]) -> Settings:
    """The settings without what is wrong: mistakes in the gates are told in the same run."""
    tables = _entries(raw, "tables", path, errors)
    gates = _entries(raw, "gates", path, errors)
    found, mistakes = reading.read(Settings, {k: v for k, v in raw.items() if k not in _ENTRIES})
    errors += [_complaint(one, Settings, path) for one in mistakes]
    read: dict[str, TableSettings] = {}
    for name, table in tables.items():
        values, mistakes = reading.read(TableSettings, table)
        errors += [_complaint(one, TableSettings, path, "tables", name) for one in mistakes]
        read[name] = TableSettings(**{"path": "unknown", **values})
    return Settings(**found, tables=read, gates=gates)


_ENTRIES = ("tables", "gates", "waivers", "allow-loosening", MODEL_FILES)


def _entries(
    raw: Mapping[str, Any], key: str, path: Path, errors: list[MLGatesError]
) -> dict[str, dict[str, Any]]:
    """The tables of TOML under *key*, by name."""
    given = raw.get(key, {})
    if not isinstance(given, dict):
        errors.append(_unusable(given, "a table", path, key))
        return {}
    errors += [
        _unusable(value, "a table", path, key, name)
        for name, value in given.items()
        if not isinstance(value, dict)
    ]
    return {name: value for name, value in given.items() if isinstance(value, dict)}


def _unusable(got: Any, want: str, path: Path, *keys: str) -> MLGatesError:
    return MLGatesError(
        f"{keys[-1]} is not usable", where=key_of(path, *keys), got=repr(got), want=want
    )


def _complaint(
    mistake: reading.Mistake, model: type[msgspec.Struct], path: Path, *keys: str
) -> MLGatesError:
    keys = (*keys, mistake.field)
    if mistake.kind == "unknown":
        names = sorted({*reading.names_of(model), *(_ENTRIES if model is Settings else ())})
        return MLGatesError(
            f"unknown key {mistake.field!r}",
            where=key_of(path, *keys),
            want=f"one of {listing(names, 40)}",
            fix=did_you_mean(mistake.field, names),
        )
    if mistake.kind == "missing":
        return MLGatesError(
            f"{mistake.field} is missing",
            where=key_of(path, *keys),
            fix=f'add `{mistake.field} = "data/file.parquet"`',
        )
    return _unusable(mistake.got, mistake.want, path, *keys)


def _gate(name: str, table: Mapping[str, Any], settings: Settings, path: Path) -> DeclaredGate:
    where = _table_of(path, "gates", name)
    if "kind" not in table:
        raise MLGatesError(
            f"gate {name!r} has no kind",
            where=where,
            want=f"one of {listing(kind_names())}",
            fix='add `kind = "metric"` (or another kind)',
        )
    try:
        kind = gate_kind(str(table["kind"]))
    except MLGatesError as error:
        raise error.at(f"{where} kind") from None
    mistakes: list[MLGatesError] = []
    subject: dict[str, Any] = {}
    try:
        if "command" in table or "outputs" in table:
            from pytest_mlgates.config.commands import declared_command  # imports numpy

            subject = {"command": declared_command(name, table, kind, path.parent, where)}
        else:
            subject = _subject(name, table, settings, kind.takes, where)
    except MLGatesError as error:
        mistakes.append(error)
    promote: Literal["proof", "estimate"] = "proof"
    try:
        promote = _promote(table, where)
    except MLGatesError as error:
        mistakes.append(error)
    defaults = settings.defaults()
    if "table" in subject:
        defaults |= settings.tables[subject["table"]].roles()
        features = settings.tables[subject["table"]].features
        if features is not None:
            defaults["features"] = features
    if "entry" in subject and table.get("fresh_process") is not False:
        # As a command: what it leaves in this process cannot help the next run, and it ends.
        defaults |= {"fresh_process": True, "timeout": _ENTRY_TIMEOUT_S}
    given = {k: v for k, v in table.items() if k not in _OWN_KEYS}
    try:
        parameters = parse(kind, (), given, defaults=defaults, where=where, beside=_OWN_KEYS)
    except MLGatesError as error:
        mistakes += error.parts or [error]
    if mistakes:
        raise combine(mistakes, where)
    if "command" in subject:
        from pytest_mlgates.config.commands import refuse_variations

        refuse_variations(subject["command"], parameters, where)
    return DeclaredGate(
        gate=Gate(id=name, kind=kind, parameters=parameters, where=where),
        promote=promote,
        **subject,
    )


def _promote(table: Mapping[str, Any], where: str) -> Literal["proof", "estimate"]:
    """What a promotion wants of the gate.

    Raises:
        MLGatesError: for anything but the two.
    """
    value = table.get("promote", "proof")
    if value == "proof":
        return "proof"
    if value == "estimate":
        return "estimate"
    raise MLGatesError(
        "promote is not usable",
        where=f"{where} promote",
        got=repr(value),
        want='"proof", or "estimate" where an undecided gate may be promoted on its estimate',
    )


def _subject(
    name: str, table: Mapping[str, Any], settings: Settings, takes: str, where: str
) -> dict[str, str]:
    wanted, other = ("table", "entry") if takes == "table" else ("entry", "table")
    if other in table:
        raise MLGatesError(
            f"gate {name!r} of kind {table['kind']!r} takes no {other}",
            where=f"{where} {other}",
            fix=f"name its {wanted} instead",
        )
    value = table.get(wanted)
    if not isinstance(value, str):
        example = 'table = "holdout"' if wanted == "table" else 'entry = "package.module:train"'
        raise MLGatesError(
            f"gate {name!r} names no {wanted}",
            where=where,
            got=repr(value) if value is not None else "",
            fix=f"add `{example}`",
        )
    if wanted == "table" and value not in settings.tables:
        raise MLGatesError(
            f"gate {name!r} judges an unknown table {value!r}",
            where=f"{where} table",
            want=f"one of the declared tables: {listing(settings.tables)}",
            fix=did_you_mean(value, list(settings.tables)),
        )
    return {wanted: value}
