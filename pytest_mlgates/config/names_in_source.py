"""What the names in a source file stand for: literals, marks, ``pytest.mark`` and ``mlgate``.

Only a name that is bound once in the whole file stands for what it was given: of any other the
source alone does not say it. Standard library only.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MARK = ast.Name("mark", ast.Load())


def value_of(node: ast.expr) -> Any:
    """A literal's value; of anything else its source."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return {"source": ast.unparse(node)}
    if isinstance(value, tuple | set | frozenset):
        return sorted(map(str, value)) if isinstance(value, set | frozenset) else list(value)
    return value


def is_source(value: Any) -> bool:
    """Whether *value* is what :func:`value_of` makes of something that is no literal."""
    return isinstance(value, dict) and set(value) == {"source"}


def mark_name(mark: ast.expr) -> str | None:
    """``metric`` for ``pytest.mark.metric``, whatever pytest is called; called or not."""
    mark = mark.func if isinstance(mark, ast.Call) else mark
    if isinstance(mark, ast.Attribute) and isinstance(mark.value, ast.Attribute | ast.Name):
        inner = mark.value
        if (inner.attr if isinstance(inner, ast.Attribute) else inner.id) == "mark":
            return mark.attr
    return None


def resolve(tree: ast.Module, source_of: Callable[[str], str | None] = lambda _: None) -> None:
    """Put what they stand for in the place of names in *tree*.

    Args:
        tree: Of a file.
        source_of: The source of a module that it imports (``.limits`` where that is relative).
    """
    imported: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = "." * node.level + (node.module or "")
        known = {"mark": _MARK} if module == "pytest" else _constants(source_of(module))
        for alias in node.names:
            if alias.name in known:
                imported[alias.asname or alias.name] = known[alias.name]
    bound = Counter(_bound(ast.walk(tree)))
    _Resolved({name: value for name, value in imported.items() if bound[name] == 1}).visit(tree)
    resolved = _Resolved(_standing(tree))
    for _ in range(2):  # a mark's arguments may be names
        resolved.visit(tree)


@cache  # a module is imported by many
def _constants(text: str | None) -> dict[str, ast.expr]:
    """What the names in the source *text* of a module stand for."""
    try:
        return _standing(ast.parse(text or ""))
    except (SyntaxError, ValueError, RecursionError):
        return {}


def _standing(tree: ast.Module) -> dict[str, ast.expr]:
    nodes = list(ast.walk(tree))
    bound, touched = Counter(_bound(nodes)), set(_touched(nodes))
    given: dict[str, list[ast.expr]] = {}
    for name, value in _assigned(nodes):
        given.setdefault(name, []).append(value)
    return {
        name: values[0]
        for name, values in given.items()
        if bound[name] == len(values)
        and len({ast.dump(value) for value in values}) == 1
        and (_is_ours(values[0]) or (name not in touched and not is_source(value_of(values[0]))))
    }


def _bound(nodes: Iterable[ast.AST]) -> list[str]:
    """Every name, as often as something binds it."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.append(node.id)
        elif isinstance(node, ast.arg):
            found.append(node.arg)
        elif isinstance(node, ast.alias):
            found.append(node.asname or node.name)
        elif isinstance(name := getattr(node, "name", None), str):  # of a function, a class, `as`
            found.append(name)
    return found


def _touched(nodes: Iterable[ast.AST]) -> list[str]:
    """Names of what may be changed in place: ``BY.append("age")``, ``BY[0] = "age"``."""
    return [
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name)
    ]


def _assigned(nodes: Iterable[ast.AST]) -> list[tuple[str, ast.expr]]:
    """What stands as ``name = value`` anywhere among *nodes*."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [(t.id, node.value) for t in targets if isinstance(t, ast.Name)]
    return found


def _is_ours(value: ast.expr) -> bool:
    """Whether *value* is a mark, ``pytest.mark`` or ``mlgate``."""
    if isinstance(value, ast.Name):
        return value.id in ("mark", "mlgate")
    if isinstance(value, ast.Attribute) and value.attr == "mark":
        return True
    return mark_name(value) is not None or _is_requested(value)


def _is_requested(value: ast.expr) -> bool:
    """Whether *value* is ``request.getfixturevalue("mlgate")``."""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "getfixturevalue"
        and [ast.unparse(one) for one in value.args] == ["'mlgate'"]
    )


class _Resolved(ast.NodeTransformer):
    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What the name stands for, if that is known."""
        if not isinstance(node.ctx, ast.Load) or node.id not in self._given:
            return node
        value = copy.deepcopy(self._given[node.id])
        if _is_requested(value):
            value = ast.Name("mlgate", ast.Load())
        for part in ast.walk(value):  # mistakes in it are told where its name stands
            if hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return value
