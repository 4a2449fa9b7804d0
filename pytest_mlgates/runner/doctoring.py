"""What ``mlgates doctor`` looks at: versions, extras, configuration, hooks, the lock.

No library is imported to learn its version, and no code of the project is run.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.git import told

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration, DeclaredGate

State = Literal["ok", "note", "broken"]
_NAME = "pytest-mlgates"
_REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)\s*(\[[^]]*\])?\s*(>=\s*(?P<oldest>[0-9][0-9.]*))?"
)
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: ``versions``, ``extras``, ``configuration``, ``tables``, ``gates``, ``hooks``,
            ``waivers`` or ``lock``.
        name: What it is about.
        state: Whether it works; a note is something that is not there and need not be.
        says: What was found.
        fix: A command or a line to paste.
    """

    topic: str
    name: str
    state: State
    says: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {name: getattr(self, name) for name in ("topic", "name", "state", "says", "fix")}


@dataclass(kw_only=True)
class Diagnosis:
    """All findings, in the order in which they are shown."""

    findings: list[Finding] = field(default_factory=list)

    @property
    def broken(self) -> list[Finding]:
        """What would not work."""
        return [one for one in self.findings if one.state == "broken"]

    def add(self, topic: str, name: str, state: State, says: str, fix: str = "") -> None:
        """One more finding."""
        self.findings.append(Finding(topic=topic, name=name, state=state, says=says, fix=fix))


def diagnose(start: Path, config: Path | None = None) -> Diagnosis:
    """What works in this environment, for the project around *start*."""
    found = Diagnosis()
    _versions(found)
    path = _configuration(found, start, config)
    base = start if path is None else path.parent
    _hooks(found, base)
    if path is not None:
        _waivers(found, path)
        _lock(found, path)
    return found


def _versions(found: Diagnosis) -> None:
    python = platform.python_version()
    if sys.version_info >= _OLDEST_PYTHON:
        found.add("versions", "Python", "ok", python)
    else:
        found.add("versions", "Python", "broken", f"{python}, 3.11 is the oldest that is supported")
    try:
        own = metadata.version(_NAME)
        requirements = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        says = "not installed as a package"
        found.add("versions", _NAME, "broken", says, f"pip install {_NAME}")
        return
    found.add("versions", _NAME, "ok", own)
    extras: dict[str, list[str]] = {}
    for line in requirements:
        extra = _EXTRA.search(line)
        if extra is None:
            _requirement(found, line)
        elif not line.startswith(_NAME):  # `all` is the others
            extras.setdefault(extra[1], []).append(line)
    for name, lines in extras.items():
        _extra(found, name, lines)


def _requirement(found: Diagnosis, line: str) -> None:
    name, oldest, version = _installed(line)
    fix = f"pip install --upgrade '{name}>={oldest}'" if oldest else f"pip install {name}"
    if version is None:
        found.add("versions", name, "broken", "not installed", fix)
    elif _older(version, oldest):
        says = f"{version}, {oldest} is the oldest that is supported"
        found.add("versions", name, "broken", says, fix)
    else:
        found.add("versions", name, "ok", version)


def _extra(found: Diagnosis, extra: str, lines: list[str]) -> None:
    says, missing, old = [], False, False
    for line in lines:
        name, oldest, version = _installed(line)
        if version is None:
            missing = True
            says.append(f"{name} is not installed")
        elif _older(version, oldest):
            old = True
            says.append(f"{name} {version}, {oldest} is the oldest that is supported")
        else:
            says.append(f"{name} {version}")
    state: State = "broken" if old else "note" if missing else "ok"
    fix = f"pip install '{_NAME}[{extra}]'" if missing or old else ""
    found.add("extras", extra, state, ", ".join(says), fix)


def _installed(line: str) -> tuple[str, str | None, str | None]:
    """The name of a requirement, its oldest version, and the version that is here."""
    match = _REQUIREMENT.match(line)
    if match is None:  # no requirement of ours is written in another form
        return line, None, None
    try:
        version = metadata.version(match["name"])
    except metadata.PackageNotFoundError:
        version = None
    return match["name"], match["oldest"], version


def _older(version: str, oldest: str | None) -> bool:
    return oldest is not None and _numbers(version) < _numbers(oldest)


def _numbers(version: str) -> tuple[int, ...]:
    """The release of *version*: 2.0rc1 is taken for 2.0, trailing zeros do not count."""
    found = re.match(r"\d+(\.\d+)*", version)
    parts = [int(part) for part in found[0].split(".")] if found else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _configuration(found: Diagnosis, start: Path, config: Path | None) -> Path | None:
    """The file, None without a valid one."""
    from pytest_mlgates.config.find import find
    from pytest_mlgates.config.load import load

    try:
        path = find(start) if config is None else config.resolve()
        if path is None:
            says = f"none in {start} and the folders above it"
            found.add("configuration", "file", "note", says, "mlgates init")
            return None
        configuration = load(path, project_code=False)
    except MLGatesError as error:
        for one in error.parts or (error,):
            place = one.where or "file"
            found.add("configuration", place, "broken", one.summary, _mending(one))
        return None
    says = f"{path}, valid"
    if configuration.settings.plugins:
        says += "; what its plugins register is not looked at here"
    found.add("configuration", "file", "ok", says)
    _tables(found, configuration)
    if not configuration.gates:
        found.add("gates", "none", "note", "the configuration declares none", "mlgates init")
    required = configuration.settings.required
    for name, declared in configuration.gates.items():
        table = declared.table
        on = f"table {table}" if table is not None else declared.calls
        model = table is None or configuration.settings.tables[table].model is not None
        champion = getattr(declared.gate.parameters, "no_worse_than", None) is not None
        needs = "; needs the project's environment" if model or champion else ""
        must = "; required" if name in required else ""
        says = f"{declared.gate.kind.name} on {on}{must}{needs}"
        _gate(found, declared, says, configuration.base)
    return path


def _tables(found: Diagnosis, configuration: Configuration) -> None:
    from pytest_mlgates.runner.presence import presence

    for name in configuration.settings.tables:
        here = presence(configuration, name)
        state: State = "ok" if here.is_here else "note" if here.may_be_elsewhere else "broken"
        found.add("tables", name, state, here.says, here.fix)


def _gate(found: Diagnosis, declared: DeclaredGate, says: str, base: Path) -> None:
    from pytest_mlgates.core import gpu
    from pytest_mlgates.gates.base import Context

    gate = declared.gate
    name, needs = gate.id, gate.parameters.needs
    if gate.kind.name == "data_schema" and gate.kind.check is not None:
        try:
            gate.kind.check(gate.parameters, Context(base=base))
        except MLGatesError as error:
            one = error.parts[0] if error.parts else error
            got = f" ({one.got})" if one.got else ""
            says = f"{says}; {error.summary}{got}"
            found.add("gates", name, "broken", says, _mending(one))
            return
    if needs is None:
        found.add("gates", name, "ok", says)
        return
    try:
        lacking = gpu.is_lacking(needs)
    except MLGatesError as error:
        found.add("gates", name, "broken", f"{says}; {error.summary}", f"want: {error.want}")
        return
    if lacking:
        fix = "evaluate it where one is, sign the evidence, mlgates check --stand-in evidence.json"
        found.add("gates", name, "note", f"{says}; needs a GPU, and there is none here", fix)
    else:
        found.add("gates", name, "ok", f"{says}; needs a GPU, and there is one here")


def _hooks(found: Diagnosis, base: Path) -> None:
    root = _git(base, "rev-parse", "--show-toplevel")
    if root is None:
        found.add("hooks", "git", "note", "no git repository: no hook runs on a commit")
        return
    file = Path(root) / ".pre-commit-config.yaml"
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        found.add("hooks", file.name, "note", "not there", "mlgates init")
        return
    lines = [line.partition("#")[0] for line in text.splitlines()]
    ours = sorted({hook for line in lines for hook in re.findall(r"\bmlgates-[a-z-]+\b", line)})
    if not ours and not any("mlgates" in line for line in lines):
        found.add("hooks", file.name, "note", "has no hook of ours", "mlgates init")
        return
    found.add("hooks", file.name, "ok", ", ".join(ours) or "calls mlgates")
    elsewhere = _git(base, "config", "core.hooksPath")
    hooks = _git(base, "rev-parse", "--git-path", "hooks/pre-commit")
    hook = None if hooks is None else base / hooks
    if hook is not None and hook.is_file():
        found.add("hooks", "git hook", "ok", f"installed: {hooks}")
    elif elsewhere is not None:
        says = f"core.hooksPath is {elsewhere}, where no pre-commit hook stands"
        fix = "git config --unset-all core.hooksPath && pre-commit install"
        found.add("hooks", "git hook", "broken", says, fix)
    else:
        says = "not installed: no hook runs on a commit"
        found.add("hooks", "git hook", "broken", says, "pre-commit install")


def _git(base: Path, *arguments: str) -> str | None:
    return (told(base, *arguments) or "").strip() or None


def _waivers(found: Diagnosis, path: Path) -> None:
    from pytest_mlgates.config.locked import declared, failing_waivers, waivers_in
    from pytest_mlgates.core import lock as locks
    from pytest_mlgates.core.waivers import ending, today

    try:
        lock = locks.read(locks.path_of(path))
    except MLGatesError:  # told of the lock
        lock = None
    waivers = waivers_in(path)
    for text in failing_waivers(waivers, declared(path), lock):
        says, *more = text.splitlines()
        fix = next((line for line in reversed(more) if line.startswith("  fix:")), "")
        found.add("waivers", path.name, "broken", says, fix.removeprefix("  fix:").strip())
    for text in ending(waivers, today()):
        found.add("waivers", path.name, "note", text)


def _lock(found: Diagnosis, path: Path) -> None:
    from pytest_mlgates.config.locked import GONE, changes, current, overstated, undeclared
    from pytest_mlgates.core import lock as locks

    try:
        lock = locks.read(locks.path_of(path))
        if lock is None:
            says = "not there: hooks cannot answer for gates that need the project's environment"
            found.add("lock", locks.NAME, "note", says, "mlgates lock")
            return
        now = current(path)
        known = lock.gates
        stale = [name for name, one in now.items() if changes(known.get(name), one)]
        stale += [
            f"{name} ({', '.join(told)})"
            for name, one in now.items()
            if name not in stale and (told := overstated(known.get(name), one))
        ]
        stale += [f"{name} {GONE}" for name in undeclared(lock, now)]
    except MLGatesError as error:
        found.add("lock", locks.NAME, "broken", error.summary, error.fix)
        return
    if stale:
        says = f"not up to date: {', '.join(stale)}"
        found.add("lock", locks.NAME, "broken", says, "mlgates lock")
    else:
        found.add("lock", locks.NAME, "ok", "up to date")


def _mending(error: MLGatesError) -> str:
    """What mends it, else what is wanted."""
    return error.fix or (f"want: {error.want}" if error.want else "")
