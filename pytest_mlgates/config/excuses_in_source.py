"""What in a test file keeps its gates from being judged, read from the source.

Standard library only.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_mlgates.config.names_in_source import mark_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = ("skip", "skipif", "xfail")
_CALLS = ("skip", "skipIf", "skipUnless", "skipTest", "xfail", "importorskip", "exit", "SkipTest")
# What of a conftest.py hides tests from pytest, or hides what they found.
_NAMES = ("collect_ignore", "collect_ignore_glob")
_HOOKS = (
    *("pytest_collection_modifyitems", "pytest_ignore_collect", "pytest_pycollect_makeitem"),
    *("pytest_collect_file", "pytest_deselected", "pytest_runtest_protocol", "pytest_pyfunc_call"),
    *("pytest_runtest_makereport", "pytest_sessionfinish", "pytest_cmdline_main"),
)


def below(owner: str, node: ast.AST) -> str:
    """The test, class or module that what stands in *node*, in *owner*, belongs to."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return owner
    return f"{owner}::{node.name}" if owner else node.name


def is_in(test: str, owner: str) -> bool:
    """Whether *owner* is *test*, its class, or the module (which has no name)."""
    return not owner or test == owner or test.startswith(f"{owner}::")


def excuses(tree: ast.Module) -> set[tuple[str, str]]:
    """Where they stand, and what they are, for people."""
    return set(_excuses(tree, ""))


def parameters(tree: ast.Module) -> set[tuple[str, str]]:
    """What tests are parametrized by: where, and each value as its source."""
    return set(_parameters(tree, ""))


def _excuses(node: ast.AST, owner: str) -> Iterator[tuple[str, str]]:
    yield from _of(node, owner)
    if isinstance(node, ast.Call) and mark_name(node) in _MARKS:
        return  # told, with its arguments
    for child in ast.iter_child_nodes(node):
        yield from _excuses(child, below(owner, child))


def _of(node: ast.AST, owner: str) -> Iterator[tuple[str, str]]:
    place = owner or "the module"
    if isinstance(node, ast.Module | ast.ClassDef):
        yield from _hidden(node, owner)
    elif isinstance(node, ast.Attribute | ast.Call) and mark_name(node) in _MARKS:
        yield owner, f"{mark_name(node)} was put on {place}: {ast.unparse(node)}"
    elif isinstance(node, ast.Call) and _called(node) in _CALLS:
        yield owner, f"{place} calls {ast.unparse(node)}"
    elif isinstance(node, ast.Call) and mark_name(node) == "parametrize" and not _values(node):
        yield owner, f"{place} is parametrized by nothing: it is skipped"
    elif isinstance(node, ast.If | ast.While) and any(map(_judges, (*node.body, *node.orelse))):
        yield owner, f"a gate of {place} depends on {ast.unparse(node.test)}"


def _parameters(node: ast.AST, owner: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Call) and mark_name(node) == "parametrize":
        for value in _values(node):
            yield owner, ast.unparse(value)
    for child in ast.iter_child_nodes(node):
        yield from _parameters(child, below(owner, child))


def _values(parametrize: ast.Call) -> list[ast.expr]:
    """Those of a list one by one; anything else as one that cannot be compared."""
    named = [keyword.value for keyword in parametrize.keywords if keyword.arg == "argvalues"]
    found = [*parametrize.args[1:2], *named]
    if found and isinstance(found[0], ast.List | ast.Tuple):
        return found[0].elts
    return found


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        whole = function.value
        known = ("pytest", "unittest", "self")
        return function.attr if isinstance(whole, ast.Name) and whole.id in known else ""
    return function.id if isinstance(function, ast.Name) else ""


def _judges(node: ast.AST) -> bool:
    """Whether ``mlgate`` is used in *node*."""
    return any(isinstance(one, ast.Name) and one.id == "mlgate" for one in ast.walk(node))


def _hidden(node: ast.Module | ast.ClassDef, owner: str) -> Iterator[tuple[str, str]]:
    """What is not collected: deleted, bound once more by what comes later, or said not to be."""
    seen = set()
    for child in node.body:
        if isinstance(child, ast.Assign | ast.Delete):
            names = [one.id for one in child.targets if isinstance(one, ast.Name)]
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [child.name]
        else:
            continue
        for name in names:
            whole = f"{owner}::{name}" if owner else name
            if name == "__test__":
                yield owner, f"{owner or 'the module'} is hidden: {ast.unparse(child)}"
            elif name in seen and name.lower().startswith("test"):
                how = "deleted" if isinstance(child, ast.Delete) else "bound twice"
                yield whole, f"{whole} is {how}: it is not collected"
            seen.add(name)


def replaced(text: str) -> set[str]:
    """What a ``conftest.py`` or test file puts in the place of pytest's or ours, for people."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = [
                keyword.value.value
                for mark in node.decorator_list
                if isinstance(mark, ast.Call)
                for keyword in mark.keywords
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
            ]
            if "mlgate" in (*named, node.name):
                found.add("the fixture mlgate is replaced")
            elif node.name in _HOOKS:
                found.add(f"{node.name} may hide tests or what they found")
        elif isinstance(node, ast.Assign):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if any(name in _NAMES for name in names):
                found.add(f"tests are hidden: {ast.unparse(node)}")
    return found
