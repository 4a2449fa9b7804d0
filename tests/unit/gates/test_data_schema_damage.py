"""Failures are told in the order of what they concern, alike in every report."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from pytest_mlgates.cli import main
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


TABLE = {"id": [1, 2, 3, 4], "age": [10, 20, 300, 40], "sex": ["F", "X", "X", "M"]}
SUITE = [
    expect("column_values_to_be_between", column="age", max_value=120),
    expect("column_values_to_be_in_set", column="sex", value_set=["F", "M"]),
    expect("column_values_to_not_be_null", column="aeg"),
    expect("column_values_to_be_unique", column="id"),
    expect("column_mean_to_be_between", column="age", max_value=50),
]
WANTED = """4 of 5 expectations failed, 3 of 4 rows
  - aeg: not null                column 'aeg' is missing; did you mean 'age'?
  - age: mean at most 50         found 92.5
  - sex: in set 'F', 'M'         2 rows (50.00 %)
  - age: at most 120             1 row (25.00 %)"""


def test_what_concerns_the_most_rows_comes_first():
    verdict = KIND.evaluate(parse(KIND, [SUITE], {}), TABLE, Context())
    assert verdict.summary == (
        "4 of 5 expectations failed: aeg not null, age mean, sex in set and 1 more"
    )
    assert [line.split("   ")[0] for line in verdict.message.splitlines()[1:]] == [
        line.split("   ")[0] for line in WANTED.splitlines()[1:]
    ]
    assert [d["type"] for d in verdict.details] == [e["type"] for e in SUITE]


def test_terminal_json_and_junit_tell_the_same(tmp_path, monkeypatch, pytester, capsys):
    (tmp_path / "t.csv").write_text("id,age,sex\n1,10,F\n2,20,X\n3,300,X\n4,40,M\n")
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mlgates.tables.t]\npath = "t.csv"\n'
        '[tool.mlgates.gates.g]\nkind = "data_schema"\ntable = "t"\nsuite = "suite.json"\n'
    )
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--json", "out.json"]) == 1
    shown = capsys.readouterr().out
    message = json.loads((tmp_path / "out.json").read_text())["verdicts"][0]["message"]
    result = pytester.runpytest_subprocess(
        f"--rootdir={tmp_path}", f"{tmp_path}/pyproject.toml::g", f"--junitxml={tmp_path}/junit.xml"
    )
    result.assert_outcomes(failed=1)
    failure = ET.parse(tmp_path / "junit.xml").getroot().find(".//failure")
    for line in message.splitlines():
        assert line.strip() in shown
        assert line.strip() in failure.text


def test_a_private_table_keeps_the_order_of_its_suite(tmp_path):
    from pytest_mlgates.engines.tables import to_table

    verdict = KIND.evaluate(parse(KIND, [SUITE], {}), to_table(TABLE, private=True), Context())
    columns = [line.split(":")[0].strip(" -") for line in verdict.message.splitlines()[1:]]
    assert columns == ["age", "sex", "aeg", "age"]
