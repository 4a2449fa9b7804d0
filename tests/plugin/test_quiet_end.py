"""A run leaves nothing behind: DuckDB's binding prints a page about whatever outlives it."""

from __future__ import annotations

import json

import pytest

from tests.plugin.conftest import configure

CONFIGURATION = """
    [tool.mlgates.tables.rows]
    path = "rows.{kind}"

    [tool.mlgates.gates.contract]
    kind = "data_schema"
    table = "rows"
    suite = "{suite}.json"
"""
TESTS = """
    import pytest

    @pytest.mark.data_schema("held.json")
    @pytest.mark.metric("accuracy", min=0.8)
    def test_holds(mlgate):
        mlgate("rows.parquet")

    @pytest.mark.data_schema("broken.json")
    def test_broken(mlgate):
        mlgate("rows.parquet")

    @pytest.mark.data_schema("misused.json")
    def test_misused(mlgate):
        mlgate("rows.csv")

    @pytest.fixture
    def judged(mlgate):
        mlgate.data_schema("rows.csv", "broken.json")

    def test_fixture(judged):
        pass

    def test_collect(mlgate):
        with mlgate.collect():
            mlgate.data_schema("rows.csv", "broken.json")
            mlgate.metric("rows.parquet", "nonsense", min=1, id="second")

    @pytest.mark.data_schema("held.json")
    def test_of_its_own(mlgate):
        verdicts = mlgate("rows.csv")
        assert not verdicts
"""


@pytest.fixture
def rows(pytester):
    import duckdb

    # Too many rows for the quick path: an engine reads them.
    table = duckdb.sql("select i as id, i % 2 as y_true, i % 2 as y_pred from range(50000) r(i)")
    table.write_parquet(str(pytester.path / "rows.parquet"))
    table.write_csv(str(pytester.path / "rows.csv"))
    for name, kwargs in (
        ("held", {"column": "id"}),
        ("broken", {"column": "y_true"}),
        ("misused", {"colum": "id"}),
    ):
        suite = [{"type": "expect_column_values_to_be_unique", "kwargs": kwargs}]
        (pytester.path / f"{name}.json").write_text(json.dumps(suite))
    return pytester


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(("suite", "code"), [("held", 0), ("broken", 1), ("misused", 1)])
def test_a_declared_gate_prints_nothing_on_stderr(rows, kind, suite, code):
    configure(rows, CONFIGURATION.format(kind=kind, suite=suite))
    result = rows.runpytest_subprocess("--mlgates")
    assert result.ret == code
    assert "leaked" not in result.stderr.str()
    assert not result.errlines


@pytest.mark.parametrize(
    "options", [(), ("-l", "--tb=long"), ("-n", "1")], ids=["plain", "locals", "xdist"]
)
def test_tests_with_gates_print_nothing_on_stderr(rows, options):
    rows.makepyfile(TESTS)
    result = rows.runpytest_subprocess(*options)
    result.assert_outcomes(passed=1, failed=4, errors=1)
    assert "leaked" not in result.stderr.str()
    assert not result.errlines


HELD_BY_TESTS = """
    import duckdb
    import pytest

    from pytest_mlgates import data_schema, read_table

    @pytest.fixture(scope="session")
    def table():
        return read_table("rows.csv")

    def test_fails_with_a_table_of_its_own():
        mine = read_table("rows.csv")
        assert not data_schema(mine, "held.json").passed

    def test_fails_with_a_connection_of_its_own():
        link = duckdb.connect()
        assert link is None

    def test_fails_with_the_table_of_a_fixture(table):
        assert not data_schema(table, "held.json").passed

    class TestKept:
        def test_keeps(self, table, mlgate):
            self.table = table
            mlgate.data_schema(table, "held.json")
"""
NUMBERS = (
    CONFIGURATION
    + """
    [tool.mlgates.gates.right]
    kind = "metric"
    table = "rows"
    metric = "accuracy"
    min = 0.8
"""
)


@pytest.mark.parametrize("options", [(), ("-x",), ("-n", "1")], ids=["plain", "first", "xdist"])
def test_what_tests_themselves_hold_prints_nothing_on_stderr(rows, options):
    """Other plugins keep what tests raised, pytest the tests, until it is too late for DuckDB."""
    configure(rows, NUMBERS.format(kind="csv", suite="held"))
    rows.makepyfile(HELD_BY_TESTS)
    result = rows.runpytest_subprocess(*options)
    assert result.ret == 1
    assert "leaked" not in result.stderr.str()
    assert not result.errlines
