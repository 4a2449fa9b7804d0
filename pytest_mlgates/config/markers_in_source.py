"""Gates as they stand in test files, read from the source: nothing of it runs.

Standard library only.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("data_schema", "metric", "fairness", "reproducibility")
_FIRST = {"data_schema": "suite", "metric": "metric", "fairness": "metric"}
_EXCUSES = ("skip", "skipif", "xfail")


@dataclass(frozen=True, kw_only=True)
class SourceGate:
    """A marker with arguments, or a call of a method of ``mlgate``.

    Attributes:
        key: What its id ends with: ``test_model::metric:roc_auc``; or the id that it was given.
        test: The test, class or module that it stands on.
        definition: Its arguments, as ``config.loosening`` compares them; those that are no
            literals as their source.
        line: Where it stands.
    """

    key: str
    test: str
    definition: dict[str, Any]
    line: int


@dataclass(frozen=True, kw_only=True)
class SourceGates:
    """All of one file.

    Attributes:
        gates: By key.
        excuses: ``skip``, ``skipif`` or ``xfail`` on tests with gates: ``(test, mark, source)``.
        error: Why the file cannot be read, None if it can.
    """

    gates: dict[str, SourceGate] = field(default_factory=dict)
    excuses: frozenset[tuple[str, str, str]] = frozenset()
    error: str | None = None


def read_source(text: str) -> SourceGates:
    """The gates in the source *text* of a test file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return SourceGates(error=str(error))
    gates: dict[str, SourceGate] = {}
    resolved = _Resolved(_constants(tree)).visit(tree)
    for gate in _gates(resolved, ""):
        key, number = gate.key, 2
        while key in gates:  # two alike
            key, number = f"{gate.key} ({number})", number + 1
        gates[key] = replace(gate, key=key)
    tests = {gate.test for gate in gates.values()}
    found = {
        excuse
        for excuse in _excuses(tree, "")
        if any(_is_in(test, excuse[0]) or _is_in(excuse[0], test) for test in tests)
    }
    return SourceGates(gates=gates, excuses=frozenset(found))


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The names that the module gives to literals, once each: ``LIMIT = 0.8``."""
    found: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


class _Resolved(ast.NodeTransformer):
    """Names of literals replaced by them, in the arguments of calls."""

    def __init__(self, constants: dict[str, ast.expr]) -> None:
        self._constants = {
            name: value for name, value in constants.items() if not _is_source(_value(value))
        }

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        """``min=LIMIT`` as ``min=0.8``."""
        if isinstance(node.value, ast.Name):
            node.value = self._constants.get(node.value.id, node.value)
        return node


def _is_source(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"source"}


def is_computed(gate: SourceGate) -> bool:
    """Whether an argument is no literal, so that the source alone does not say what it demands."""
    return any(map(_is_source, gate.definition["gate"].values()))


def _is_in(test: str, owner: str) -> bool:
    """Whether *owner* is *test*, its class, or the module (which has no name)."""
    return not owner or test == owner or test.startswith(f"{owner}::")


def _gates(node: ast.AST, owner: str) -> Iterator[SourceGate]:
    for mark in _marks(node):
        call = mark if isinstance(mark, ast.Call) else None
        name = _mark_name(mark.func if isinstance(mark, ast.Call) else mark)
        kind = (name or "").removeprefix("mlgates_")
        if call is not None and kind in KINDS and (call.args or call.keywords):
            yield _gate(kind, call, owner)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _gates(child, f"{owner}::{child.name}" if owner else child.name)
        elif not isinstance(child, ast.expr) or isinstance(node, ast.Expr | ast.Assign):
            yield from _gates(child, owner)
    if isinstance(node, ast.Call) and _is_method(node.func):
        assert isinstance(node.func, ast.Attribute)  # noqa: S101
        yield _gate(node.func.attr, node, owner, skip=1)


def _is_method(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in KINDS
        and isinstance(function.value, ast.Name)
        and function.value.id == "mlgate"
    )


def _gate(kind: str, call: ast.Call, owner: str, skip: int = 0) -> SourceGate:
    arguments: dict[str, Any] = {"kind": kind}
    for place, value in enumerate(call.args[skip:]):
        name = _FIRST.get(kind, "argument") if not place else f"argument {place + 1}"
        arguments[name] = _value(value)
    for keyword in call.keywords:
        arguments[keyword.arg or "**"] = _value(keyword.value)
    given = arguments.get("id")
    if isinstance(given, str):
        key = given
    else:
        by = arguments.get("by")
        parts = [
            kind,
            arguments.get("metric") if isinstance(arguments.get("metric"), str) else None,
            "no_worse_than" if "no_worse_than" in arguments else None,
            ",".join(map(str, by)) if isinstance(by, list) else by,
        ]
        name = ":".join(str(part) for part in parts if part)
        key = f"{owner}::{name}" if owner else name
    return SourceGate(key=key, test=owner, definition={"gate": arguments}, line=call.lineno)


def _marks(node: ast.AST) -> list[ast.expr]:
    """Decorators of a test or class; the marks in ``pytestmark`` of a module or class."""
    found = list(getattr(node, "decorator_list", ()))
    for child in getattr(node, "body", ()) if isinstance(node, ast.Module | ast.ClassDef) else ():
        if not isinstance(child, ast.Assign | ast.AnnAssign) or child.value is None:
            continue
        targets = child.targets if isinstance(child, ast.Assign) else [child.target]
        if any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in targets):
            value = child.value
            found += value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return found


def _mark_name(mark: ast.expr) -> str | None:
    """``metric`` for ``pytest.mark.metric``, whatever pytest is called."""
    if isinstance(mark, ast.Attribute) and isinstance(mark.value, ast.Attribute | ast.Name):
        inner = mark.value
        if (inner.attr if isinstance(inner, ast.Attribute) else inner.id) == "mark":
            return mark.attr
    return None


def _excuses(node: ast.AST, owner: str) -> Iterator[tuple[str, str, str]]:
    for mark in _marks(node):
        name = _mark_name(mark.func if isinstance(mark, ast.Call) else mark)
        if name in _EXCUSES:
            yield owner, name, ast.unparse(mark)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _excuses(child, f"{owner}::{child.name}" if owner else child.name)


def _value(node: ast.expr) -> Any:
    """A literal's value; of anything else its source."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return {"source": ast.unparse(node)}
    if isinstance(value, tuple | set | frozenset):
        return sorted(map(str, value)) if isinstance(value, set | frozenset) else list(value)
    return value
