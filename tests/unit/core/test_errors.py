"""The template of every message."""

from __future__ import annotations

import pickle

from pytest_mlgates.core.errors import (
    ColumnError,
    ConfigurationError,
    MissingExtraError,
    MLGatesError,
)


def test_a_message_says_what_where_got_want_fix_and_leaves_empty_lines_out():
    whole = MLGatesError("x is wrong", where="here", got="1", want="2", fix="write 2")
    assert str(whole) == ("x is wrong\n  where: here\n  got:   1\n  want:  2\n  fix:   write 2")
    assert str(MLGatesError("x is wrong", want="2")) == "x is wrong\n  want:  2"


def test_where_is_filled_in_once():
    error = MLGatesError("x").at("first").at("second")
    assert error.where == "first"


def test_a_missing_column_suggests_the_nearest():
    assert str(ColumnError.missing("agee", ["age", "sex"], table="table 't'")) == (
        "column 'agee' is not in table 't'\n"
        "  got:   columns 'age', 'sex'\n"
        "  fix:   did you mean 'age'?"
    )


def test_a_missing_library_names_its_extra():
    error = MissingExtraError.of("mlflow", "mlflow", why="loading x", error=SystemExit(0))
    assert str(error) == (
        "loading x needs mlflow, which does not import here\n"
        "  got:   SystemExit: 0\n"
        "  fix:   pip install 'pytest-mlgates[mlflow]'"
    )


def test_several_mistakes_are_one_error():
    errors = [MLGatesError("a", where="x"), MLGatesError("b")]
    assert str(ConfigurationError.collect(errors, source="p.toml")) == (
        "2 mistakes in p.toml\na\n  where: x\nb"
    )


def test_an_error_survives_the_way_between_processes():
    error = ColumnError.missing("a", ["b"])
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (ColumnError, str(error))
