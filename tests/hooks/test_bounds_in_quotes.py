"""A number in quotes is no bound of numbers: as texts, "9" is more than "18"."""

from __future__ import annotations

import json

import pytest

from pytest_mlgates.hooks.mlgates_data import main

BETWEEN = "expect_column_values_to_be_between"
IS_TEXT = {
    "type": "expect_column_values_to_be_of_type",
    "kwargs": {"column": "age", "type_": "str"},
}
WITHOUT = "compare with column 'age' of integers: write 18 without quotes\n"
HOLDS = "'18' is text, and column 'age' holds numbers: write 18 without quotes (or expect the "
ROWS = {
    "plain": "age,most\n9,100\n20,100\n",
    "quoted": 'age,most\n"9",100\n"20",100\n',
    "floats": "age,most\n9.5,100\n20,100\n",
    "huge": "age,most\n9,100\n99999999999999999999999,100\n",
}


def expect(type_: str = BETWEEN, **kwargs) -> dict:
    return {"type": type_, "kwargs": kwargs}


@pytest.fixture
def judge(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def judge(rows: str, *suite: dict, name: str = "people.csv") -> tuple[int, str]:
        (tmp_path / name).write_text(rows, encoding="utf-8")
        (tmp_path / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
        code = main(["--suite", "suite.json", name])
        return code, capsys.readouterr().out

    return judge


@pytest.mark.parametrize("rows", ["plain", "quoted"])
def test_a_bound_in_quotes_is_refused_for_numbers(judge, rows):
    code, out = judge(ROWS[rows], expect(column="age", min_value="18"))
    assert code == 2
    assert f"got:   age between: min_value '18' does not {WITHOUT}" in out


@pytest.mark.parametrize(
    "expectation",
    [
        expect("expect_column_min_to_be_between", column="age", min_value="18"),
        expect("expect_column_max_to_be_between", column="age", max_value="18"),
        expect(column="most", min_value=0, row_condition='age > "18"', condition_parser="pandas"),
    ],
)
def test_so_is_one_of_a_minimum_a_maximum_and_a_condition(judge, expectation):
    code, out = judge(ROWS["plain"], expectation)
    assert code == 2
    assert WITHOUT in out


def test_what_is_no_number_in_json_is_told_without_a_line_to_paste(judge):
    code, out = judge(ROWS["plain"], expect(column="age", min_value="018"))
    assert code == 2
    assert "'018' does not compare with column 'age' of integers: write a number\n" in out


def test_bounds_that_are_upside_down_as_texts_alone_are_told_as_texts(judge):
    code, out = judge(ROWS["plain"], expect(column="age", min_value="9", max_value="100"))
    assert code == 2
    assert "got:   min '9', max '100', which are texts\n" in out
    assert "fix:   write numbers without quotes\n" in out


@pytest.mark.parametrize(
    "beside",
    [
        expect("expect_column_values_to_match_regex", column="age", regex="^[0-9.]+$"),
        expect("expect_column_value_lengths_to_be_between", column="age", max_value=40),
        expect("expect_column_values_to_be_in_set", column="age", value_set=["9", "20", "9.5"]),
    ],
)
@pytest.mark.parametrize("rows", ["plain", "quoted", "floats"])
def test_a_contract_that_reads_numbers_as_text_does_not_compare_them_so(judge, rows, beside):
    """A regular expression makes the column text, and no text is asked which is more."""
    code, out = judge(ROWS[rows], expect(column="age", min_value="18"), beside)
    assert code == 2
    assert HOLDS in out


def test_numbers_of_more_than_64_bits_are_not_compared_as_text_either(judge):
    code, out = judge(ROWS["huge"], expect(column="age", min_value="18"))
    assert code == 2
    assert HOLDS in out


def test_a_bound_that_is_no_number_is_refused_for_numbers_too(judge):
    """Every digit is less than every letter: it would pass whatever the numbers are."""
    for rows in ROWS.values():
        code, out = judge(rows, expect(column="age", max_value="old"))
        assert code == 2
        assert "max_value 'old' is text, and column 'age' holds numbers: write a number" in out


def test_a_pair_beside_it_is_not_compared_as_text(judge):
    """A warning does not block; what it is about must not make texts of other columns."""
    warned = {**expect(column="age", min_value="18"), "severity": "warning"}
    pair = expect(
        "expect_column_pair_values_a_to_be_greater_than_b", column_A="age", column_B="most"
    )
    code, out = judge(ROWS["plain"], warned, pair)
    assert code == 1
    assert "2 rows (100.00 %)" in out


@pytest.mark.parametrize("rows", ["plain", "quoted"])
def test_a_contract_that_says_that_a_column_is_text_compares_texts(judge, rows):
    bound = expect(column="age", min_value="18")
    assert judge(ROWS[rows], bound, IS_TEXT)[0] == 0
    assert judge(ROWS[rows], expect(column="age", min_value="90"), IS_TEXT)[0] == 1


def test_a_column_that_is_no_number_throughout_compares_texts(judge):
    rows = "age,most\n9a,1\n20b,1\n"
    assert judge(rows, expect(column="age", min_value="18"))[0] == 0
    assert judge(rows, expect(column="age", min_value="21"))[0] == 1


def test_texts_of_json_are_texts(judge):
    rows = '{"age": "9"}\n{"age": "20"}\n'
    assert judge(rows, expect(column="age", min_value="18"), name="people.jsonl")[0] == 0


def test_a_set_in_quotes_still_makes_a_column_text(judge):
    values = expect("expect_column_values_to_be_in_set", column="age", value_set=["9", "20"])
    assert judge(ROWS["plain"], values)[0] == 0
