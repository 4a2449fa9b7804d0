"""The JSON Schema for editors says what the validator says, and is what the fields make it."""

from __future__ import annotations

import contextlib
import json
import tomllib

import jsonschema
import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.config.definitions import plain
from pytest_mlgates.config.load import load
from pytest_mlgates.config.schema import FILE, of_pyproject, text
from pytest_mlgates.core.errors import MLGatesError

TABLE = '[tables.t]\npath = "t.csv"\n'
METRIC = f'{TABLE}[gates.g]\nkind = "metric"\ntable = "t"\nmetric = "accuracy"\n'
FAIR = f'{TABLE}[gates.g]\nkind = "fairness"\ntable = "t"\n'
PARITY = f'{FAIR}metric = "demographic_parity_difference"\n'
SCHEMA = f'{TABLE}[gates.g]\nkind = "data_schema"\ntable = "t"\n'
TRAINING = '[gates.g]\nkind = "reproducibility"\n'
WAIVER = f'{METRIC}min = 0.8\n[[waivers]]\ngate = "g"\nowner = "ana"\nreason = "why"\n'
LOOSER = f'{METRIC}min = 0.8\n[[allow-loosening]]\ngate = "g"\nowner = "ana"\nreason = "why"\n'

VALID = [
    "",
    "confidence = 0.9\n",
    'inconclusive = "fail"\nmin_cell = 5\nseed = 3\nallow_reruns = true\n',
    'required = ["a"]\n',
    'y_true = "a"\ny_score = ["a", "b"]\npos_label = 1\n',
    'y_score = "a"\npos_label = ">50K"\n',
    TABLE,
    f'{TABLE}private = true\ndelimiter = ";"\nquote = ""\ndecimal = ","\nnull_values = ["NA"]\n',
    f'{TABLE}null_values = "NA"\nencoding = "cp1252"\nfeatures = "a"\n',
    f'{TABLE}model = "models:/a@b"\nfeatures = ["a", "b"]\npredict = "p"\nscore = "s"\n',
    f"{METRIC}min = 0.8\n",
    f'{METRIC}min = 0.8\nneeds = "gpu"\ninputs = ["jobs/*.py"]\npromote = "estimate"\n',
    f'{TRAINING}entry = "a:b"\nneeds = "gpu"\n',
    f"{METRIC}max = 0.8\nmin = 0.1\n",
    f'{METRIC}min = 0.8\nby = "sex"\ninconclusive = "pass"\n',
    f'{METRIC}min = 0.8\nby = ["sex", "age"]\nconfidence = 0.99\n',
    f'{METRIC}no_worse_than = "models:/a@b"\nmargin = 0.01\n',
    f'{METRIC}no_worse_than = "models:/a@b"\nmargin = 0.01\nfirst = true\nmin = 0.5\n',
    f'{PARITY}by = "sex"\nmax = 0.1\n',
    f'{PARITY}by = ["sex"]\nmax = 0.1\nmethod = "to_overall"\nmissing = "group"\n',
    f'{FAIR}metric = "disparate_impact"\nby = "sex"\n',
    f'{SCHEMA}suite = "a.json"\nexamples = 3\n',
    f'{SCHEMA}suite = [{{type = "expect_column_to_exist", kwargs = {{column = "a"}}}}]\n',
    f'{TRAINING}entry = "a:b"\n',
    f'{TRAINING}entry = "a:b"\nruns = 3\nvary = ["hash_seed", "threads"]\n',
    f'{TRAINING}entry = "a:b"\nvary = "threads"\nagainst = "repro/a.json"\n',
    f'{TRAINING}entry = "a:b"\nlevel = "tolerance"\natol = 0.1\nmax_ulp = 4\n',
    f'{TRAINING}command = "python a.py --out {{out}}"\noutputs = ["a.csv"]\n',
    f"{WAIVER}expires = 2027-01-31\n",
    f'{WAIVER}expires = "2027-01-31"\n',
    f"{LOOSER}date = 2027-01-31\n",
]
INVALID = [
    "confidence = 0.5\n",
    "confidence = 1.0\n",
    'confidence = "high"\n',
    'inconclusive = "never"\n',
    "min_cell = 0\n",
    "min_cell = 1.5\n",
    "seed = -1\n",
    'allow_reruns = "yes"\n',
    'required = "a"\n',
    "required = [1]\n",
    "tabels = 1\n",
    "tables = 1\n",
    "gates = []\n",
    "gates.g = 1\n",
    "[tables.t]\nprivate = true\n",
    f"{TABLE}pathh = 1\n",
    f'{TABLE}delimiter = ";;"\n',
    f'{TABLE}decimal = ";"\n',
    f'{TABLE}table_name = ""\n',
    f'{TABLE}private = "yes"\n',
    f'{TABLE}[gates.g]\ntable = "t"\n',
    METRIC,
    f"{METRIC}minn = 0.8\n",
    f'{METRIC}min = 0.8\nneeds = "tpu"\n',
    f'{METRIC}min = 0.8\ninputs = "jobs/*.py"\n',
    f'{METRIC}min = 0.8\ninputs = [""]\n',
    f'{METRIC}min = 0.8\npromote = "luck"\n',
    f'{METRIC}min = "0.8"\n',
    f"{METRIC}min = true\n",
    f"{METRIC}margin = 0.1\nmin = 0.8\n",
    f'{METRIC}no_worse_than = "models:/a@b"\n',
    f"{METRIC}min = 0.8\nfirst = true\n",
    f"{METRIC}min = 0.8\nby = []\n",
    f'{METRIC}min = 0.8\nby = ["a", "a"]\n',
    f"{METRIC}min = 0.8\nk = 0\n",
    f'{METRIC}min = 0.8\nmissing = "drop"\n',
    f'{METRIC}min = 0.8\nentry = "a:b"\n',
    '[gates.g]\nkind = "metric"\nmetric = "accuracy"\nmin = 0.8\n',
    f"{PARITY}max = 0.1\n",
    f'{PARITY}by = "sex"\n',
    f'{PARITY}by = "sex"\nmax = 0.1\nagg = "best"\n',
    f'{PARITY}by = "sex"\nmax = 0.1\nbins = 1\n',
    f'{FAIR}by = "sex"\nmax = 0.1\n',
    SCHEMA,
    f'{SCHEMA}suite = ""\n',
    f'{SCHEMA}suite = "a.json"\nexamples = -1\n',
    TRAINING,
    f'{TRAINING}entry = "a:b"\nruns = 0\n',
    f'{TRAINING}entry = "a:b"\nlevel = "exact"\n',
    f'{TRAINING}entry = "a:b"\nvary = ["weather"]\n',
    f'{TRAINING}entry = "a:b"\nseeds = [1]\n',
    f'{TRAINING}entry = "a:b"\nagainst = "a.txt"\n',
    f'{TRAINING}entry = "a:b"\ncommand = "python a.py --out {{out}}"\noutputs = ["a"]\n',
    f'{TRAINING}entry = "a:b"\noutputs = ["a"]\n',
    WAIVER,
    f'{WAIVER}expires = "soon"\n',
    f"{WAIVER}expires = 2027-01-31\nuntil = 1\n",
    LOOSER,
]
_CASES = [*((one, True) for one in VALID), *((one, False) for one in INVALID)]


@pytest.fixture(scope="module")
def schema():
    return json.loads(FILE.read_text(encoding="utf-8"))


def admits(schema, values) -> bool:
    return not list(jsonschema.Draft7Validator(schema).iter_errors(values))


@pytest.mark.parametrize(("configuration", "valid"), _CASES)
def test_schema_and_validator_agree(schema, tmp_path, configuration, valid):
    path = tmp_path / "mlgates.toml"
    path.write_text(configuration, encoding="utf-8")
    with contextlib.nullcontext() if valid else pytest.raises(MLGatesError):
        load(path)
    values = plain(tomllib.loads(configuration))
    assert admits(schema, values) is valid
    whole = {"project": {"name": "x"}, "tool": {"mlgates": values, "other": 1}}
    assert admits(of_pyproject(schema), whole) is valid


def test_a_kind_of_a_plugin_is_not_judged(schema):
    assert admits(schema, {"gates": {"g": {"kind": "own", "anything": 1}}})


def test_the_schema_is_one_and_is_what_the_fields_make_it(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    assert FILE.read_text(encoding="utf-8") == text(), "run: python -m pytest_mlgates.config.schema"


def test_the_command_prints_it(schema, capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema
    assert main(["schema", "--pyproject"]) == 0
    assert json.loads(capsys.readouterr().out) == of_pyproject(schema)
