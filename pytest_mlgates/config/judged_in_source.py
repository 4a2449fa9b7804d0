"""Which tests of a source file gates bear on: those that ask for ``mlgate``, and by inheritance.

Marks on a module or a class bind only tests that request ``mlgate``, and are inherited: a test
that no longer asks, or a class without its base, drops gates without a line of them changing.
Standard library only.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_mlgates.config.excuses_in_source import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def judges(tree: ast.Module) -> set[str]:
    """The tests that use ``mlgate``: ``TestModel::test_it``."""
    return {name for name, node in _functions(tree, "") if _asks(node)}


def bases(tree: ast.Module) -> set[tuple[str, str]]:
    """Every class with each class that it inherits from, directly or not, as the file names it."""
    found = {
        (name, ast.unparse(base))
        for name, node in _classes(tree, "")
        for base in node.bases
        if not isinstance(base, ast.Starred)
    }
    while True:
        more = {(one, far) for one, near in found for name, far in found if name == near} - found
        if not more:
            return found
        found |= more


def foreign(
    tree: ast.Module, source_of: Callable[[str], str | None], has_gates: Callable[[str], bool]
) -> set[str]:
    """The names of base classes that a module brings, in which gates stand.

    Args:
        tree: Of the file.
        source_of: The source of a module that it imports.
        has_gates: Whether a source has gates.
    """
    known = {base for _, base in bases(tree)}
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            modules.update({alias.asname or alias.name: module for alias in node.names})
        elif isinstance(node, ast.Import):
            modules.update({alias.asname or alias.name: alias.name for alias in node.names})
    found = set()
    for base in known:
        named = base if base in modules else base.rpartition(".")[0]
        if named in modules and has_gates(source_of(modules[named]) or ""):
            found.add(base)
    return found


def _functions(
    node: ast.AST, owner: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("test"):
                yield below(owner, child), child
        else:
            yield from _functions(child, below(owner, child))


def _classes(node: ast.AST, owner: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield below(owner, child), child
        yield from _classes(child, below(owner, child))


def _asks(test: ast.AST) -> bool:
    """Whether ``mlgate`` is a parameter of *test*, or a name or a text in it."""
    return any(
        (isinstance(node, ast.arg) and node.arg == "mlgate")
        or (isinstance(node, ast.Name) and node.id == "mlgate")
        or (isinstance(node, ast.Constant) and node.value == "mlgate")
        for node in ast.walk(test)
    )
