"""What a ``row_condition`` holds the columns that it compares to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema.condition_nodes import (
    All,
    AnyOf,
    Compare,
    In,
    Name,
    Not,
    Sql,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def compared(tree: Any, same: list[tuple[str, ...]]) -> Iterator[tuple[str, Sequence[Any], bool]]:
    """Each column that *tree* compares with literals, these, and whether by which is more.

    To *same* come the columns that it compares with each other.
    """
    if isinstance(tree, Compare) and isinstance(tree.left, Name):
        if isinstance(tree.right, Name):
            same.append((tree.left.column, tree.right.column))
        else:
            yield tree.left.column, [tree.right], tree.op not in ("==", "!=")
    elif isinstance(tree, In):
        yield tree.left.column, tree.values, False
    elif isinstance(tree, Not | Sql):
        yield from compared(tree.part, same)
    elif isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from compared(part, same)
