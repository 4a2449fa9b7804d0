"""A project with a test whose data is taken away once signed evidence of it was made."""

from __future__ import annotations

import hashlib
import json
import subprocess
from textwrap import dedent

from pytest_mlgates.core import dsse
from pytest_mlgates.core.evidence import Evidence
from pytest_mlgates.core.statement import EXTENSION, to_json
from pytest_mlgates.runner.signing import signer_of
from tests.keys import write_keys
from tests.projects import holdout, record_in

MAKE = ("--mlgates-evidence=made.json", "--mlgates-sign-key=key.pem")
TAKE = ("--mlgates-stand-in=made.json", "--mlgates-key=key.pub.pem", "--mlgates-evidence=ci.json")
IGNORED = "holdout.csv\n*.json\n*.pem\n.mlgates/\n__pycache__/\n"
CONFIGURATION = '[tool.mlgates]\nmin_cell = 10\n[tool.pytest.ini_options]\naddopts = "-q"\n'
ACCURACY = "tests/test_model.py::test_model::metric:accuracy"
PARITY = "tests/test_model.py::test_model::fairness:demographic_parity_difference:sex"
HEAD = """
import csv
import pytest

def rows():
    with open("holdout.csv", newline="") as file:
        read = list(csv.DictReader(file))
    return {
        "y_true": [int(row["y_true"]) for row in read],
        "y_pred": [int(row["y_pred"]) for row in read],
        "sex": [row["sex"] for row in read],
    }

@pytest.fixture
def holdout():
    return rows()
"""
TEST = """
@pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])
@pytest.mark.fairness(
    "demographic_parity_difference", by="sex", max=0.4, inputs=["holdout.csv"]
)
def test_model(mlgate, holdout):
    mlgate(holdout)
"""


def git(folder, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *identity, "-c", "core.autocrlf=false", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Project:
    def __init__(self, pytester):
        self.pytester, self.path = pytester, pytester.path

    def write(self, test, head=HEAD):
        (self.path / "tests").mkdir(exist_ok=True)
        (self.path / "tests/test_model.py").write_text(dedent(head) + dedent(test))

    def commit(self):
        git(self.path, "add", "-A")
        git(self.path, "commit", "-q", "--allow-empty", "-m", "change")

    def start(self, test=TEST, configuration=CONFIGURATION, *, pointer=True):
        (self.path / ".gitignore").write_text(IGNORED)
        (self.path / "pyproject.toml").write_text(configuration)
        (self.path / "holdout.csv").write_text(holdout())
        write_keys(self.path)
        self.write(test)
        if pointer:
            self.point()
        git(self.path, "init", "-q", "-b", "main")
        self.commit()

    def point(self):
        digest = hashlib.md5((self.path / "holdout.csv").read_bytes()).hexdigest()
        text = f"outs:\n- md5: {digest}\n  path: holdout.csv\n"
        (self.path / "holdout.csv.dvc").write_text(text)

    def run(self, *options):
        return self.pytester.runpytest_inprocess(*options)

    def make(self, *options, ret=0):
        """Evaluate and sign where the data is, then take it away."""
        assert self.run(*(options or MAKE)).ret == ret
        self.lose()

    def make_in(self, folder):
        """As a run in *folder*, which is the working directory, does it."""
        assert self.run(*MAKE).ret == 0
        assert (self.path / folder / "made.json").is_file()

    def lose(self):
        (self.path / "holdout.csv").unlink()

    def resign(self, change):
        """As the holder of the key could: other contents, a valid signature."""
        path = self.path / "made.json"
        envelope = dsse.opened(json.loads(path.read_text()))
        record = json.loads(envelope.payload)["predicate"][EXTENSION]
        change(record)
        signer = signer_of(str(self.path / "key.pem"), option="--key")
        path.write_text(signer.seal(to_json(Evidence.from_dict(record)).encode()))

    def verdicts(self, name="ci.json"):
        return {one["id"]: one for one in self.record(name)["verdicts"]}

    def record(self, name="ci.json"):
        if name == "made.json":
            envelope = dsse.opened(json.loads((self.path / name).read_text()))
            return json.loads(envelope.payload)["predicate"][EXTENSION]
        return record_in(self.path / name)
