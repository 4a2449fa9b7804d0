"""What is named by a string, and so by no import: every one of them resolves."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pytest_mlgates
from pytest_mlgates.extensions.fingerprints import FRAMEWORKS
from pytest_mlgates.extensions.manager import BUILTIN_KINDS, INTEGRATIONS, gate_kind
from pytest_mlgates.gates.reading import names_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def hooks() -> dict[str, dict]:
    yaml = pytest.importorskip("yaml")
    listed = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in listed}


def resolve(target: str):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    return getattr(found, name) if name else found


@pytest.mark.parametrize("name", PROJECT["scripts"])
def test_every_console_script_resolves(name):
    assert callable(resolve(PROJECT["scripts"][name]))


def test_every_entry_point_resolves():
    for group in PROJECT["entry-points"].values():
        for target in group.values():
            assert resolve(target)


@pytest.mark.parametrize("name", pytest_mlgates.__all__)
def test_every_public_name_resolves(name):
    assert getattr(pytest_mlgates, name) is not None
    assert name in dir(pytest_mlgates)


def test_the_names_for_type_checkers_are_the_names_at_run_time():
    text = Path(pytest_mlgates.__file__).read_text()
    assert set(re.findall(r"import \w+ as (\w+)", text)) == set(pytest_mlgates.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        _ = pytest_mlgates.nope


@pytest.mark.parametrize("name", BUILTIN_KINDS)
def test_every_kind_resolves_and_is_called_what_it_is(name):
    kind = gate_kind(name)
    assert kind.name == name
    assert callable(getattr(pytest_mlgates, name))
    assert set(kind.positional) <= set(names_of(kind.parameters))


@pytest.mark.parametrize("name", [*INTEGRATIONS, *FRAMEWORKS.values()])
def test_every_integration_imports_without_its_library(name):
    program = f"import sys, {name}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"great_expectations", "mlflow", "pandas", "sklearn", *FRAMEWORKS}
    assert not heavy & set(done.stdout.split())


def test_every_hook_is_a_console_script_and_a_module_of_its_name():
    for name, hook in hooks().items():
        module = name.replace("-", "_")
        assert hook["entry"] == name
        assert PROJECT["scripts"][name] == f"pytest_mlgates.hooks.{module}:command"
        assert hook["require_serial"] is True
        assert hook["language"] == "python"
    modules = {p.stem for p in (ROOT / "pytest_mlgates/hooks").glob("mlgates_*.py")}
    assert modules == {name.replace("-", "_") for name in hooks()}


DATA = ["a.csv", "d/b.TSV", "x.parquet", "x.pq", "y.jsonl", "y.ndjson", "z.arrow", "z.feather"]
DATA += ["a.csv.gz", "b.jsonl.zst"]


@pytest.mark.parametrize(
    ("hook", "hits", "misses"),
    [
        (
            "mlgates-check",
            [
                *DATA,
                "a.csv.gz",
                "b.jsonl.zst",
                "contracts/s.json",
                "ml/pyproject.toml",
                "mlgates.toml",
                "model.joblib",
                "model.pkl.gz",
            ],
            ["a.pyc", "README.md", "csv", "acsv", "uv.lock", "a.json5", "model.onnx"],
        ),
        (
            "mlgates-data",
            DATA,
            ["a.json", "pyproject.toml", "mlgates.toml", "a.py", "a.csv.bak", "csv"],
        ),
        (
            "mlgates-model-files",
            [
                *("a.pkl", "b.JOBLIB", "m/c.pt", "d.pth", "e.ckpt", "f.npy", "g.npz", "h.keras"),
                *("i.h5", "j.safetensors", "k.onnx", "l.skops", "m.pkl.gz", "n.tar.gz", "o.zip"),
                "pytorch_model-00001-of-2.bin",
            ],
            ["a.csv", "a.pkl.dvc", "firmware.bin", "pkl", "a.pklx", "zip.py", *DATA],
        ),
    ],
)
def test_the_patterns_of_a_hook_match_the_right_names(hook, hits, misses):
    pattern = re.compile(hooks()[hook]["files"])
    assert [name for name in hits if not pattern.search(name)] == []
    assert [name for name in misses if pattern.search(name)] == []


LIGHT = {
    "nothing to do": "from pytest_mlgates.hooks.mlgates_check import main; main([])",
    "no data": "from pytest_mlgates.hooks.mlgates_data import main; main([])",
    "no model files": "from pytest_mlgates.hooks.mlgates_model_files import main; main([])",
    "an unrelated file": (
        "from pytest_mlgates.hooks.mlgates_check import main; main(['package.json'])"
    ),
    "help": "from pytest_mlgates.cli import main; main(['--help'])",
}


@pytest.mark.parametrize("call", LIGHT)
def test_a_call_with_nothing_to_do_imports_nothing_heavy(call, tmp_path):
    program = f"import sys\n{LIGHT[call]}\nprint('MODULES', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loaded = set(done.stdout.partition("MODULES ")[2].split())
    heavy = {"numpy", "pandas", "polars", "narwhals", "duckdb", "msgspec", "rich", "pytest"}
    assert not heavy & loaded
    assert "argparse" in loaded
