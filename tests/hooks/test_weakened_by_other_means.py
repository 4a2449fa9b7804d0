"""``mlgates-config``: gates weakened by what stands beside them, and honest edits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hooks.test_mlgates_config import (
    CONFIG,
    CONTRACT,
    F1,
    METHOD,
    SOURCE,
    SUITE,
    TEST,
    TOML,
    edit,
    git,
    main,
    repository,  # noqa: F401  (a fixture)
    reviewed,
)

MORE = "tests/test_more.py"
LAX = json.dumps([{"type": "expect_column_to_exist", "kwargs": {"column": "sex"}}])
CONTRACT_OF_A_TEST = """\
import pytest


@pytest.mark.data_schema("contracts/more.json")
def test_it(mlgate, holdout):
    mlgate(holdout)
"""
PARAMETERS = """\
import pytest


@pytest.mark.metric("f1", min=0.8)
@pytest.mark.parametrize("model", ["a", "b"])
def test_it(mlgate, holdout, model):
    mlgate(holdout)
"""
MARKED = "import pytest\n{}\ndef test_it(mlgate, holdout):\n    mlgate(holdout)\n"
CALLED = "def test_it(mlgate, request, holdout):\n    {}\n"
ENTRY = '\n[tool.mlgates.gates.training]\nkind = "reproducibility"\nentry = "trainer:train"\n'
IMPORTED = MARKED.format('from limits import LIMIT\n@pytest.mark.metric("f1", min=LIMIT)')
# Ways to write a gate that demands 0.8.
WRITTEN = {
    "mark by another name": "from pytest import mark as m\n@m.metric('f1', min=0.8)",
    "marks by another name": "marks = pytest.mark\n@marks.metric('f1', min=0.8)",
    "a kind by another name": "good = pytest.mark.metric\n@good('f1', min=0.8)",
    "a gate by a name": "good = pytest.mark.metric('f1', min=0.8)\n@good",
    "the long name": "@pytest.mark.mlgates_metric('f1', min=0.8)",
    "among parameters": (
        "@pytest.mark.parametrize('m', [pytest.param(1, marks=pytest.mark.metric('f1', min=0.8))])"
    ),
    "for the module": "pytestmark = []\npytestmark += [pytest.mark.metric('f1', min=0.8)]\n",
    "by a name of a name": "L = 0.8\ngood = pytest.mark.metric('f1', min=L)\n@good",
}
CALLS = {
    "asserted": "assert mlgate.metric(holdout, 'f1', min=0.8).passed",
    "annotated": "found: object = mlgate.metric(holdout, 'f1', min=0.8)",
    "in a list": "for one in [mlgate.metric(holdout, 'f1', min=0.8)]: print(one)",
    "by another name": "gate = mlgate\n    gate.metric(holdout, 'f1', min=0.8)",
    "requested": "g = request.getfixturevalue('mlgate')\n    g.metric(holdout, 'f1', min=0.8)",
}

CLASSES = """\
import pytest


@pytest.mark.metric("f1", min=0.8)
class Gated:
    pass


class Middle(Gated):
    pass


class TestIt(Middle):
    def test_a(self, mlgate, holdout):
        mlgate(holdout)

    def test_b(self, mlgate, holdout):
        mlgate(holdout)
"""
GATED = "tests/test_more.py::Gated::metric:f1"
INHERITED = """\
from gated import Gated


class TestIt(Gated):
    def test_a(self, mlgate, holdout):
        mlgate(holdout)
"""
FOREIGN = CLASSES.partition("class Middle")[0]
HELPER = "def judged(gate, table):\n    return gate.metric(table, 'f1', min=0.8)\n"
OTHER_HELPER = "def log(tracker, loss):\n    tracker.metric('loss', loss, 0.8)\n"
PRIVATE = TOML.replace('holdout.csv"', 'holdout.csv"\nprivate = true', 1)
HELD = TOML.replace("min = 0.8", 'no_worse_than = "champion.csv"\nmargin = 0.01')
STORED = TOML + (
    '\n[tool.mlgates.gates.training]\nkind = "reproducibility"\n'
    'entry = "trainer:train"\nagainst = "run.json"\n'
)
PARTS = {
    CONFIG: TOML.replace("data/holdout.csv", "data/*.csv"),
    "data/more.csv": "y_true,y_pred,sex\n1,0,F\n",
}
LOCK = json.dumps({"version": "1", "gates": {}})


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def put(before: str, line: str) -> None:
    edit(SOURCE, before, f"{line}\n{before}")


def append(name: str, text: str) -> None:
    Path(name).write_text(Path(name).read_text() + text)


def contract(kind: str, key: str, *values: str, **more: object) -> str:
    extra = {"column": "sex"} if key == "value_set" else {}
    kwargs = {**extra, key: list(values), **more}
    return json.dumps([*SUITE, {"type": f"expect_{kind}", "kwargs": kwargs}])


def config(old: str, new: str) -> dict[str, str]:
    return {CONFIG: TOML.replace(old, new, 1)}


DISTINCT, COLUMNS = "column_distinct_values_to_{}_set", "table_columns_to_match_set"
# Files of the base, the change, the gate, and what is said of it.
WEAKER = {
    "mark of another module, by a fixture of the project's own": (
        {
            "tests/marks.py": "import pytest\ngood = pytest.mark.metric('f1', min=0.8)\n",
            "tests/conftest.py": (
                "import pytest\n\n@pytest.fixture\ndef judge(mlgate):\n    return mlgate\n"
            ),
            MORE: "from marks import good\n\n@good\ndef test_it(judge, h):\n    judge(h)\n",
        },
        lambda: edit("tests/marks.py", "0.8", "0.1"),
        "tests/test_more.py::test_it::metric:f1",
        "min changed from 0.8 to 0.1",
    ),
    "limit of a helper that has no word of ours but a call": (
        {
            "tests/limits.py": "LIMIT = 0.8\n",
            "tests/helper.py": f"from limits import LIMIT\n{HELPER.replace('0.8', 'LIMIT')}",
        },
        lambda: edit("tests/limits.py", "0.8", "0.1"),
        "tests/helper.py::judged::metric:f1",
        "min changed from 0.8 to 0.1",
    ),
    "contract of a marker weakened": (
        {MORE: CONTRACT_OF_A_TEST, "contracts/more.json": json.dumps(SUITE)},
        lambda: write("contracts/more.json", LAX),
        "tests/test_more.py::test_it::data_schema",
        "expect_column_values_to_be_between of y_true is gone",
    ),
    "contract of a marker deleted": (
        {MORE: CONTRACT_OF_A_TEST, "contracts/more.json": json.dumps(SUITE)},
        lambda: git("rm", "-q", "contracts/more.json"),
        "tests/test_more.py::test_it::data_schema",
        "its contract contracts/more.json is gone",
    ),
    "another contract for a marker": (
        {
            MORE: CONTRACT_OF_A_TEST,
            "contracts/more.json": json.dumps(SUITE),
            "contracts/lax.json": LAX,
        },
        lambda: edit(MORE, "more.json", "lax.json"),
        "tests/test_more.py::test_it::data_schema",
        "is gone",
    ),
    "contract written in a marker": (
        {MORE: CONTRACT_OF_A_TEST.replace('"contracts/more.json"', repr(SUITE))},
        lambda: edit(MORE, repr(SUITE), LAX),
        "tests/test_more.py::test_it::data_schema",
        "is gone",
    ),
    "contract that no gate names in plain words": (
        {"contracts/more.json": json.dumps({"expectations": SUITE})},
        lambda: write("contracts/more.json", LAX),
        "contracts/more.json",
        "is gone",
    ),
    "contract behind a link": (
        {"contracts/real.json": json.dumps(SUITE), CONTRACT: "-> real.json"},
        lambda: write("contracts/real.json", LAX),
        "schema",
        "is gone",
    ),
    "configuration behind a link": (
        {"real.toml": TOML, CONFIG: "-> real.toml"},
        lambda: edit("real.toml", "min = 0.8", "min = 0.1"),
        "accuracy",
        "min changed from 0.8 to 0.1",
    ),
    "configuration no longer tracked": (
        {},
        lambda: untrack(CONFIG),
        "accuracy",
        "pyproject.toml is gone",
    ),
    "test no longer tracked": ({}, lambda: untrack(SOURCE), F1, "its test file is gone"),
    "contract no longer tracked": ({}, lambda: untrack(CONTRACT), "schema", "is gone"),
    "fewer values must be there": (
        {CONTRACT: contract(DISTINCT.format("contain"), "value_set", "F", "M")},
        lambda: write(CONTRACT, contract(DISTINCT.format("contain"), "value_set", "F")),
        "schema",
        "value_set changed",
    ),
    "fewer columns must be there": (
        {CONTRACT: contract(COLUMNS, "column_set", "sex", "age", exact_match=False)},
        lambda: write(CONTRACT, contract(COLUMNS, "column_set", "sex", exact_match=False)),
        "schema",
        "column_set changed",
    ),
    "other values must be all": (
        {CONTRACT: contract(DISTINCT.format("equal"), "value_set", "F", "M")},
        lambda: write(CONTRACT, contract(DISTINCT.format("equal"), "value_set", "F")),
        "schema",
        "it cannot be compared",
    ),
    "constant of another file": (
        {"tests/limits.py": "LIMIT = 0.8\n", MORE: IMPORTED},
        lambda: edit("tests/limits.py", "0.8", "0.1"),
        "tests/test_more.py::test_it::metric:f1",
        "min changed from 0.8 to 0.1",
    ),
    "constant changed afterwards": (
        {},
        lambda: edit(SOURCE, "LIMIT = 0.7", "LIMIT = 0.7\nLIMIT -= 0.5"),
        F1,
        "it cannot be compared",
    ),
    "constant hidden by an import": (
        {},
        lambda: edit(SOURCE, "LIMIT = 0.7", "LIMIT = 0.7\nfrom lax import LIMIT"),
        F1,
        "it cannot be compared",
    ),
    "constant hidden by a local name": (
        {SOURCE: TEST.replace("min=0.5", "min=LIMIT")},
        lambda: edit(SOURCE, "    mlgate.metric(", "    LIMIT = 0.1\n    mlgate.metric("),
        METHOD,
        "it cannot be compared",
    ),
    "skipped by a call": (
        {},
        lambda: put("    mlgate.metric(", "    pytest.skip('later')"),
        METHOD,
        "test_method calls pytest.skip('later')",
    ),
    "module skipped by a call": (
        {},
        lambda: put("LIMIT = 0.7", "pytest.skip('later', allow_module_level=True)"),
        F1,
        "the module calls pytest.skip",
    ),
    "skipped without a library": (
        {},
        lambda: put("LIMIT = 0.7", "pytest.importorskip('absent')"),
        F1,
        "importorskip",
    ),
    "skipped by unittest": (
        {},
        lambda: put("def test_method", "import unittest\n@unittest.skip('later')"),
        METHOD,
        "unittest.skip",
    ),
    "skipped by another name": (
        {},
        lambda: put("def test_method", "later = pytest.mark.skip\n@later"),
        METHOD,
        "skip was put on test_method",
    ),
    "module skipped by one more mark": (
        {},
        lambda: put("LIMIT = 0.7", "pytestmark = []\npytestmark += [pytest.mark.skip]"),
        F1,
        "skip was put on the module",
    ),
    "under a condition": (
        {},
        lambda: edit(SOURCE, "    mlgate.metric(", "    if holdout.ok:\n        mlgate.metric("),
        METHOD,
        "a gate of test_method depends on holdout.ok",
    ),
    "parametrized by less": (
        {MORE: PARAMETERS},
        lambda: edit(MORE, ', "b"', ""),
        "tests/test_more.py::test_it::metric:f1",
        "test_it is no longer parametrized by 'b'",
    ),
    "parametrized by nothing": (
        {MORE: PARAMETERS},
        lambda: edit(MORE, '["a", "b"]', "[]"),
        "tests/test_more.py::test_it::metric:f1",
        "parametrized by nothing",
    ),
    "parameter skipped": (
        {MORE: PARAMETERS},
        lambda: edit(MORE, '"b"', 'pytest.param("b", marks=pytest.mark.skip)'),
        "tests/test_more.py::test_it::metric:f1",
        "skip was put on test_it",
    ),
    "class hidden": (
        {},
        lambda: edit(SOURCE, "class TestTraining:", "class TestTraining:\n    __test__ = False"),
        "tests/test_model.py::TestTraining::test_it::reproducibility",
        "TestTraining is hidden",
    ),
    "test bound again": (
        {},
        lambda: append(SOURCE, "\n\ndef test_method():\n    pass\n"),
        METHOD,
        "test_method is bound twice",
    ),
    "test deleted by its file": (
        {},
        lambda: append(SOURCE, "\n\ndel test_method\n"),
        METHOD,
        "test_method is deleted",
    ),
    "fixture replaced": (
        {},
        lambda: write("tests/conftest.py", "def mlgate():\n    return print\n"),
        "*",
        "the fixture mlgate is replaced",
    ),
    "fixture replaced by its name": (
        {},
        lambda: append(SOURCE, "\n\n@pytest.fixture(name='mlgate')\ndef other():\n    pass\n"),
        "*",
        "the fixture mlgate is replaced",
    ),
    "tests ignored": (
        {},
        lambda: write("tests/conftest.py", "collect_ignore = ['test_model.py']\n"),
        "*",
        "tests are hidden: collect_ignore",
    ),
    "tests taken out": (
        {},
        lambda: write(
            "conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = []\n"
        ),
        "*",
        "pytest_collection_modifyitems may hide tests",
    ),
    "plugin switched off": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = -p no:mlgates\n"),
        "*",
        "addopts has '-p no:mlgates'",
    ),
    "policy as an option": (
        {},
        lambda: append(
            CONFIG, '\n[tool.pytest.ini_options]\naddopts = "--mlgates-inconclusive=pass"\n'
        ),
        "*",
        "--mlgates-inconclusive=pass",
    ),
    "another key as an option": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = --mlgates-key mine.pub.pem\n"),
        "*",
        "--mlgates-key mine.pub.pem",
    ),
    "evidence in the place of data as an option": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = --mlgates-stand-in=made.json\n"),
        "*",
        "--mlgates-stand-in=made.json",
    ),
    "older evidence in the place of data as an option": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = --mlgates-max-age=999d\n"),
        "*",
        "--mlgates-max-age=999d",
    ),
    "a setting of pytest as an option": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = -o python_files=nothing_*.py\n"),
        "*",
        "-o python_files=nothing_*.py",
    ),
    "other names of tests": (
        {},
        lambda: write("pytest.ini", "[pytest]\npython_functions = check_*\n"),
        "*",
        "python_functions has no 'test' any more",
    ),
    "nothing but the setup": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = --setup-plan\n"),
        "*",
        "--setup-plan",
    ),
    "test deselected": (
        {},
        lambda: write("tox.ini", "[pytest]\naddopts = --deselect tests/test_model.py\n"),
        "*",
        "--deselect tests/test_model.py",
    ),
    "markers deselected": (
        {},
        lambda: write("setup.cfg", "[tool:pytest]\naddopts = -m 'not metric'\n"),
        "*",
        "-m not metric",
    ),
    "short markers switched off": (
        {},
        lambda: write("pytest.ini", "[pytest]\nmlgates_short_markers = false\n"),
        "*",
        "mlgates_short_markers changed",
    ),
    "tests elsewhere": (
        {},
        lambda: write("pytest.ini", "[pytest]\ntestpaths = checks\n"),
        "*",
        "testpaths leaves out tests/test_model.py",
    ),
    "declared gates no longer run": (
        {"pytest.ini": "[pytest]\naddopts = --mlgates -q\n"},
        lambda: write("pytest.ini", "[pytest]\naddopts = -q\n"),
        "*",
        "addopts has no '--mlgates' any more",
    ),
    "policy of markers alone": (
        {CONFIG: "[tool.mlgates]\nconfidence = 0.95\n"},
        lambda: append(CONFIG, 'inconclusive = "pass"\n'),
        "*",
        "(for gates that are tests)",
    ),
    "another configuration takes over": (
        {},
        lambda: write("tests/mlgates.toml", 'inconclusive = "pass"\n'),
        "*",
        "it governs tests/test_model.py in the place of pyproject.toml",
    ),
    "modules from elsewhere": (
        config("[tool.mlgates]", '[tool.mlgates]\npythonpath = ["src"]'),
        lambda: edit(CONFIG, '"src"', '"other"'),
        "*",
        "pythonpath changed",
    ),
    "another plugin": (
        config("[tool.mlgates]", '[tool.mlgates]\nplugins = ["one"]'),
        lambda: edit(CONFIG, '"one"', '"other"'),
        "*",
        "plugins changed",
    ),
    "another seed": (
        {},
        lambda: edit(CONFIG, "confidence", "seed = 3\nconfidence"),
        "*",
        "seed changed",
    ),
    "no process of its own": (
        {CONFIG: TOML + ENTRY},
        lambda: append(CONFIG, "fresh_process = false\n"),
        "training",
        "fresh_process changed from true to false",
    ),
    "champion replaced under its name": (
        {CONFIG: HELD, "champion.csv": "y_true,y_pred\n1,1\n"},
        lambda: write("champion.csv", "y_true,y_pred\n1,0\n"),
        "accuracy",
        "its champion champion.csv changed: it cannot be compared",
    ),
    "champion deleted": (
        {CONFIG: HELD, "champion.csv": "y_true,y_pred\n1,1\n"},
        lambda: git("rm", "-q", "champion.csv"),
        "accuracy",
        "its champion champion.csv is gone",
    ),
    "champion of a marker replaced": (
        {
            MORE: MARKED.format(
                '@pytest.mark.metric("f1", no_worse_than="champion.csv", margin=0.01)'
            ),
            "champion.csv": "y_true,y_pred\n1,1\n",
        },
        lambda: write("champion.csv", "y_true,y_pred\n1,0\n"),
        "tests/test_more.py::test_it::metric:f1:no_worse_than",
        "its champion champion.csv changed: it cannot be compared",
    ),
    "stored run replaced under its name": (
        {CONFIG: STORED, "run.json": '{"stages": [1]}'},
        lambda: write("run.json", '{"stages": [2]}'),
        "training",
        "its stored run run.json changed: it cannot be compared",
    ),
    "glob that loses a file": (
        PARTS,
        lambda: git("rm", "-q", "data/more.csv"),
        "accuracy",
        "its table data/*.csv has fewer files than before: data/more.csv",
    ),
    "folder that loses a file": (
        {**PARTS, CONFIG: TOML.replace("data/holdout.csv", "data")},
        lambda: untrack("data/more.csv"),
        "accuracy",
        "its table data has fewer files than before: data/more.csv",
    ),
    "glob that loses all files": (
        PARTS,
        lambda: git("rm", "-q", "-r", "data"),
        "accuracy",
        "its table data/*.csv is gone",
    ),
    "table no longer tracked": (
        {},
        lambda: untrack("data/holdout.csv"),
        "accuracy",
        "its table data/holdout.csv is gone",
    ),
    "lock deleted": (
        {"mlgates.lock": LOCK},
        lambda: git("rm", "-q", "mlgates.lock"),
        "*",
        "mlgates.lock is gone",
    ),
    "lock no longer tracked": (
        {"mlgates.lock": LOCK},
        lambda: untrack("mlgates.lock"),
        "*",
        "mlgates.lock is gone",
    ),
    "table no longer private": (
        {CONFIG: PRIVATE},
        lambda: edit(CONFIG, "private = true", ""),
        "*",
        "table data/holdout.csv is no longer private",
    ),
    "call no longer private": (
        {MORE: CALLED.format("mlgate.metric(holdout, 'f1', min=0.8, private=True)")},
        lambda: edit(MORE, ", private=True", ""),
        "tests/test_more.py::test_it::metric:f1",
        "it is no longer private",
    ),
    "base class dropped": (
        {MORE: CLASSES},
        lambda: edit(MORE, "class TestIt(Middle)", "class TestIt"),
        GATED,
        "TestIt no longer inherits from Gated",
    ),
    "base class of a base class dropped": (
        {MORE: CLASSES},
        lambda: edit(MORE, "class Middle(Gated)", "class Middle"),
        GATED,
        "TestIt no longer inherits from Gated",
    ),
    "base class of another file dropped": (
        {MORE: INHERITED, "tests/gated.py": FOREIGN},
        lambda: edit(MORE, "(Gated)", ""),
        "*",
        "TestIt no longer inherits from Gated",
    ),
    "mlgate no longer requested": (
        {MORE: CLASSES},
        lambda: edit(
            MORE, "test_a(self, mlgate, holdout):\n        mlgate(", "test_a(self):\n        print("
        ),
        GATED,
        "TestIt::test_a no longer requests mlgate",
    ),
    "test of a class deleted": (
        {MORE: CLASSES},
        lambda: edit(MORE, "def test_b", "def other_b"),
        GATED,
        "TestIt::test_b no longer requests mlgate",
    ),
    "helper with mlgate by another name": (
        {"tests/helpers.py": HELPER},
        lambda: edit("tests/helpers.py", "0.8", "0.1"),
        "tests/helpers.py::judged::metric:f1",
        "min changed from 0.8 to 0.1",
    ),
    "mlgate kept on an object": (
        {MORE: CALLED.format("self.mlgate.metric(holdout, 'f1', min=0.8)")},
        lambda: edit(MORE, "0.8", "0.1"),
        "tests/test_more.py::test_it::metric:f1",
        "min changed from 0.8 to 0.1",
    ),
    **{
        name: (
            {MORE: MARKED.format(text)},
            lambda: edit(MORE, "0.8", "0.1"),
            None,
            "min changed from 0.8 to 0.1",
        )
        for name, text in WRITTEN.items()
    },
    **{
        name: (
            {MORE: CALLED.format(text)},
            lambda: edit(MORE, "0.8", "0.1"),
            "tests/test_more.py::test_it::metric:f1",
            "min changed from 0.8 to 0.1",
        )
        for name, text in CALLS.items()
    },
}
HONEST = {
    "a setting of pytest's output as an option, and more names of tests": (
        {},
        lambda: write(
            "pytest.ini", "[pytest]\naddopts = -o log_cli=true\npython_functions = test check\n"
        ),
    ),
    "a file of predictions that no gate is held to": (
        {"champion.csv": "y_true,y_pred\n1,1\n"},
        lambda: write("champion.csv", "y_true,y_pred\n1,0\n"),
    ),
    "a stored run for a training": (
        {CONFIG: TOML + ENTRY},
        lambda: (append(CONFIG, 'against = "run.json"\n'), write("run.json", "{}")),
    ),
    "a glob that gains a file": (
        PARTS,
        lambda: write("data/next.csv", "y_true,y_pred,sex\n1,1,M\n"),
    ),
    "a file of a glob renamed": (
        PARTS,
        lambda: git("mv", "data/more.csv", "data/other.csv"),
    ),
    "a table kept by DVC": (
        {},
        lambda: (untrack("data/holdout.csv"), write("data/holdout.csv.dvc", "outs: []\n")),
    ),
    "a file beside a glob deleted": (
        {**PARTS, "data/old/more.csv": "a\n1\n"},
        lambda: git("rm", "-q", "data/old/more.csv"),
    ),
    "a table made private": (
        {},
        lambda: edit(CONFIG, 'holdout.csv"', 'holdout.csv"\nprivate = true'),
    ),
    "a base class more": (
        {MORE: CLASSES},
        lambda: edit(
            MORE, "class TestIt(Middle)", "class Other:\n    pass\n\n\nclass TestIt(Middle, Other)"
        ),
    ),
    "a base class between": (
        {MORE: CLASSES.replace("class TestIt(Middle)", "class TestIt(Gated)")},
        lambda: edit(MORE, "class TestIt(Gated)", "class TestIt(Middle)"),
    ),
    "a test more in a class": (
        {MORE: CLASSES},
        lambda: append(MORE, "\n    def test_c(self, mlgate, holdout):\n        mlgate(holdout)\n"),
    ),
    "mlgate requested by name": (
        {MORE: CLASSES},
        lambda: edit(
            MORE,
            "test_a(self, mlgate, holdout):\n        mlgate(",
            'test_a(self, request, holdout):\n        request.getfixturevalue("mlgate")(',
        ),
    ),
    "a helper that demands more": (
        {"tests/helpers.py": HELPER},
        lambda: edit("tests/helpers.py", "0.8", "0.9"),
    ),
    "something else with a method metric": (
        {"tests/helpers.py": OTHER_HELPER},
        lambda: edit("tests/helpers.py", "0.8", "0.1"),
    ),
    "a contract moves with its marker": (
        {MORE: CONTRACT_OF_A_TEST, "contracts/more.json": json.dumps(SUITE)},
        lambda: (
            git("mv", "contracts/more.json", "contracts/other.json"),
            edit(MORE, "more.json", "other.json"),
        ),
    ),
    "a contract of a marker tightened": (
        {MORE: CONTRACT_OF_A_TEST, "contracts/more.json": LAX},
        lambda: write("contracts/more.json", json.dumps([*json.loads(LAX), *SUITE])),
    ),
    "JSON that is no contract": (
        {"data/more.json": '[{"type": "a"}, {"type": "b"}]'},
        lambda: write("data/more.json", "[]"),
    ),
    "a constant of another file raised": (
        {"tests/limits.py": "LIMIT = 0.8\n", MORE: IMPORTED},
        lambda: edit("tests/limits.py", "0.8", "0.9"),
    ),
    "a constant moved to another file": (
        {MORE: IMPORTED.replace("from limits import LIMIT", "LIMIT = 0.8")},
        lambda: (write("tests/limits.py", "LIMIT = 0.8\n"), write(MORE, IMPORTED)),
    ),
    "parametrized by more": (
        {MORE: PARAMETERS},
        lambda: edit(MORE, '"b"', '"b", "c"'),
    ),
    "a gate written by a name": (
        {MORE: MARKED.format("@pytest.mark.metric('f1', min=0.8)")},
        lambda: write(MORE, MARKED.format(WRITTEN["a gate by a name"])),
    ),
    "a verdict kept": (
        {MORE: CALLED.format("mlgate.metric(holdout, 'f1', min=0.8)")},
        lambda: edit(MORE, "mlgate.", "found = mlgate."),
    ),
    "settings of pytest written down": (
        {},
        lambda: write("pytest.ini", "[pytest]\naddopts = -ra --mlgates\ntestpaths = tests\n"),
    ),
    "a fixture in conftest": (
        {},
        lambda: write("tests/conftest.py", "def holdout():\n    return 'data/holdout.csv'\n"),
    ),
    "a configuration for a folder without gates": (
        {},
        lambda: write("other/mlgates.toml", "confidence = 0.9\n"),
    ),
    "lines end otherwise": (
        {},
        lambda: Path(SOURCE).write_bytes(TEST.replace("\n", "\r\n").encode()),
    ),
    "more values must be there": (
        {CONTRACT: contract(DISTINCT.format("contain"), "value_set", "F")},
        lambda: write(CONTRACT, contract(DISTINCT.format("contain"), "value_set", "F", "M")),
    ),
    "a default written out": (
        {},
        lambda: edit(CONFIG, "confidence", "min_cell = 10\nseed = 0\nconfidence"),
    ),
}


def untrack(name: str) -> None:
    """``git rm --cached``, and none of the ``git add`` of other changes."""
    git("rm", "-q", "--cached", name)
    Path(".git/info/exclude").write_text(f"/{name}\n")


def commit(files: dict[str, str]) -> None:
    for name, text in files.items():
        if text.startswith("-> "):
            Path(name).unlink()
            Path(name).symlink_to(text.removeprefix("-> "))
        else:
            write(name, text)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "base")


def test_the_tables_hold_at_least_twenty_weakenings_and_twenty_honest_edits():
    assert min(len(WEAKER), len(HONEST)) >= 20


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_gate_is_seen(repository, capsys, name):  # noqa: F811
    files, change, gate, said = WEAKER[name]
    commit(files)
    change()
    code, text = reviewed(capsys)
    assert code in (1, 2), text
    assert (f"gate {gate!r} is weakened" if gate else "is weakened\n") in text
    assert said in text


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_edit_is_free(repository, capsys, name):  # noqa: F811
    files, change = HONEST[name]
    commit(files)
    change()
    assert reviewed(capsys) == (0, "mlgates-config: no gate weakened since HEAD\n")


@pytest.mark.parametrize(
    "entry",
    ["expires = 2000-01-01", 'expires = 2126-01-01\ngroup = "F"'],
    ids=["expired", "of a group"],
)
def test_a_waiver_that_does_not_cover_it_allows_no_weakening(repository, capsys, entry):  # noqa: F811
    edit(CONFIG, "max = 0.1", "max = 0.9")
    who = 'gate = "parity"\nowner = "ana"\nreason = "later"\n'
    append(CONFIG, f"\n[[tool.mlgates.waivers]]\n{who}{entry}\n")
    code, text = reviewed(capsys)
    assert code == 1
    assert "gate 'parity' is weakened\n" in text


def test_a_module_that_many_mention_costs_a_handful_of_processes(
    repository,  # noqa: F811
    capsys,
    monkeypatch,
):
    files = {f"source/user_{n}.py": "import helper\n\nclass User:\n    pass\n" for n in range(40)}
    gated = {f"tests/test_{n}.py": IMPORTED for n in range(20)}
    commit({"source/helper.py": "A = 1\n", "tests/limits.py": "LIMIT = 0.8\n", **files, **gated})
    edit("source/helper.py", "1", "2")
    edit("tests/limits.py", "0.8", "0.9")
    git("add", "-A")
    log = repository.parent / "asked.log"
    monkeypatch.setenv("GIT_TRACE", str(log))
    assert main([]) == 0
    assert "no gate weakened" in capsys.readouterr().out
    assert log.read_text().count("trace: built-in: git ") <= 10
