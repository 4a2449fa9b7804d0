"""The contract decides what a column of a CSV is, not what its values look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates import data_schema, read_table
from pytest_mlgates.cli import main
from pytest_mlgates.gates.data_schema import demands, suite

CSV = """\
zip,age,color,price,day,flag,code
01234,5,red,1,2024-01-31,true,7
99999,6,,2,2024-02-01,false,8
"""


def expect(name: str, **kwargs) -> dict:
    return {"type": f"expect_{name}", "kwargs": kwargs}


def where(text: str) -> dict:
    return expect(
        "table_row_count_to_be_between", min_value=1, row_condition=text, condition_parser="pandas"
    )


def of(*expectations: dict):
    return demands.of(suite.load(list(expectations), Path()))


IN = "column_values_to_be_in_set"
TEXT = {
    "regex": expect("column_values_to_match_regex", column="c", regex="^[0-9]+$"),
    "no regex": expect("column_values_to_not_match_regex", column="c", regex="x"),
    "a list of them": expect("column_values_to_match_regex_list", column="c", regex_list=["x"]),
    "lengths": expect("column_value_lengths_to_be_between", column="c", min_value=1),
    "length": expect("column_value_lengths_to_equal", column="c", value=5),
    "strftime": expect("column_values_to_match_strftime_format", column="c",
                       strftime_format="%Y"),
    "json": expect("column_values_to_be_json_parseable", column="c"),
    "str": expect("column_values_to_be_of_type", column="c", type_="str"),
    "object": expect("column_values_to_be_of_type", column="c", type_="object"),
    "types": expect("column_values_to_be_in_type_list", column="c", type_list=["str", "string"]),
    "set": expect(IN, column="c", value_set=["01", "2"]),
    "no set": expect("column_values_to_not_be_in_set", column="c", value_set=["01"]),
    "distinct": expect("column_distinct_values_to_contain_set", column="c", value_set=["1"]),
    "common": expect("column_most_common_value_to_be_in_set", column="c", value_set=["1"]),
    "pairs": expect("column_pair_values_to_be_in_set", column_A="c", column_B="d",
                    value_pairs_set=[["1", 2], ["2", 3]]),
    "bounds": expect("column_values_to_be_between", column="c", min_value="a"),
    "least": expect("column_min_to_be_between", column="c", min_value="a"),
    "condition": where('c == "01"'),
    "in": where('c in ["01", "02"] and d > 1'),
    "not": where('not (d > 1 or c != "01")'),
    "compared": where('c == e and e == "01"'),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXT)
def test_what_is_about_text_makes_a_column_text(case):
    assert of(TEXT[case]).text - {"e"} == {"c"}


NUMBERS = {
    "bounds": expect("column_values_to_be_between", column="c", min_value=1),
    "most": expect("column_max_to_be_between", column="c", max_value=1.5),
    "mean": expect("column_mean_to_be_between", column="c", max_value=1),
    "stdev": expect("column_stdev_to_be_between", column="c", max_value=1),
    "quantiles": expect("column_quantile_values_to_be_between", column="c",
                        quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 1]]}),
    "set": expect(IN, column="c", value_set=[1, 2]),
    "type": expect("column_values_to_be_of_type", column="c", type_="int64"),
    "types": expect("column_values_to_be_in_type_list", column="c",
                    type_list=["int64", "float64"]),
    "condition": where("c > 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", NUMBERS)
def test_what_is_about_numbers_makes_a_column_numbers(case):
    found = of(NUMBERS[case])
    assert found.numbers == {"c"}
    both = of(NUMBERS[case], TEXT["lengths"])
    assert both.text == both.numbers == frozenset()


@pytest.mark.parametrize(
    "open_",
    [
        expect("column_values_to_not_be_null", column="c"),
        expect("column_values_to_be_unique", column="c"),
        expect("column_unique_value_count_to_be_between", column="c", min_value=1),
        expect(IN, column="c", value_set=[1, "a"]),
        expect(IN, column="c", value_set=[True, False]),
        expect(IN, column="c", value_set=["2024-01-31", None]),
        expect("column_values_to_be_between", column="c", min_value="2024-01-31"),
        expect("column_values_to_be_between", column="c", min_value="18", max_value="65.5"),
        expect("column_min_to_be_between", column="c", min_value="-1e3"),
        where('c > "18"'),
        expect("column_values_to_be_in_type_list", column="c", type_list=["str", "int64"]),
        expect("column_value_lengths_to_equal", column="d", value=5),
    ],
)
def test_what_the_contract_leaves_open_is_what_it_looks_like(open_):
    found = of(open_)
    assert "c" not in found.text | found.numbers | found.floats | found.times


def test_columns_that_are_compared_are_both_text():
    pair = expect("column_pair_values_to_be_equal", column_A="c", column_B="d")
    assert of(pair, TEXT["regex"]).text == {"c", "d"}
    numbers = expect("column_values_to_be_between", column="d", min_value=1)
    assert of(pair, TEXT["regex"], numbers).text == {"c"}


def test_only_columns_that_are_looked_at_are_read():
    assert of(
        expect("table_columns_to_match_set", column_set=["a", "b"]),
        expect("table_columns_to_match_ordered_list", column_list=["a", "b"]),
        expect("column_to_exist", column="a"),
        expect("column_values_to_not_be_null", column="c"),
        where("d > 1"),
    ).columns == {"c", "d"}
    assert of(expect("column_values_to_be_odd", column="c")).columns is None


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(CSV, encoding="utf-8")
    return "t.csv"


HELD = {
    "regex": expect("column_values_to_match_regex", column="zip", regex=r"^\d{5}$"),
    "set": expect(IN, column="zip", value_set=["01234", "99999"]),
    "str": expect("column_values_to_be_of_type", column="zip", type_="str"),
    "length": expect("column_value_lengths_to_equal", column="zip", value=5),
    "distinct": expect("column_distinct_values_to_equal_set", column="zip",
                       value_set=["01234", "99999"]),
    "condition": expect("column_values_to_be_between", column="age", max_value=5,
                        row_condition='zip == "01234"', condition_parser="pandas"),
}  # fmt: skip
BROKEN = {
    "regex": expect("column_values_to_match_regex", column="zip", regex=r"^[1-9]"),
    "set": expect(IN, column="zip", value_set=["1234", "99999"]),
    "length": expect("column_value_lengths_to_equal", column="zip", value=4),
    "condition": expect("column_values_to_be_between", column="age", max_value=4,
                        row_condition='zip == "01234"', condition_parser="pandas"),
}  # fmt: skip
CASES = [*((HELD[k], True) for k in HELD), *((BROKEN[k], False) for k in BROKEN)]


@pytest.mark.parametrize(("expectation", "holds"), CASES)
def test_zip_codes_keep_their_zeros(file, expectation, holds):
    assert data_schema(file, [expectation]).passed is holds


@pytest.mark.parametrize(("expectation", "holds"), CASES)
def test_great_expectations_says_the_same_of_the_frame_with_those_types(file, expectation, holds):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("great_expectations")
    from pytest_mlgates.engines.tables import to_table
    from pytest_mlgates.integrations.great_expectations import mlgates_evaluate_expectations

    kwargs = {k: v for k, v in expectation["kwargs"].items() if "condition" not in k}
    frame = pd.read_csv(file, dtype={"zip": str})
    if "row_condition" in expectation["kwargs"]:
        frame = frame[frame["zip"] == "01234"]
    asked = [{"type": expectation["type"], "kwargs": kwargs, "where": ""}]
    answer = mlgates_evaluate_expectations(to_table(frame), asked)[0]
    assert answer["success"] is holds
    ours = data_schema(file, [expectation]).details[0]
    for key in ("success", "unexpected_count", "element_count", "missing_count"):
        if answer.get(key) is not None and ours[key] is not None:
            assert ours[key] == answer[key]


def test_the_contract_decides_on_every_surface(file, tmp_path, pytester, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.json").write_text(f'{{"expectations": [{REGEX}]}}', encoding="utf-8")
    (tmp_path / "mlgates.toml").write_text(
        '[tables.t]\npath = "t.csv"\n[gates.g]\nkind = "data_schema"\ntable = "t"\n'
        'suite = "s.json"\n',
        encoding="utf-8",
    )
    from pytest_mlgates.hooks import mlgates_data

    assert main(["check"]) == 0
    assert mlgates_data.main(["t.csv"]) == 0
    assert mlgates_data.main(["--suite", "s.json", "t.csv"]) == 0
    assert data_schema(read_table("t.csv"), "s.json").passed
    for name in ("t.csv", "s.json", "mlgates.toml"):
        (pytester.path / name).write_bytes((tmp_path / name).read_bytes())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.data_schema("s.json")
        def test_marker(mlgate):
            mlgate("t.csv")

        def test_method(mlgate):
            mlgate.data_schema("t.csv", "s.json")
        """
    )
    monkeypatch.chdir(pytester.path)
    pytester.runpytest_subprocess("--mlgates").assert_outcomes(passed=3)


REGEX = (
    '{"type": "expect_column_values_to_match_regex", '
    '"kwargs": {"column": "zip", "regex": "^[0-9]{5}$"}}'
)


def test_two_contracts_read_one_column_each_in_its_own_way(file, tmp_path, capsys):
    gate = '[gates.{0}]\nkind = "data_schema"\ntable = "t"\nsuite = [{1}]\n'
    kinds = {
        "text": '{type = "expect_column_values_to_match_regex", '
        'kwargs = {column = "zip", regex = "^0"}}',
        "numbers": '{type = "expect_column_min_to_be_between", '
        'kwargs = {column = "zip", min_value = 1234, max_value = 1234}}',
        "open": '{type = "expect_column_values_to_be_unique", kwargs = {column = "zip"}}',
    }
    text = "".join(gate.format(name, one) for name, one in kinds.items())
    (tmp_path / "mlgates.toml").write_text(f'[tables.t]\npath = "t.csv"\n{text}', encoding="utf-8")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "3 gates: 2 passed, 1 failed" in out
    assert "zip: matches '^0'   1 row (50.00 %)" in out


@pytest.mark.parametrize(
    ("type_", "column", "holds"),
    [
        ("float64", "price", True),
        ("float64", "color", False),
        ("datetime64", "day", True),
        ("date", "day", True),
        ("int64", "price", True),
        ("bool", "flag", True),
        ("str", "flag", True),
        ("int64", "color", False),
    ],
)
def test_a_type_holds_if_every_value_can_be_read_as_it(file, type_, column, holds):
    suite_ = [expect("column_values_to_be_of_type", column=column, type_=type_)]
    assert data_schema(file, suite_).passed is holds


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1", "x", "", "2"], "column 'a' holds text: 1 of 3 values is not a number"),
        (["1", "x", "y"], "column 'a' holds text: 2 of 3 values are not numbers"),
        (
            ["1", "NA", "-"],
            """column 'a' holds text: 2 of 3 values are not numbers; \
`null_values = ["-", "NA"]` of the table would read them""",
        ),
        (
            ["1", '"1,5"'],
            """column 'a' holds text: 1 of 2 values is not a number; \
`decimal = ","` of the table would read them""",
        ),
        (["99999999999999999999", "1"], "column 'a' holds whole numbers of more than 64 bits"),
    ],
)
@pytest.mark.parametrize(
    "expectation",
    [
        expect("column_values_to_be_between", column="a", min_value=0),
        expect("column_mean_to_be_between", column="a", min_value=0),
        expect("column_values_to_be_of_type", column="a", type_="int64"),
        expect("column_values_to_be_in_set", column="a", value_set=[1, 2]),
        expect("column_values_to_not_be_null", column="b", row_condition="a > 0",
               condition_parser="pandas"),
    ],
)  # fmt: skip
def test_text_where_the_contract_wants_numbers_is_counted_and_fails(
    tmp_path, values, told, expectation
):
    body = "".join(f"{value},1\n" for value in values)
    (tmp_path / "t.csv").write_text(f"a,b\n{body}", encoding="utf-8")
    verdict = data_schema(tmp_path / "t.csv", [expectation])
    assert not verdict.passed
    assert verdict.details[0]["success"] is False
    assert told in verdict.message
    assert "x" not in verdict.message.split("holds text: ")[-1].split()
    private = data_schema(tmp_path / "t.csv", [expectation], private=True)
    assert "of 3 values" not in private.message


def test_a_column_without_a_value_is_no_mistake_of_types(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n,1\n,2\n", encoding="utf-8")
    suite_ = [expect("column_values_to_be_between", column="a", min_value=0)]
    verdict = data_schema(tmp_path / "t.csv", suite_)
    assert not verdict.passed
    assert "no value to judge: null in all 2 rows" in verdict.message


def test_parquet_reads_only_the_columns_that_the_contract_names(tmp_path):
    """The pages of another column are damaged, and nobody notices."""
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "t.parquet"
    duckdb.sql("select range as a, hash(range) as b from range(50000)").write_parquet(str(path))
    start, size = duckdb.sql(
        "select data_page_offset, total_compressed_size from parquet_metadata("
        f"'{path}') where path_in_schema = 'b'"
    ).fetchall()[0]
    damaged = bytearray(path.read_bytes())
    damaged[start : start + size] = b"\xff" * size
    path.write_bytes(bytes(damaged))
    unique = [expect("column_values_to_be_unique", column="a")]
    assert data_schema(path, unique).passed
    from pytest_mlgates import MLGatesError

    with pytest.raises(MLGatesError, match=r"'t.parquet' cannot be read"):
        data_schema(path, [expect("column_values_to_be_unique", column="b")])


def test_a_csv_reads_only_the_columns_that_the_contract_names(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,ä\n2,ö\n".encode("latin-1"))
    assert data_schema(path, [expect("column_values_to_be_unique", column="a")]).passed
    from pytest_mlgates import MLGatesError

    # DuckDB 1.3 fails on it without saying why.
    with pytest.raises(MLGatesError, match=r"it is not UTF-8 text|DuckDB itself failed on it"):
        data_schema(path, [expect("column_values_to_be_unique", column="b")])
