"""Parsed conditions as expressions, with the truth values of pandas.

A comparison with a missing value is false, except ``!=`` and ``not in``, which are true; so there
are two truth values, and ``not`` is their exchange.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.gates.data_schema import condition_nodes as nodes
from pytest_mlgates.gates.data_schema import families

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table


def mask_of(tree: Any, table: Table) -> nw.Expr:
    """True in the rows of *table* that the condition *tree* keeps, never null.

    Raises:
        MismatchError: if a column is compared with something of another kind.
    """
    if isinstance(tree, nodes.All):
        return reduce(and_, [mask_of(part, table) for part in tree.parts])
    if isinstance(tree, nodes.AnyOf):
        return reduce(or_, [mask_of(part, table) for part in tree.parts])
    if isinstance(tree, nodes.Not):
        return ~mask_of(tree.part, table)
    column = tree.left.column
    if isinstance(tree, nodes.Null):
        null = nw.col(column).is_null()
        return null if tree.is_null else ~null
    what = "row_condition:"
    if isinstance(tree, nodes.In):
        found = families.is_in(table, column, tree.values, what=what).fill_null(value=False)
        return ~found if tree.negated else found
    if isinstance(tree.right, nodes.Name):
        found = families.compare_columns(table, column, tree.op, tree.right.column)
    else:
        found = families.holds(table, column, tree.op, tree.right, what=what)
    return found.fill_null(value=tree.op == "!=")
