"""Gates as they stand in test files, read from the source: nothing of it runs.

Standard library only.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.excuses_in_source import below, excuses, is_in, parameters
from pytest_mlgates.config.judged_in_source import bases, foreign, judges
from pytest_mlgates.config.names_in_source import is_source, mark_name, resolve, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KINDS = ("data_schema", "metric", "fairness", "reproducibility")
# What a call of `metric` or `fairness` on something else than `mlgate` must say to be a gate.
_BOUNDS = {"min", "max", "no_worse_than"}
_FIRST = {"data_schema": "suite", "metric": "metric", "fairness": "metric"}


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
        excuses: What keeps tests with gates from being judged: ``(test, what)``.
        parameters: What tests are parametrized by: ``(test, source of a value)``.
        judges: The tests that request ``mlgate``.
        bases: Every class with each of those that it inherits from.
        foreign: The classes of other files among them that bring gates.
        error: Why the file cannot be read, None if it can.
    """

    gates: dict[str, SourceGate] = field(default_factory=dict)
    excuses: frozenset[tuple[str, str]] = frozenset()
    parameters: frozenset[tuple[str, str]] = frozenset()
    judges: frozenset[str] = frozenset()
    bases: frozenset[tuple[str, str]] = frozenset()
    foreign: frozenset[str] = frozenset()
    error: str | None = None


def read_source(text: str, source_of: Callable[[str], str | None] = lambda _: None) -> SourceGates:
    """The gates in the source *text* of a test file.

    Args:
        text: Of it.
        source_of: The source of a module that it imports.
    """
    try:
        tree = ast.parse(text)
        resolve(tree, source_of)
    except (SyntaxError, ValueError, RecursionError) as error:
        return SourceGates(error=str(error))
    gates: dict[str, SourceGate] = {}
    for gate in _gates(tree, ""):
        key, number = gate.key, 2
        while key in gates:  # two alike
            key, number = f"{gate.key} ({number})", number + 1
        gates[key] = replace(gate, key=key)
    tests = {gate.test for gate in gates.values()}
    found = {
        excuse
        for excuse in excuses(tree)
        if any(is_in(test, excuse[0]) or is_in(excuse[0], test) for test in tests)
    }
    return SourceGates(
        gates=gates,
        excuses=frozenset(found),
        parameters=frozenset(parameters(tree)),
        judges=frozenset(judges(tree)),
        bases=frozenset(bases(tree)),
        foreign=frozenset(foreign(tree, source_of, _has_gates)),
    )


@cache
def _has_gates(text: str) -> bool:
    return any(kind in text for kind in KINDS) and bool(read_source(text).gates)


def is_computed(gate: SourceGate) -> bool:
    """Whether an argument is no literal, so that the source alone does not say what it demands."""
    return any(map(is_source, gate.definition["gate"].values()))


def names_in(arguments: Mapping[str, Any]) -> set[str]:
    """The names that computed *arguments* of a gate use."""
    sources = [value["source"] for value in arguments.values() if is_source(value)]
    return {word for text in sources for word in re.findall(r"\w+", text)}


def _gates(node: ast.AST, owner: str, given: frozenset[str] = frozenset()) -> Iterator[SourceGate]:
    """Marks with arguments and calls of methods, wherever they stand: also among parameters.

    A function may take ``mlgate`` by another name: those *given* to the ones around *node*.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        taken = node.args
        names = (one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs))
        given |= frozenset(names) - {"self", "cls"}
    if isinstance(node, ast.Call):
        kind = (mark_name(node) or "").removeprefix("mlgates_")
        if kind in KINDS and (node.args or node.keywords):
            yield _gate(kind, node, owner)
        elif _is_method(node, given):
            assert isinstance(node.func, ast.Attribute)  # noqa: S101
            yield _gate(node.func.attr, node, owner, skip=1)
    for child in ast.iter_child_nodes(node):
        if _only_names(child):
            continue
        yield from _gates(child, below(owner, child), given)


def _only_names(node: ast.AST) -> bool:
    """``good = pytest.mark.metric(…)``: a gate of those tests on which its name stands."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return mark_name(node.value) is not None and len(names) == 1 and names != ["pytestmark"]


def _is_method(call: ast.Call, given: frozenset[str]) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in KINDS:
        return False
    whole = function.value
    name = whole.id if isinstance(whole, ast.Name) else getattr(whole, "attr", None)
    if name == "mlgate":
        return True
    if not isinstance(whole, ast.Name) or name not in given:
        return False
    # Other things have a method `metric`: a logger, a tracker.
    bounded = any(keyword.arg in _BOUNDS for keyword in call.keywords)
    return bounded or function.attr in ("data_schema", "reproducibility")


def _gate(kind: str, call: ast.Call, owner: str, skip: int = 0) -> SourceGate:
    arguments: dict[str, Any] = {"kind": kind}
    for place, value in enumerate(call.args[skip:]):
        name = _FIRST.get(kind, "argument") if not place else f"argument {place + 1}"
        arguments[name] = value_of(value)
    for keyword in call.keywords:
        arguments[keyword.arg or "**"] = value_of(keyword.value)
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
