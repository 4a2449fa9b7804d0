"""``[tool.mlgates.model-files]``: which model files may be loaded and committed, and how large.

Standard library only: the hook reads nothing else of a configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import find, read, section
from pytest_mlgates.core.errors import ConfigurationError, MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY = "model-files"
_UNITS = {"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_UNITS |= {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """The settings, or their defaults.

    Attributes:
        path: The configuration they stand in; None where there is none.
        max_size: The most bytes a committed model file may have. From 50 MB on GitHub warns.
        allow: The reason by the digest (``sha256:…``) of each file that is allowed as it is.
        allow_globals: What pickles may import beside what is known to be harmless.
        trust_registry: Whether what MLflow's registry holds may run code when it is loaded.
    """

    path: Path | None = None
    max_size: int = 50 * 10**6
    allow: Mapping[str, str] = field(default_factory=dict)
    allow_globals: frozenset[str] = frozenset()
    trust_registry: bool = False

    @property
    def section(self) -> str:
        """What the user calls the place of these settings."""
        return section(self.path, KEY)


def model_files_for(start: Path, config: Path | None = None) -> ModelFiles:
    """The settings of the configuration *config*, or of the one that governs *start*.

    Raises:
        ConfigurationError: with every mistake in them.
    """
    path = config or find(start)
    if path is None:
        return ModelFiles()
    raw = read(path)
    errors: list[MLGatesError] = []
    found = read_model_files(raw.get(KEY, {}), f"{path.name} {section(path, KEY)}", errors)
    if errors:
        raise ConfigurationError.collect(errors, source=str(path))
    # A value of another type is told when the whole configuration is read.
    return ModelFiles(path=path, trust_registry=raw.get("trust_registry") is True, **found)


def read_model_files(given: Any, where: str, errors: list[MLGatesError]) -> dict[str, Any]:
    """The values in *given*; what is wrong with the others is added to *errors*."""
    if not isinstance(given, dict):
        errors.append(MLGatesError("model-files is no table", where=where, got=repr(given)))
        return {}
    readers = {"max_size": _size, "allow": _allowed, "allow_globals": _globals}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in readers:
            errors.append(
                MLGatesError(
                    f"unknown key {key!r}",
                    where=f"{where} {key}",
                    want=f"one of {listing(sorted(readers))}",
                    fix=did_you_mean(key, sorted(readers)),
                )
            )
            continue
        try:
            found[key] = readers[key](value)
        except ValueError as error:
            errors.append(
                MLGatesError(
                    f"{key} is not usable",
                    where=f"{where} {key}",
                    got=repr(value),
                    want=str(error),
                )
            )
    return found


def _size(value: Any) -> int:
    """Bytes."""
    if type(value) is int and value > 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in _UNITS or float(match[1]) <= 0:
        raise ValueError('a size above zero: "50 MB", "1.5 GiB", or a number of bytes')
    return int(float(match[1]) * _UNITS[match[2]])


def _allowed(value: Any) -> dict[str, str]:
    wanted = '[{ sha256 = "64 hexadecimal digits", reason = "who made it, and why it is needed" }]'
    if not isinstance(value, list):
        raise ValueError(wanted)  # noqa: TRY004  (told as a mistake in the configuration)
    found = {}
    for one in value:
        if not isinstance(one, dict) or set(one) != {"sha256", "reason"}:
            raise ValueError(wanted)
        digest = _DIGEST.fullmatch(str(one["sha256"]))
        if digest is None or not isinstance(one["reason"], str) or not one["reason"].strip():
            raise ValueError(wanted)
        found[f"sha256:{digest[1].lower()}"] = one["reason"].strip()
    return found


def _globals(value: Any) -> frozenset[str]:
    names = value if isinstance(value, list) else [None]
    for name in names:
        parts = name.split(".") if isinstance(name, str) else []
        # A whole module would allow all that it imports itself.
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise ValueError('whole names, no patterns: ["package.module.Name"]')
    return frozenset(names)
