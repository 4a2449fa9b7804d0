"""What a change of pytest's own settings keeps from being judged.

Standard library only.
"""

from __future__ import annotations

import configparser
import fnmatch
import shlex
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.reviewed_sources import tests_with_gates
from pytest_mlgates.config.weakening import Weakening, governing, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.config.base import Tree

_FILES = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
    "pyproject.toml": "",
    "pytest.toml": "",
    ".pytest.toml": "",
}
# Options that leave tests out, or let pass what a gate does not.
_HIDING = (
    *("-k", "-m", "--deselect", "--ignore", "--ignore-glob", "--lf", "--last-failed", "--sw"),
    *("--stepwise", "--co", "--collect-only", "--runxfail", "--reruns", "--noconftest"),
    *("--mlgates-inconclusive", "--mlgates-record", "-c", "--rootdir", "--confcutdir"),
    # Evidence is believed then, or another key, or older evidence.
    *("--mlgates-stand-in", "--mlgates-key", "--mlgates-max-age"),
    *("--setup-only", "--setup-plan", "--collectonly"),
    *("-o", "--override-ini"),  # of the settings below
)
# Which names pytest takes for tests: patterns, and what they are where a file has none.
_NAMES = {"python_functions": "test", "python_classes": "Test"}
_SETTINGS = ("addopts", "testpaths", "norecursedirs", "python_files", "mlgates_", *_NAMES)


def of_pytest(base: Tree, before: Mapping[str, str]) -> Iterator[Weakening]:
    """What pytest no longer runs or judges as it did."""
    names = [name for name in base.changed if PurePosixPath(name).name in _FILES]
    for name in sorted(names):
        old, new = _settings(base.read(name), name), _settings(base.now(name), name)
        if old == new:
            continue
        folder = str(PurePosixPath(name).parent)
        lines = [*_of_options(old, new), *_of_settings(base, folder, old, new)]
        for line in lines:
            yield Weakening(gate="*", where=name, what=line, configuration=governing(name, before))


def _settings(text: str | None, name: str) -> dict[str, Any]:
    """Those of pytest in a file's *text*; lists as lists."""
    file = PurePosixPath(name).name
    if text is None:
        return {}
    if _FILES[file]:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(text)
        except configparser.Error:
            return {}
        return dict(parser.items(_FILES[file])) if parser.has_section(_FILES[file]) else {}
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    tool: Any = raw.get("tool") if file == "pyproject.toml" else raw
    found = tool.get("pytest") if isinstance(tool, dict) else None
    if not isinstance(found, dict):
        return {}
    options = found.pop("ini_options", {})
    return {**found, **options} if isinstance(options, dict) else found


def _words(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    try:
        return shlex.split(str(value or ""))
    except ValueError:
        return str(value).split()


def _options(settings: Mapping[str, Any]) -> list[str]:
    """``addopts`` as ``-p no:mlgates`` and ``-k=fast``: an option and its value as one."""
    words = _words(settings.get("addopts"))
    found: list[str] = []
    for word in words:
        if found and not word.startswith("-") and found[-1] in ("-p", *_HIDING):
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
    return found


def _of_options(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _options(old), _options(new)
    for option in after:
        name = option.replace("=", " ").partition(" ")[0]
        short = option[:2] if option[:2] in ("-k", "-m", "-c", "-o") else name
        hides = short in _HIDING or (option.startswith("-p") and "no:" in option)
        if short in ("-o", "--override-ini"):
            hides = option.removeprefix(short).lstrip(" =").startswith(_SETTINGS)
        if hides and option not in before:
            yield f"addopts has {option!r}: gates may be left out, or judged by less"
    for option in before:
        name = option.replace("=", " ").partition(" ")[0]
        if name.startswith("--mlgates") and name not in _HIDING and option not in after:
            yield f"addopts has no {option!r} any more"


def _of_settings(
    base: Tree, folder: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[str]:
    for key in sorted({*old, *new}):
        if key.startswith("mlgates_") and old.get(key) != new.get(key):
            change = f"{key} changed from {old.get(key)!r} to {new.get(key)!r}"
            yield f"{change}: it cannot be compared"
    for key, default in _NAMES.items():
        gone = set(_words(old.get(key, default))) - set(_words(new.get(key, default)))
        if gone:
            yield f"{key} has no {', '.join(map(repr, sorted(gone)))} any more"
    keys = ("testpaths", "norecursedirs", "python_files")
    if all(old.get(key) == new.get(key) for key in keys):
        return
    for test in tests_with_gates(base):
        if governing(test, [folder]) == folder and base.there(test):
            for key in keys:
                if _is_left_out(key, new, test, folder) and not _is_left_out(
                    key, old, test, folder
                ):
                    yield f"{key} leaves out {test}"


def _is_left_out(key: str, settings: Mapping[str, Any], test: str, folder: str) -> bool:
    given = _words(settings.get(key))
    path = PurePosixPath(test)
    if not given:
        return False
    if key == "testpaths":
        tops = [joined(folder, one) for one in given]
        above = [str(one) for one in (path, *path.parents)]
        return not any(fnmatch.fnmatch(one, top) for top in tops for one in above)
    if key == "norecursedirs":
        return any(fnmatch.fnmatch(part, one) for one in given for part in path.parts[:-1])
    return not any(fnmatch.fnmatch(path.name, one) for one in given)
