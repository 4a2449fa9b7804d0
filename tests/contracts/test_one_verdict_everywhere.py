"""The same gate gives the same verdict on every surface, and on every kind of table."""

from __future__ import annotations

import functools
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_mlgates
from pytest_mlgates.cli import main as mlgates
from pytest_mlgates.hooks import judging, mlgates_check, mlgates_data
from tests.projects import BAD_DATA, SUITE, record_in, write_project

# Each kind: how it is called, and as TOML. Tables are named as their files are.
CALLS = {
    "data_schema": ("data/applications.csv", (SUITE,), {}),
    "metric": ("holdout.csv", ("accuracy",), {"min": 0.79, "by": ["sex"]}),
    "fairness": (
        "holdout.csv",
        ("demographic_parity_difference",),
        {"by": "sex", "max": 0.05, "confidence": 0.9},
    ),
    "reproducibility": (None, (), {"runs": 3}),
}
CONFIGURATION = """
[tool.mlgates]
pythonpath = ["."]
[tool.mlgates.tables."applications.csv"]
path = "data/applications.csv"
[tool.mlgates.tables."holdout.csv"]
path = "holdout.csv"
[tool.mlgates.gates.data_schema]
kind = "data_schema"
table = "applications.csv"
suite = [
  {type = "expect_column_values_to_not_be_null", kwargs = {column = "age"}},
  {type = "expect_column_values_to_be_between", kwargs = {column = "age", min_value = 0, max_value = 120}},
]
[tool.mlgates.gates.metric]
kind = "metric"
table = "holdout.csv"
metric = "accuracy"
min = 0.79
by = ["sex"]
[tool.mlgates.gates.fairness]
kind = "fairness"
table = "holdout.csv"
metric = "demographic_parity_difference"
by = "sex"
max = 0.05
confidence = 0.9
[tool.mlgates.gates.reproducibility]
kind = "reproducibility"
fresh_process = false
entry = "TRAINER:train"
runs = 3
"""  # noqa: E501
TESTS = """
import pytest
from TRAINER import train

@pytest.mark.{kind}(*{arguments!r}, **{options!r})
def test_marker(mlgate):
    mlgate({subject})

def test_method(mlgate):
    mlgate.{kind}({subject}, *{arguments!r}, **{options!r})
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return write_project(tmp_path, data=BAD_DATA, configuration=CONFIGURATION)


def comparable(verdict: dict) -> dict:
    """A verdict without its name and its times; a contract is written out or named."""
    rest = {
        k: v
        for k, v in verdict.items()
        if k not in {"id", "duration_s", "where", "holdout", "files"}
    }
    rest["details"] = [
        {k: v for k, v in detail.items() if k != "duration_s"} for detail in rest["details"]
    ]
    rest["definition"] = {k: v for k, v in rest["definition"].items() if k != "suite"}
    return rest


def recorded(path: str) -> list[dict]:
    written = json.loads(Path(path).read_text())  # by --json: a plain record
    return (written if "verdicts" in written else record_in(Path(path)))["verdicts"]


def under_pytest(kind, trainer, *options):
    subject = "train" if kind == "reproducibility" else repr(CALLS[kind][0])
    _, arguments, keywords = CALLS[kind]
    text = TESTS.format(kind=kind, subject=subject, arguments=arguments, options=keywords)
    Path("test_gates.py").write_text(text.replace("TRAINER", trainer))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--mlgates-evidence", "run.json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return recorded("run.json")


def from_hook(monkeypatch, run) -> list[dict]:
    seen = []
    report = judging.report

    def keep(verdicts, elsewhere=(), **more):
        seen.extend(verdicts)
        return report(verdicts, elsewhere, **more)

    monkeypatch.setattr(judging, "report", keep)
    run()
    return [json.loads(verdict.to_json()) for verdict in seen]


@pytest.mark.parametrize("kind", CALLS)
def test_every_surface_gives_the_same_verdict(kind, project, monkeypatch):
    (trainer,) = (path.stem for path in project.glob("trainer_*.py"))
    subject, arguments, options = CALLS[kind]
    found = {}

    function = getattr(pytest_mlgates, kind)
    given = importlib.import_module(trainer).train if subject is None else subject
    found["function"] = function(given, *arguments, **options).to_dict()

    mlgates(["check", kind, "--json", "check.json"])
    (found["command line"],) = recorded("check.json")

    marker, method = under_pytest(kind, trainer, "test_gates.py")
    found["marker"], found["method"] = marker, method
    (found["TOML under pytest"],) = under_pytest(kind, trainer, f"pyproject.toml::{kind}")

    if subject is not None:
        hook = functools.partial(mlgates_check.main, [subject])
        (found["hook"],) = (v for v in from_hook(monkeypatch, hook) if v["kind"] == kind)
    if kind == "data_schema":
        Path("suite.json").write_text(json.dumps(SUITE))
        hook = functools.partial(mlgates_data.main, ["--suite", "suite.json", subject])
        (found["mlgates-data"],) = from_hook(monkeypatch, hook)

    expected = comparable(found["function"])
    for surface, verdict in found.items():
        assert comparable(verdict) == expected, surface


# Tables

ROWS = 60


def columns() -> dict[str, list]:
    """Integers, floats with NaN, text with missing values, classes and scores."""
    return {
        "age": [20 + i % 50 for i in range(ROWS)],
        "income": [None if i % 7 == 0 else 100.5 + i for i in range(ROWS)],
        "city": [None if i % 11 == 0 else "AB"[i % 2] for i in range(ROWS)],
        "sex": ["FM"[i // 2 % 2] for i in range(ROWS)],
        "y_true": [i % 2 for i in range(ROWS)],
        "y_pred": [i % 2 if i % 5 else 1 - i % 2 for i in range(ROWS)],
        "y_score": [0.25 + 0.5 * (i % 2 if i % 5 else 1 - i % 2) for i in range(ROWS)],
        "weight": [0.5 + i % 3 for i in range(ROWS)],
        "user": [f"u{i // 3}" for i in range(ROWS)],
    }


def rows() -> list[tuple]:
    return list(zip(*columns().values(), strict=True))


def as_pandas(folder):
    return pytest.importorskip("pandas").DataFrame(columns())


def as_pandas_nullable(folder):
    return as_pandas(folder).convert_dtypes()


def as_pandas_arrow(folder):
    return as_pandas(folder).convert_dtypes(dtype_backend="pyarrow")


def as_polars(folder):
    return pytest.importorskip("polars").DataFrame(columns())


def as_polars_nan(folder):
    """NaN itself in the place of null."""
    pl = pytest.importorskip("polars")
    return as_polars(folder).with_columns(pl.col("income").fill_null(float("nan")))


def as_polars_lazy(folder):
    return as_polars(folder).lazy()


def as_pyarrow(folder):
    return pytest.importorskip("pyarrow").table(columns())


def as_pyarrow_nan(folder):
    pa = pytest.importorskip("pyarrow")
    found = columns()
    income = [float("nan") if v is None else v for v in found["income"]]
    return pa.table({**found, "income": pa.array(income, from_pandas=False)})


def as_duckdb(folder):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(as_pyarrow(folder))


def as_csv(folder):
    found = columns()
    lines = [",".join(found)]
    lines += [
        ",".join("" if v is None else str(v) for v in row)
        for row in zip(*found.values(), strict=False)
    ]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "t.csv")


def as_json_lines(folder):
    found = columns()
    lines = [
        json.dumps(dict(zip(found, row, strict=True))) for row in zip(*found.values(), strict=False)
    ]
    (folder / "t.jsonl").write_text("\n".join(lines) + "\n")
    return folder / "t.jsonl"


def as_parquet(folder):
    as_polars(folder).write_parquet(folder / "t.parquet")
    return folder / "*.parquet"


def as_dict(folder):
    return columns()


def as_pyspark(folder):
    sql = pytest.importorskip("pyspark.sql")
    found = columns()
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    return session.createDataFrame(rows(), schema=list(found))


TABLES = (
    as_pandas,
    as_pandas_nullable,
    as_pandas_arrow,
    as_polars,
    as_polars_nan,
    as_polars_lazy,
    as_pyarrow,
    as_pyarrow_nan,
    as_duckdb,
    as_csv,
    as_json_lines,
    as_parquet,
    as_dict,
)
EXPECTATIONS = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "income", "mostly": 0.8}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "city"}},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "income", "min_value": 101, "max_value": 150},
    },
    {
        "type": "expect_column_mean_to_be_between",
        "kwargs": {"column": "income", "min_value": 0, "max_value": 200},
    },
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "city", "value_set": ["A"]}},
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": ROWS}},
]
GATES = {
    "data_schema": lambda table: pytest_mlgates.data_schema(table, EXPECTATIONS),
    "accuracy": lambda table: pytest_mlgates.metric(table, "accuracy", min=0.7, by="sex"),
    "roc_auc": lambda table: pytest_mlgates.metric(table, "roc_auc", min=0.7),
    "brier": lambda table: pytest_mlgates.metric(table, "brier", max=0.3),
    "mcc": lambda table: pytest_mlgates.metric(table, "mcc", min=0.3, by="sex"),
    "weighted": lambda table: pytest_mlgates.metric(
        table, "f1", min=0.7, sample_weight="weight", by="sex"
    ),
    "clustered": lambda table: pytest_mlgates.metric(
        table, "average_precision", min=0.5, cluster="user"
    ),
    "ranking": lambda table: pytest_mlgates.metric(table, "hit_rate@1", min=0.5, query="user"),
    "fairness": lambda table: pytest_mlgates.fairness(
        table, "equalized_odds_difference", by="sex", max=0.4
    ),
    "to overall": lambda table: pytest_mlgates.fairness(
        table, "selection_rate_difference", by="sex", method="to_overall", max=0.2
    ),
    "weighted groups": lambda table: pytest_mlgates.fairness(
        table,
        "demographic_parity_ratio",
        by="sex",
        sample_weight="weight",
        cluster="user",
        min=0.5,
    ),
    "errors of groups": lambda table: pytest_mlgates.fairness(
        table, "mean_absolute_error_difference", by="sex", max=0.4
    ),
}


def numbers(verdict) -> dict:
    """What must not depend on the table's library: all but its name and digest."""
    out = comparable(verdict.to_dict())
    del out["inputs"]
    return json.loads(json.dumps(out), parse_float=lambda text: float(f"{float(text):.10g}"))


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("table", TABLES, ids=lambda make: make.__name__[3:])
def test_every_kind_of_table_gives_the_same_verdict(gate, table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = numbers(GATES[gate](as_dict(tmp_path)))
    found = GATES[gate](table(tmp_path))
    assert numbers(found) == expected
    assert found.inputs[0].rows == ROWS


@pytest.mark.parametrize("gate", ["accuracy", "brier", "fairness"])
def test_arrays_by_keyword_give_the_same_verdict(gate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np = pytest.importorskip("numpy")
    table = columns()
    arrays = {
        "accuracy": lambda: pytest_mlgates.metric(
            {"sex": table["sex"]},
            "accuracy",
            min=0.7,
            by="sex",
            y_true=np.array(table["y_true"]),
            y_pred=table["y_pred"],
        ),
        "brier": lambda: pytest_mlgates.metric(
            None, "brier", max=0.3, y_true=table["y_true"], y_score=np.array(table["y_score"])
        ),
        "fairness": lambda: pytest_mlgates.fairness(
            None,
            "equalized_odds_difference",
            by="sex",
            max=0.4,
            y_true=table["y_true"],
            y_pred=np.array(table["y_pred"]),
            sensitive_features={"sex": table["sex"]},
        ),
    }
    assert numbers(arrays[gate]()) == numbers(GATES[gate](table))


@pytest.mark.parametrize("gate", GATES)
def test_rows_in_another_order_give_the_same_verdict(gate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    turned = {name: values[17:][::-1] + values[:17] for name, values in columns().items()}
    assert numbers(GATES[gate](turned)) == numbers(GATES[gate](columns()))


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("gate", GATES)
def test_another_number_of_threads_gives_the_same_verdict(gate, threads, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    duckdb = pytest.importorskip("duckdb")
    table = duckdb.connect(config={"threads": threads}).from_arrow(as_pyarrow(tmp_path))
    assert numbers(GATES[gate](table)) == numbers(GATES[gate](as_dict(tmp_path)))


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("gate", GATES)
def test_a_table_of_spark_gives_the_same_verdict(gate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert numbers(GATES[gate](as_pyspark(tmp_path))) == numbers(GATES[gate](as_dict(tmp_path)))
