"""Which declared gates changed files concern, and which of them need the project's code."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import find, read
from pytest_mlgates.core import gpu
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import listing
from pytest_mlgates.extensions.manager import BUILTIN_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate


# Keys of gates and tables whose values name files.
_INPUTS = ("path", "suite", "no_worse_than", "model", "against")
# Those whose values may name a module of the project: any source file may be part of it.
_CODE = ("entry", "metric", "model", "no_worse_than")
# Those whose values may name any file.
_RUN = ("command", "inputs")
# Models in files; a hook opens none of the pickles among them.
_PICKLES = {".pkl", ".pickle", ".joblib", ".sav"}
_MODELS = {".skops", *_PICKLES}


def configurations_of(files: Sequence[Path], config: Path | None = None) -> dict[Path, list[Path]]:
    """The configuration file that governs each of *files*.

    JSON and TOML files without one are left out: a monorepo has many that are no business of ours.

    Raises:
        ConfigurationError: if a data file has none: a hook that maps nothing must not look like a
            pass.
    """
    found: dict[Path, list[Path]] = {}
    orphans = []
    for file in files:
        full = absolute(file)
        path = config or find(full)
        if path is not None:
            found.setdefault(path.resolve(), []).append(full)
        elif is_data(full):
            orphans.append(str(file))
    if orphans:
        raise ConfigurationError(
            f"no configuration governs {listing(orphans, 6)}",
            want="[tool.mlgates] in pyproject.toml, or mlgates.toml, in its folder or above",
            fix="add one, or narrow `files:` of this hook",
        )
    return found


def may_concern(path: Path, files: Iterable[Path]) -> bool:
    """Whether the configuration file *path* names any of *files* (absolute).

    It is asked of the text, which takes a few milliseconds; validating the values takes a hundred.

    Raises:
        ConfigurationError: if it is not TOML.
    """
    changed = _variants(files)
    if path in changed:
        return True
    raw = read(path)
    if any(file.suffix == ".py" for file in changed) and (
        raw.get("plugins") or any(":" in text for text in _named(raw, _CODE))
    ):
        return True
    if any(True for _ in _named(raw, _RUN)):
        return True
    named = {text for text in _named(raw, _INPUTS) if text}
    return any(_hits(path.parent, text, file) for text in named for file in changed)


def _variants(files: Iterable[Path]) -> set[Path]:
    """*files* by all their names; those of pointers of DVC stand for their data."""
    known = {variant for file in files for variant in (file, file.resolve())}
    return known | {file.with_suffix("") for file in known if file.suffix == ".dvc"}


def _hits(base: Path, pattern: str, path: Path) -> bool:
    """Whether *pattern* names *path*, or something in it: a pointer may stand for a folder."""
    return covers(base, pattern, path) or path in absolute(base / pattern).parents


def _named(value: Any, keys: Sequence[str], key: str = "") -> Iterator[str]:
    """What *value* names under *keys*, at any depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _named(part, keys, name)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part, keys, key)
    elif isinstance(value, str) and key in keys:
        yield value


def absolute(path: Path) -> Path:
    """*path* made absolute without following links: data that a link points to keeps its name."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def is_data(path: Path) -> bool:
    """Whether *path* is a table; sources, models, JSON and TOML files may be anyone's."""
    if _MODELS & {suffix.lower() for suffix in path.suffixes}:
        return False
    return path.suffix.lower() not in {".json", ".toml", ".py", ".dvc", ".lock"}


def affected(configuration: Configuration, files: Iterable[Path]) -> list[DeclaredGate]:
    """The gates with an input among *files* (absolute), in the order of the configuration.

    Inputs are the data files of the table, the suite, the files of a model and a champion, a stored
    run, the modules of the project that a gate calls, and the configuration itself.
    """
    changed = _variants(files)
    if configuration.path in changed:
        return list(configuration.gates.values())
    calling = _calling(configuration, changed)
    return [
        declared
        for name, declared in configuration.gates.items()
        if name in calling or _reads(configuration, declared, changed)
    ]


def _calling(configuration: Configuration, changed: set[Path]) -> set[str]:
    """The gates that run code of the project of which something changed, or read what they say."""
    if configuration.path is None:
        return set()
    raw = read(configuration.path)
    if not any(file.suffix == ".py" for file in changed) and not any(
        True for _ in _named(raw, _RUN)
    ):
        return set()
    from pytest_mlgates.config.definitions import definitions
    from pytest_mlgates.config.inputs import named

    folders = configuration.settings.pythonpath
    found = definitions(raw)
    return {
        name
        for name, definition in found.items()
        for path in named(definition, configuration.base, folders).files
        if absolute(configuration.base / path) in changed
    }


def needs_project(configuration: Configuration, declared: DeclaredGate) -> str | None:
    """Why a hook's own environment cannot evaluate a gate, None if it can.

    A hook never loads a model or imports the project: its environment lacks what they need, and
    what a commit brings is not trusted code yet.
    """
    if declared.gate.kind.name not in BUILTIN_KINDS:
        return f"a plugin of the project registers its kind {declared.gate.kind.name!r}"
    from pytest_mlgates.gates.base import GateParameters  # dear to import, not always needed

    if type(declared.gate.parameters) is GateParameters:  # read without the project's plugins
        return "a plugin of the project registers its metric"
    if declared.table is None:
        return f"it runs {declared.calls}"
    metric = getattr(declared.gate.parameters, "metric", None)
    if isinstance(metric, str) and ":" in metric:
        return f"it calls {metric}"
    model = configuration.settings.tables[str(declared.table)].model
    if model is not None:
        return f"its table is judged by the model {model}"
    champion = getattr(declared.gate.parameters, "no_worse_than", None)
    if champion is not None and (
        _PICKLES & {s.lower() for s in Path(champion).suffixes}
        or not (configuration.base / champion).is_file()
    ):
        return f"it is compared with the champion {champion}"
    return None


def needs_gpu(declared: DeclaredGate) -> str | None:
    """Why a gate cannot be evaluated for want of a GPU, None if it can.

    Raises:
        MLGatesError: if the environment does not say whether there is one.
    """
    if gpu.is_lacking(declared.gate.parameters.needs):
        return "it needs a GPU, and there is none here"
    return None


def _reads(configuration: Configuration, declared: DeclaredGate, changed: set[Path]) -> bool:
    base = configuration.base
    parameters = declared.gate.parameters
    named = [value for key in _INPUTS if isinstance(value := getattr(parameters, key, None), str)]
    if any(_hits(base, value, path) for value in named for path in changed):
        return True
    if declared.table is None:
        return False
    settings = configuration.settings.tables[declared.table]
    patterns = [settings.path, *([settings.model] if settings.model is not None else [])]
    return any(_hits(base, pattern, path) for pattern in patterns for path in changed)


def not_here(configuration: Configuration, declared: DeclaredGate) -> str | None:
    """Why the data of a gate cannot be judged here: a pointer stands for it, or for other data."""
    if declared.table is None:
        return None
    from pytest_mlgates.config.inputs import files_of
    from pytest_mlgates.config.pointers import dvc_pointer, lfs_digest

    base = configuration.base
    for name in files_of(configuration.settings.tables[declared.table].path, base):
        path = base / name
        if path.is_file() and lfs_digest(path) is not None:
            return f"{name} is a pointer of Git LFS here"
        pointer = dvc_pointer(path, base)
        if pointer is not None and not pointer.matches:
            how = "is not what" if pointer.is_here else "is not here, it is data that"
            return f"{name} {how} {os.path.relpath(pointer.file, base)} says"
    return None


def covers(base: Path, pattern: str, path: Path) -> bool:
    """Whether the declared *pattern* (a file, a folder or a glob) names *path*.

    Both may be outside of *base*. A deleted file counts too, so the file system is not asked.
    """
    declared, path = absolute(base / pattern), absolute(path)
    if {declared, declared.resolve()} & {path, *path.parents}:
        return True
    if not any(char in pattern for char in "*?["):
        return False
    above, pattern = Path(Path(pattern).anchor or base), os.path.normpath(pattern)
    pattern = os.path.relpath(pattern, above) if os.path.isabs(pattern) else pattern  # noqa: PTH117
    while pattern.startswith(f"..{os.sep}"):
        above, pattern = above.parent, pattern[3:]
    full = re.escape(str(above / "_")[:-1]) + _as_regex(pattern)
    return re.fullmatch(full, str(path)) is not None


def _as_regex(pattern: str) -> str:
    """A glob as ``glob`` reads it: ``**/`` spans any number of folders, ``*`` and ``?`` none."""
    out, i = "", 0
    pattern = os.path.normpath(pattern)
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
            continue
        if pattern.startswith("**", i):
            out, i = out + ".*", i + 2
            continue
        char = pattern[i]
        end = pattern.find("]", i + 2)
        if char == "[" and end > 0:
            body = pattern[i + 1 : end].replace("\\", "\\\\")
            out += "[" + ("^" + body[1:] if body[0] == "!" else body.replace("^", "\\^", 1)) + "]"
            i = end + 1
            continue
        out += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
        i += 1
    return out
