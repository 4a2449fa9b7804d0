"""The project's own files that a piece of its code is made of, as its imports say.

Nothing is imported: sources are parsed, and what they import is followed wherever the project has a
module of that name. What only a running program knows is told, never taken as nothing. Standard
library only.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Where projects keep what they import, besides the folders that they name.
_USUAL = ("src",)
_COMPILED = (".so", ".pyd", ".pyx")
# What brings in code, or runs a program, by a value that only a run knows.
_OF_PYTHON = {"exec", "eval", "compile"}
_HIDDEN = _OF_PYTHON | {
    *("runpy.run_path", "run_path", "spec_from_file_location", "SourceFileLoader"),
    *("exec_module", "load_module", "iter_modules", "walk_packages", "entry_points"),
    *("os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv", "os.startfile"),
    *("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"),
    *("subprocess.Popen", "Popen", "check_output", "check_call"),
    *("create_subprocess_exec", "create_subprocess_shell"),
}
# What decides where modules are looked for.
_SEARCH = {"sys.path", "sys.meta_path", "sys.path_hooks"}
# What imports the module that a text names.
_BY_NAME = {"import_module", "__import__", "run_module"}
_PYTHON = re.compile(r"python(?:w|\d[\d.]*)?(?:\.exe)?")
_RUNNERS = {"uv", "poetry", "pipenv", "pdm", "hatch", "rye", "pixi"}
# Libraries whose functions are metrics and models: their versions say what they are.
_OF_OTHERS = {"sklearn", "scipy", "numpy", "mlflow", "fairlearn", "math", "statistics"}
# Options of Python that take a value of their own.
_VALUED = {"-W", "-X", "--check-hash-based-pycs"}


class Import(NamedTuple):
    """What a source imports: *module*, and of it the *names* that may be modules themselves."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


class Source(NamedTuple):
    """What a file says of what it brings in.

    Attributes:
        imports: That can be followed.
        hidden: That cannot: a line and what stands there, each.
    """

    imports: tuple[Import, ...]
    hidden: tuple[tuple[int, str], ...]


class Code:
    """Files of a project, gathered from where its code begins.

    Args:
        base: The folder that paths are relative to.
        folders: Where its modules are (``pythonpath``), relative to it.

    Attributes:
        files: Paths relative to *base*, each once.
        unfollowed: Where it cannot be told from the sources what else is run.
    """

    def __init__(self, base: Path, folders: Iterable[str] = ()) -> None:
        self._base = base
        self._roots = [*(base / folder for folder in folders), base, *(base / u for u in _USUAL)]
        self._followed: set[str] = set()
        self._listed: dict[Path, frozenset[str]] = {}
        self.files: dict[str, None] = {}
        self.unfollowed: dict[str, None] = {}

    def add_module(self, name: str, *, run: bool = False) -> None:
        """Follow the module *name*; as a program (``python -m``) if *run*."""
        found = list(self._found(Import(name), self._roots))
        if run:
            found += self._found(Import(f"{name}.__main__"), self._roots)
        if not found and name.partition(".")[0] not in _OF_OTHERS:
            told = f"module {name} is not among the files of the project (pythonpath names folders)"
            self.unfollowed[told] = None
        self._follow(found)

    def add_command(self, text: str) -> None:
        """Follow what a command runs without a shell, and the files of the project that it names.

        Args:
            text: As it is declared, with ``{project}`` and ``{out}``.
        """
        try:
            words = [word.replace("{project}", str(self._base)) for word in shlex.split(text)]
        except ValueError:  # told when the gate is declared
            return
        for word in words:
            self._name(word)
        program = words[0] if words else ""
        if Path(program).name in _RUNNERS and words[1:2] == ["run"]:
            words = words[2:]
            program = words[0] if words else ""
        if _PYTHON.fullmatch(Path(program).name):
            self._python(words[1:])
        elif program.endswith(".py"):
            self._script(program)
        else:
            self.unfollowed[f"the command runs {program}, and what that runs is not followed"] = (
                None
            )

    def _python(self, words: Sequence[str]) -> None:
        at = 0
        while at < len(words):
            word = words[at]
            if word == "-m" or (word.startswith("-m") and not word.startswith("--")):
                self.add_module(word[2:] or "".join(words[at + 1 : at + 2]), run=True)
                return
            if word == "-c":
                self._source("".join(words[at + 1 : at + 2]), self._base, "python -c")
                return
            if not word.startswith("-"):
                self._script(word)
                return
            at += 2 if word in _VALUED else 1
        self.unfollowed["the command names no script"] = None

    def _script(self, name: str) -> None:
        path = self._base / name
        if path.is_dir():
            path /= "__main__.py"
        if not path.is_file():
            self.files[self._relative(path)] = None
            self.unfollowed[f"the command runs {name}, which is not there"] = None
            return
        self._roots = [*self._roots, path.parent]  # Python looks there first
        self._follow([path])

    def _name(self, word: str) -> None:
        """Take the file that *word*, or what stands behind ``=`` in it, names."""
        for text in (word, word.partition("=")[2]):
            path = self._base / text
            try:
                inside = bool(text) and path.is_file() and self._is_own(path)
            except (OSError, ValueError):  # too long to be a name, or no name at all
                continue
            if inside:
                self.files[self._relative(path)] = None

    def _is_own(self, path: Path) -> bool:
        full = os.path.abspath(path)  # noqa: PTH100  (a link keeps its name)
        return full.startswith(f"{os.path.abspath(self._base)}{os.sep}")  # noqa: PTH100

    def _follow(self, paths: Iterable[Path]) -> None:
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            name = self._relative(path)
            if name in self._followed:
                continue
            self.files[name] = None
            self._followed.add(name)
            if path.suffix != ".py":
                continue
            try:
                text = path.read_bytes()
            except OSError as error:
                self.unfollowed[f"{name} cannot be read: {error.strerror}"] = None
                continue
            waiting += self._of(text, path.parent, name)

    def _source(self, text: str, folder: Path, name: str) -> None:
        self._follow(self._of(text.encode(), folder, name))

    def _of(self, text: bytes, folder: Path, name: str) -> list[Path]:
        source = parsed(text)
        if source is None:
            self.unfollowed[f"{name} is no Python that can be parsed"] = None
            return []
        for line, what in source.hidden:
            self.unfollowed[f"{name}:{line} {what}"] = None
        found: dict[Path, None] = {}
        for one in source.imports:
            roots = [_above(folder, one.level)] if one.level else [*self._roots, folder]
            found.update(dict.fromkeys(self._found(one, roots)))
        return list(found)

    def _found(self, wanted: Import, roots: Iterable[Path]) -> Iterator[Path]:
        """The files that *wanted* may be; every root counts, for which is first is not known."""
        parts = wanted.module.split(".") if wanted.module else []
        for root in dict.fromkeys(roots):
            folder = root
            for part in parts:
                yield from self._files_of(folder, part)
                folder = folder / part
                if not self._names(folder):
                    break
            else:
                if not parts:  # ``from . import x``
                    yield from self._files_of(folder, "__init__")
                for name in wanted.names:
                    yield from self._files_of(folder, name)

    def _files_of(self, folder: Path, name: str) -> Iterator[Path]:
        """The files of the module *name* in *folder*; of all modules there if it is ``*``."""
        for entry in sorted(self._names(folder)):
            stem, _, ending = entry.partition(".")
            if name not in ("*", stem):
                continue
            if not ending and "__init__.py" in self._names(folder / entry):
                yield folder / entry / "__init__.py"
            elif ending == "py" or entry.endswith(_COMPILED):
                yield folder / entry

    def _names(self, folder: Path) -> frozenset[str]:
        """What lies in *folder*."""
        if folder not in self._listed:
            try:
                self._listed[folder] = frozenset(os.listdir(folder))  # noqa: PTH208
            except OSError:
                self._listed[folder] = frozenset()
        return self._listed[folder]

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._base)).as_posix()


def _above(folder: Path, level: int) -> Path:
    """The folder that ``level`` dots stand for in a module of *folder*."""
    for _ in range(level - 1):
        folder = folder.parent
    return folder


@lru_cache(maxsize=2048)
def parsed(text: bytes) -> Source | None:
    """What the source *text* brings in; None if it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imports: dict[Import, None] = {}
    hidden: list[tuple[int, str]] = []
    nodes = list(ast.walk(tree))
    called = {  # `import subprocess as sp`
        alias.asname: alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname is not None
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            imports.update((Import(alias.name), None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            imports[Import(node.module or "", node.level, names)] = None
            for alias in node.names:  # called by another name, or by one that says little
                renamed = alias.asname is not None and alias.name in _BY_NAME | _HIDDEN
                full = "" if node.level else f"{node.module}.{alias.name}"
                if renamed or full in _HIDDEN | _SEARCH:
                    hidden.append((node.lineno, f"imports {node.module}.{alias.name}"))
        elif isinstance(node, ast.Call):
            _of_call(node, _known(_dotted(node.func), called), imports, hidden)
        elif isinstance(node, ast.Attribute):
            name = _known(_dotted(node), called)
            if name in _SEARCH:
                hidden.append((node.lineno, f"uses {name}"))
    return Source(tuple(imports), tuple(sorted(set(hidden))))


def _of_call(
    node: ast.Call, name: str, imports: dict[Import, None], hidden: list[tuple[int, str]]
) -> None:
    last = name.rpartition(".")[2]
    first = node.args[0] if node.args else None
    if last in _BY_NAME:
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and len(node.args) == 1:
            imports[Import(first.value)] = None
        else:
            hidden.append((node.lineno, f"imports what it computes ({last})"))
    elif name in _HIDDEN or last in _HIDDEN - _OF_PYTHON:
        hidden.append((node.lineno, f"calls {name}"))


def _known(name: str, called: Mapping[str, str]) -> str:
    """*name* with the module before its first dot as that is really called."""
    first, dot, rest = name.partition(".")
    return f"{called[first]}.{rest}" if dot and first in called else name


def _dotted(node: ast.expr) -> str:
    """``os.path.join`` of a name with its attributes; of anything else the last attribute."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else f".{node.attr}"
    return ""
