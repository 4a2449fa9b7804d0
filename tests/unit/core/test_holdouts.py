"""Uses of a holdout are counted by what its rows are, and no trick makes a worn one new."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgates.core.holdouts import SKETCH, Rows, merged, uses


def rows(holdout, evaluation, members):
    hashes = sorted({random.Random(f"row {one}").getrandbits(64) for one in members})
    return Rows(
        holdout=holdout, evaluation=evaluation, rows=len(hashes), sketch=tuple(hashes[:SKETCH])
    )


def ledger(*looks):
    return merged(look.lines() for look in looks)


def test_the_same_predictions_are_one_use():
    one = rows("a", "e1", range(100))
    assert uses(ledger(one, one), one) == 1
    assert uses(ledger(one, rows("a", "e2", range(100))), one) == 2


@pytest.mark.parametrize("size", [50, 3000])
@pytest.mark.parametrize(
    ("change", "inherits"),
    [
        ("one more", True),
        ("a tenth gone", True),
        ("a third new", True),
        ("two thirds new", False),
        ("all new", False),
        ("a fifth of it", True),
    ],
)
def test_a_holdout_is_new_where_more_than_half_of_its_rows_are(size, change, inherits):
    known = ledger(*(rows("old", f"e{i}", range(size)) for i in range(7)))
    members = {
        "one more": range(size + 1),
        "a tenth gone": range(size // 10, size),
        "a third new": range(size // 3, size + size // 3),
        "two thirds new": range(2 * size // 3, size + 2 * size // 3),
        "all new": range(size, 2 * size),
        "a fifth of it": range(size // 5),
    }[change]
    assert uses(known, rows("new", "e", members)) == (8 if inherits else 1)


def test_a_row_at_a_time_does_not_make_it_new():
    known, last = [], None
    for step in range(40):  # in the end four fifths of the rows are others
        last = rows(f"h{step}", f"e{step}", range(step * 10, step * 10 + 500))
        known = ledger(last) + known
    assert uses(known, last) == 40


@given(st.permutations(range(12)), st.integers(1, 11))
def test_two_branches_of_a_ledger_merge_in_any_order(order, cut):
    looks = [rows(f"h{i % 3}", f"e{i}", range(i % 3 * 1000, i % 3 * 1000 + 200)) for i in range(12)]
    one = ledger(*(looks[i] for i in order[:cut]))
    other = ledger(*(looks[i] for i in order[cut:]))
    assert merged([one, other]) == ledger(*looks)
    assert uses(merged([other, one]), looks[0]) == 4


@pytest.mark.parametrize(
    "line", ["", "holdout", "holdout a b c", "holdout a 3 !!", "evaluation a", "nonsense 1 2 3"]
)
def test_a_damaged_line_counts_for_nothing(line):
    one = rows("a", "e1", range(100))
    assert uses([line, *ledger(one)], one) == 1
