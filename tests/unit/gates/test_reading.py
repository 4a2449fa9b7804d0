"""Values of users become typed fields; what cannot be meant is told in words, all at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import pytest
from msgspec import Meta, Struct

from pytest_mlgates import MLGatesError, metric
from pytest_mlgates.core.verdict import Policy
from pytest_mlgates.gates import reading
from pytest_mlgates.gates.base import Columns, Confidence, Number


class Model(Struct, frozen=True, kw_only=True):
    name: str
    share: Confidence = 0.95
    limit: Number | None = None
    runs: Annotated[int, Meta(ge=2, le=9)] = 2
    by: Columns | None = None
    features: Annotated[Columns, Meta(min_length=1)] | None = None
    policy: Policy = Policy.ESTIMATE
    level: Literal["a", "b"] = "a"
    flag: bool = False
    label: str | int | float | bool | None = None
    anything: Any = None


def found(**given):
    return reading.read(Model, {"name": "x", **given})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"name": np.str_("x")}, "x"),
        ({"share": 0.9}, 0.9),
        ({"share": np.float32(0.75)}, 0.75),
        ({"limit": 1}, 1.0),
        ({"limit": None}, None),
        ({"limit": np.int64(3)}, 3.0),
        ({"runs": 3}, 3),
        ({"by": "sex"}, ("sex",)),
        ({"by": ["sex", "age"]}, ("sex", "age")),
        ({"by": {"sex", "age", "b"}}, ("age", "b", "sex")),
        ({"by": np.array(["sex", "age"])}, ("sex", "age")),
        ({"by": None}, None),
        ({"policy": "fail"}, Policy.FAIL),
        ({"policy": Policy.PASS}, Policy.PASS),
        ({"label": True}, True),
        ({"label": 1}, 1),
        ({"label": "1"}, "1"),
        ({"anything": [object]}, [object]),
    ],
)
def test_a_value_becomes_what_its_field_is(given, value):
    values, mistakes = found(**given)
    assert not mistakes
    read = values[next(iter(given))]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ({"name": 3}, "text"),
        ({"name": None}, "text"),
        ({"share": 1.0}, "a number < 1.0"),
        ({"share": 0.5}, "a number > 0.5"),
        ({"share": "0.9"}, "a number"),
        ({"limit": True}, "a number"),
        ({"limit": float("nan")}, "a finite number"),
        ({"runs": 1}, "a whole number >= 2"),
        ({"runs": 10}, "a whole number <= 9"),
        ({"runs": 2.5}, "a whole number"),
        ({"runs": True}, "a whole number"),
        ({"by": 3}, "a list"),
        ({"by": [3]}, "text"),
        ({"features": []}, "a list of length >= 1"),
        ({"policy": "maybe"}, "'estimate', 'pass' or 'fail'"),
        ({"level": "c"}, "'a' or 'b'"),
        ({"flag": 1}, "true or false"),
        ({"label": ["a"]}, "true or false or a whole number or a number or text"),
    ],
)
def test_what_cannot_be_meant_is_told_in_words(given, want):
    values, mistakes = found(**given)
    [(name, value)] = given.items()
    [mistake] = mistakes
    assert (mistake.field, mistake.kind, mistake.want) == (name, "unusable", want)
    assert mistake.got is value
    assert name not in values


def test_every_mistake_is_told_at_once():
    values, mistakes = reading.read(Model, {"runs": 1, "flag": 3, "nmae": "x", "share": 0.9})
    assert [(m.field, m.kind) for m in mistakes] == [
        ("name", "missing"),
        ("runs", "unusable"),
        ("flag", "unusable"),
        ("nmae", "unknown"),
    ]
    assert values == {"share": 0.9}


@pytest.mark.parametrize("by", [[], (), set(), ["a", "a"], [np.str_("a"), "a"]])
def test_columns_are_named_and_named_once(by):
    frame = {"y_true": [0, 1], "y_pred": [0, 1], "a": [0, 1]}
    with pytest.raises(MLGatesError, match="by is not usable"):
        metric(frame, "accuracy", min=0.5, by=by)
