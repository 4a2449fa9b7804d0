"""Which declared gates changed files concern, and which of them need the project's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.config.find import find
from pytest_mlgates.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration, DeclaredGate


def configurations_of(files: Sequence[Path], config: Path | None = None) -> dict[Path, list[Path]]:
    """The configuration file that governs each of *files*.

    Raises:
        ConfigurationError: if one has none: a hook that maps nothing must not look like a pass.
    """
    found: dict[Path, list[Path]] = {}
    for file in files:
        path = config or find(file.resolve())
        if path is None:
            raise ConfigurationError(
                f"no configuration governs {str(file)!r}",
                want="[tool.mlgates] in pyproject.toml, or mlgates.toml, in its folder or above",
                fix="add one, or narrow `files:` of this hook",
            )
        found.setdefault(path.resolve(), []).append(file.resolve())
    return found


def affected(configuration: Configuration, files: Iterable[Path]) -> list[DeclaredGate]:
    """The gates with an input among *files* (absolute), in the order of the configuration.

    Inputs are the data files of the table, the suite, a champion's file, and the configuration
    itself.
    """
    changed = set(files)
    if configuration.path in changed:
        return list(configuration.gates.values())
    return [d for d in configuration.gates.values() if _reads(configuration, d, changed)]


def needs_project(configuration: Configuration, declared: DeclaredGate) -> str | None:
    """Why a hook's own environment cannot evaluate a gate, None if it can.

    A hook never loads a model or imports the project: its environment lacks what they need, and
    what a commit brings is not trusted code yet.
    """
    if declared.entry is not None:
        return f"it runs {declared.entry}"
    model = configuration.settings.tables[str(declared.table)].model
    if model is not None:
        return f"its table is judged by the model {model}"
    champion = getattr(declared.gate.parameters, "no_worse_than", None)
    if champion is not None and not (configuration.base / champion).is_file():
        return f"it is compared with the champion {champion}"
    return None


def _reads(configuration: Configuration, declared: DeclaredGate, changed: set[Path]) -> bool:
    base = configuration.base
    parameters = declared.gate.parameters
    named = [
        value
        for key in ("suite", "no_worse_than")
        if isinstance(value := getattr(parameters, key, None), str)
    ]
    if any((base / value).resolve() in changed for value in named):
        return True
    if declared.table is None:
        return False
    pattern = configuration.settings.tables[declared.table].path
    return any(covers(base, pattern, path) for path in changed)


def covers(base: Path, pattern: str, path: Path) -> bool:
    """Whether the declared *pattern* (a file, a folder or a glob) names *path* (absolute).

    A deleted file counts too, so the file system is not asked.
    """
    declared = (base / pattern).resolve()
    if declared == path or declared in path.parents:
        return True
    if not any(char in pattern for char in "*?["):
        return False
    import fnmatch
    import re

    # `**` spans folders, `*` does not: as glob reads the files.
    parts = [fnmatch.translate(part) for part in str(declared).split("**")]
    bodies = [p.removeprefix("(?s:").removesuffix(")\\Z").replace(".*", "[^/]*") for p in parts]
    return re.fullmatch(".*".join(bodies), str(path)) is not None
