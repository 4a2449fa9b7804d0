"""``mlgates-config``: every way of weakening a gate is seen, honest edits are not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pytest_mlgates.cli import main as mlgates
from pytest_mlgates.hooks.mlgates_config import main

TOML = """\
[tool.mlgates]
required = ["accuracy", "tests/test_model.py::test_model::metric:f1"]
confidence = 0.95
public_key = "gates.pub.pem"
[tool.mlgates.tables.holdout]
path = "data/holdout.csv"

[tool.mlgates.gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.8

[tool.mlgates.gates.parity]
kind = "fairness"
table = "holdout"
metric = "demographic_parity_difference"
by = "sex"
max = 0.1
inconclusive = "fail"

[tool.mlgates.gates.schema]
kind = "data_schema"
table = "holdout"
suite = "contracts/holdout.json"
"""
SCHEMA = TOML.index("[tool.mlgates.gates.schema]")
MORE = """\
[tool.mlgates.gates.more]
kind = "metric"
table = "holdout"
metric = "recall"
min = 0.1

"""
SUITE = [
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "y_true", "min_value": 0, "max_value": 1},
    },
    {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "sex", "mostly": 0.99},
    },
    {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "sex", "value_set": ["F", "M"]},
    },
]
TEST = """\
import pytest

LIMIT = 0.7


@pytest.mark.metric("f1", min=LIMIT)
@pytest.mark.fairness("equalized_odds_difference", max=0.1, by=["sex", "age"], id="odds")
def test_model(mlgate, holdout):
    mlgate(holdout)


class TestTraining:
    @pytest.mark.reproducibility(runs=3, fresh_process=True)
    def test_it(self, mlgate):
        mlgate(train)


def test_method(mlgate, holdout):
    mlgate.metric(holdout, "recall", min=0.5)
"""
ALLOW = f"""\
[tool.mlgates.model-files]
allow = [{{ sha256 = "{"ab" * 32}", reason = "made by us" }}]
"""
F1 = "tests/test_model.py::test_model::metric:f1"
TRAINING = "tests/test_model.py::TestTraining::test_it::reproducibility"
METHOD = "tests/test_model.py::test_method::metric:recall"


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.delenv("PRE_COMMIT_FROM_REF", raising=False)
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "pyproject.toml": TOML,
        "contracts/holdout.json": json.dumps(SUITE, indent=1),
        "tests/test_model.py": TEST,
        "gates.pub.pem": "ours",
        "data/holdout.csv": "y_true,y_pred,sex\n1,1,F\n0,0,M\n",
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return tmp_path


def edit(name: str, old: str, new: str) -> None:
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new, 1))


def suite(change):
    expectations = json.loads(json.dumps(SUITE))
    change(expectations)
    Path("contracts/holdout.json").write_text(json.dumps(expectations, indent=1))


def reviewed(capsys, *arguments: str) -> tuple[int, str]:
    git("add", "-A")
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out + out.err


CONFIG, CONTRACT, SOURCE = "pyproject.toml", "contracts/holdout.json", "tests/test_model.py"
WEAKER = {
    "bound lowered": (
        lambda: edit(CONFIG, "min = 0.8", "min = 0.7"),
        "accuracy",
        "min changed from 0.8 to 0.7",
    ),
    "bound raised": (
        lambda: edit(CONFIG, "max = 0.1", "max = 0.2"),
        "parity",
        "max changed from 0.1 to 0.2",
    ),
    "gate removed": (
        lambda: edit(CONFIG, TOML[TOML.index("[tool.mlgates.gates.parity]") : SCHEMA], ""),
        "parity",
        "the gate is gone",
    ),
    "gate renamed": (
        lambda: edit(CONFIG, "gates.parity", "gates.fair"),
        "parity",
        "the gate is gone",
    ),
    "no longer required": (
        lambda: edit(CONFIG, '"accuracy", ', ""),
        "accuracy",
        "no longer required",
    ),
    "a test no longer required": (
        lambda: edit(CONFIG, ', "tests/test_model.py::test_model::metric:f1"', ""),
        F1,
        "no longer required",
    ),
    "weaker policy": (
        lambda: edit(CONFIG, 'inconclusive = "fail"', 'inconclusive = "pass"'),
        "parity",
        'from "fail" to "pass"',
    ),
    "confidence lowered": (
        lambda: edit(CONFIG, "confidence = 0.95", "confidence = 0.8"),
        "accuracy",
        "confidence changed from 0.95 to 0.8",
    ),
    "metric swapped": (
        lambda: edit(CONFIG, '"accuracy"\nmin', '"recall"\nmin'),
        "accuracy",
        "cannot be compared",
    ),
    "group dropped": (lambda: edit(SOURCE, '["sex", "age"]', '["sex"]'), "odds", "by changed"),
    "another table": (
        lambda: edit(CONFIG, "data/holdout.csv", "data/easy.csv"),
        "accuracy",
        "path of its table changed",
    ),
    "expectation dropped": (
        lambda: suite(lambda s: s.pop(0)),
        "schema",
        "expect_column_values_to_be_between of y_true is gone",
    ),
    "mostly lowered": (
        lambda: suite(lambda s: s[1]["kwargs"].update(mostly=0.5)),
        "schema",
        "mostly changed from 0.99 to 0.5",
    ),
    "set widened": (
        lambda: suite(lambda s: s[2]["kwargs"]["value_set"].append("X")),
        "schema",
        "value_set changed",
    ),
    "limit widened": (
        lambda: suite(lambda s: s[0]["kwargs"].update(max_value=9)),
        "schema",
        "max_value changed from 1 to 9",
    ),
    "severity lowered": (
        lambda: suite(lambda s: s[0].update(severity="warning")),
        "schema",
        "severity changed",
    ),
    "condition added": (
        lambda: suite(
            lambda s: s[0]["kwargs"].update(row_condition="y_true < 5", condition_parser="pandas")
        ),
        "schema",
        "row_condition changed",
    ),
    "contract deleted": (
        lambda: git("rm", "-q", CONTRACT),
        "schema",
        "contracts/holdout.json is gone",
    ),
    "table deleted": (
        lambda: git("rm", "-q", "data/holdout.csv"),
        "accuracy",
        "table data/holdout.csv is gone",
    ),
    "marker deleted": (
        lambda: edit(SOURCE, '@pytest.mark.metric("f1", min=LIMIT)\n', ""),
        F1,
        "the gate is gone",
    ),
    "marker loosened by its constant": (
        lambda: edit(SOURCE, "LIMIT = 0.7", "LIMIT = 0.2"),
        F1,
        "min changed from 0.7 to 0.2",
    ),
    "marker computed": (
        lambda: edit(SOURCE, "min=LIMIT", "min=float('0.1')"),
        F1,
        "cannot be compared",
    ),
    "method loosened": (
        lambda: edit(SOURCE, "min=0.5", "min=0.1"),
        METHOD,
        "min changed from 0.5 to 0.1",
    ),
    "fewer runs": (lambda: edit(SOURCE, "runs=3", "runs=2"), TRAINING, "runs changed from 3 to 2"),
    "no fresh process": (
        lambda: edit(SOURCE, ", fresh_process=True", ""),
        TRAINING,
        "fresh_process changed",
    ),
    "test file deleted": (lambda: git("rm", "-q", SOURCE), F1, "its test file is gone"),
    "test file renamed": (
        lambda: git("mv", SOURCE, "tests/test_other.py"),
        F1,
        "its test file is gone",
    ),
    "skip on a gate": (
        lambda: edit(SOURCE, "def test_method", "@pytest.mark.skip\ndef test_method"),
        METHOD,
        "skip was put on test_method",
    ),
    "xfail on a class": (
        lambda: edit(
            SOURCE, "class TestTraining", "@pytest.mark.xfail(reason='x')\nclass TestTraining"
        ),
        TRAINING,
        "xfail was put on TestTraining",
    ),
    "skip on the module": (
        lambda: edit(
            SOURCE, "LIMIT = 0.7", "LIMIT = 0.7\npytestmark = pytest.mark.skipif(True, reason='x')"
        ),
        F1,
        "skipif was put on the module",
    ),
    "configuration deleted": (
        lambda: git("rm", "-q", CONFIG),
        "accuracy",
        "pyproject.toml is gone",
    ),
    "reruns allowed": (
        lambda: edit(CONFIG, "confidence", "allow_reruns = true\nconfidence"),
        "*",
        "allow_reruns",
    ),
    "the registry trusted": (
        lambda: edit(CONFIG, "confidence", "trust_registry = true\nconfidence"),
        "*",
        "trust_registry",
    ),
    "promoted on its estimate": (
        lambda: edit(CONFIG, "min = 0.8", 'min = 0.8\npromote = "estimate"'),
        "accuracy",
        'promote changed from "proof" to "estimate"',
    ),
    "evaluated only where a GPU is": (
        lambda: edit(CONFIG, "min = 0.8", 'min = 0.8\nneeds = "gpu"'),
        "accuracy",
        'needs changed from nothing to "gpu": evaluated only where there is one: weaker',
    ),
    "a test run only where a GPU is": (
        lambda: edit(SOURCE, "min=LIMIT", 'min=LIMIT, needs="gpu"'),
        F1,
        'needs changed from nothing to "gpu": evaluated only where there is one: weaker',
    ),
    "a test that evidence may stand in for": (
        lambda: edit(SOURCE, "min=LIMIT", 'min=LIMIT, inputs=["data/holdout.csv"]'),
        F1,
        'inputs changed from nothing to ["data/holdout.csv"]: it cannot be compared',
    ),
    "looks no longer counted": (
        lambda: edit(CONFIG, "confidence", 'ledger = "off"\nconfidence'),
        "*",
        "ledger changed from '.mlgates/holdouts.txt' to 'off'",
    ),
    "looks counted elsewhere": (
        lambda: edit(CONFIG, "confidence", 'ledger = "fresh.txt"\nconfidence'),
        "*",
        "ledger changed from '.mlgates/holdouts.txt' to 'fresh.txt'",
    ),
    "other columns tell rows apart": (
        lambda: edit(CONFIG, 'holdout.csv"\n', 'holdout.csv"\nrow_id = "sex"\n'),
        "accuracy",
        "row_id of its table changed",
    ),
    "larger model files": (
        lambda: edit(CONFIG, "[tool", '[tool.mlgates.model-files]\nmax_size = "60 MB"\n[tool'),
        "*",
        "model-files.max_size changed from 50,000,000 to 60,000,000 bytes",
    ),
    "a model file allowed": (
        lambda: edit(CONFIG, "[tool", ALLOW + "[tool"),
        "*",
        "model-files.allow lets sha256:abababababababab… through",
    ),
    "a global allowed": (
        lambda: edit(
            CONFIG, "[tool", '[tool.mlgates.model-files]\nallow_globals = ["a.b.C"]\n[tool'
        ),
        "*",
        "model-files.allow_globals lets a.b.C through",
    ),
    "no key": (
        lambda: edit(CONFIG, 'public_key = "gates.pub.pem"\n', ""),
        "*",
        "public_key 'gates.pub.pem' is gone",
    ),
    "another key": (
        lambda: edit(CONFIG, '"gates.pub.pem"', '"mine.pub.pem"'),
        "*",
        "public_key changed from 'gates.pub.pem' to 'mine.pub.pem'",
    ),
    "another key under the same name": (
        lambda: Path("gates.pub.pem").write_text("mine"),
        "*",
        "the key gates.pub.pem changed",
    ),
}
HONEST = {
    "proof written out": lambda: edit(CONFIG, "min = 0.8", 'min = 0.8\npromote = "proof"'),
    "the default ledger written out": lambda: edit(
        CONFIG, "confidence", 'ledger = ".mlgates/holdouts.txt"\nconfidence'
    ),
    "a budget": lambda: edit(CONFIG, 'holdout.csv"\n', 'holdout.csv"\nbudget = 20\n'),
    "smaller model files": lambda: edit(
        CONFIG, "[tool", '[tool.mlgates.model-files]\nmax_size = "40 MB"\n[tool'
    ),
    "nothing": lambda: None,
    "bound tightened": lambda: edit(CONFIG, "min = 0.8", "min = 0.9"),
    "maximum tightened": lambda: edit(CONFIG, "max = 0.1", "max = 0.05"),
    "a bound more": lambda: edit(CONFIG, "min = 0.8", "min = 0.8\nmax = 0.999"),
    "stricter policy": lambda: edit(CONFIG, "min = 0.8", 'min = 0.8\ninconclusive = "fail"'),
    "confidence raised": lambda: edit(CONFIG, "confidence = 0.95", "confidence = 0.99"),
    "a default written out": lambda: edit(
        CONFIG, "min = 0.8", 'min = 0.8\ninconclusive = "estimate"'
    ),
    "a comment": lambda: edit(CONFIG, "min = 0.8", "min = 0.8  # as agreed"),
    "keys in another order": lambda: edit(
        CONFIG, 'metric = "accuracy"\nmin = 0.8', 'min = 0.8\nmetric = "accuracy"'
    ),
    "a gate more": lambda: edit(CONFIG, TOML[SCHEMA:], MORE + TOML[SCHEMA:]),
    "an expectation more": lambda: suite(
        lambda s: s.append({"type": "expect_column_to_exist", "kwargs": {"column": "sex"}})
    ),
    "expectations in another order": lambda: suite(lambda s: s.reverse()),
    "mostly raised": lambda: suite(lambda s: s[1]["kwargs"].update(mostly=1.0)),
    "mostly left out": lambda: suite(lambda s: s[1]["kwargs"].pop("mostly")),
    "set narrowed": lambda: suite(lambda s: s[2]["kwargs"].update(value_set=["F"])),
    "contract reformatted": lambda: Path(CONTRACT).write_text(json.dumps(SUITE)),
    "marker tightened": lambda: edit(SOURCE, "LIMIT = 0.7", "LIMIT = 0.75"),
    "a constant written out": lambda: edit(SOURCE, "min=LIMIT", "min=0.7"),
    "a test more": lambda: edit(
        SOURCE,
        "def test_method",
        "@pytest.mark.skip\ndef test_more():\n    pass\n\n\ndef test_method",
    ),
    "more runs": lambda: edit(SOURCE, "runs=3", "runs=4"),
    "data changed": lambda: edit("data/holdout.csv", "0,0,M", "0,1,M"),
    "markers in another order": lambda: Path(SOURCE).write_text(
        TEST.replace('@pytest.mark.metric("f1", min=LIMIT)\n', "").replace(
            "def test_model", '@pytest.mark.metric("f1", min=LIMIT)\ndef test_model'
        )
    ),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_gate_is_seen(repository, capsys, name):
    change, gate, said = WEAKER[name]
    change()
    code, text = reviewed(capsys)
    assert code in (1, 2), text
    assert f"gate {gate!r} is weakened" in text
    assert said in text
    assert "allow-loosening" in text


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_edit_is_free(repository, capsys, name):
    HONEST[name]()
    code, text = reviewed(capsys)
    assert (code, text) == (0, "mlgates-config: no gate weakened since HEAD\n")


ALLOWED = """
[[tool.mlgates.{key}]]
gate = "accuracy"
owner = "ana@example.org"
reason = "the new holdout is harder"
{day}
"""


@pytest.mark.parametrize(
    ("key", "day"),
    [("allow-loosening", "date = 2026-11-28"), ("waivers", "expires = 2126-11-28")],
)
def test_a_weakening_that_somebody_answers_for_in_the_same_change_is_allowed(
    repository, capsys, key, day
):
    edit(CONFIG, "min = 0.8", "min = 0.7")
    Path(CONFIG).write_text(Path(CONFIG).read_text() + ALLOWED.format(key=key, day=day))
    code, text = reviewed(capsys)
    assert code == 0
    assert "gate 'accuracy' is weakened, as allowed: min changed from 0.8 to 0.7: weaker" in text


TRUSTING = """\
[tool.mlgates]
public_key = "keys/ci.pub.pem"
ledger = "holdouts.txt"

[tool.mlgates.tables.holdout]
path = "data/holdout.csv"
row_id = "sex"
budget = 20

[tool.mlgates.model-files]
max_size = "60 MB"
allow_globals = ["a.b.C"]

[tool.mlgates.gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.8
promote = "estimate"
needs = "gpu"
"""
FILES = {"keys/ci.pub.pem": "ours\n", "holdouts.txt": "evaluation a 1\nevaluation a 2\n"}


@pytest.fixture
def trusting(repository):
    Path(CONFIG).write_text(TRUSTING)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    git("add", ".")
    git("commit", "-q", "-m", "second")
    return repository


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (CONFIG, "ci.pub.pem", "mine.pem", "'keys/ci.pub.pem' to 'keys/mine.pem'"),
        (CONFIG, 'public_key = "keys/ci.pub.pem"\n', "", "public_key 'keys/ci.pub.pem' is gone"),
        ("keys/ci.pub.pem", "ours", "mine", "the key keys/ci.pub.pem changed"),
        (CONFIG, '"holdouts.txt"', '"git-notes"', "ledger changed from 'holdouts.txt'"),
        ("holdouts.txt", "evaluation a 1\n", "", "1 of the lines that the ledger holdouts.txt had"),
        (CONFIG, 'row_id = "sex"\n', "", "row_id of its table changed"),
        (CONFIG, "budget = 20", "budget = 21", "budget of its table changed from 20 to 21"),
        (CONFIG, "budget = 20\n", "", "budget of its table changed from 20 to nothing"),
        (CONFIG, "60 MB", "0.1 GB", "from 60,000,000 to 100,000,000 bytes"),
    ],
)
def test_what_is_believed_beside_the_gates_is_not_weakened_unseen(
    trusting, capsys, name, old, new, said
):
    edit(name, old, new)
    code, out = reviewed(capsys)
    assert (code, said in out) == (1, True), out


def test_a_first_key_is_one_more_who_is_believed(trusting, capsys):
    edit(CONFIG, 'public_key = "keys/ci.pub.pem"\n', "")
    git("commit", "-q", "-am", "no key")
    edit(CONFIG, "ledger", 'public_key = "keys/ci.pub.pem"\nledger')
    code, out = reviewed(capsys)
    assert (code, "public_key changed from None to 'keys/ci.pub.pem'" in out) == (1, True), out


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("holdouts.txt", "evaluation a 2\n", "evaluation a 2\nevaluation a 3\n"),
        (CONFIG, "budget = 20", "budget = 19"),
        (CONFIG, 'max_size = "60 MB"\n', ""),
        (CONFIG, "60 MB", "59 MB"),
        (CONFIG, 'allow_globals = ["a.b.C"]\n', ""),
        (CONFIG, 'promote = "estimate"\n', ""),
        (CONFIG, 'needs = "gpu"\n', ""),
    ],
)
def test_what_is_believed_less_is_free(trusting, capsys, name, old, new):
    edit(name, old, new)
    code, out = reviewed(capsys)
    assert code == 0, out


def test_an_old_allowance_allows_nothing_new(repository, capsys):
    Path(CONFIG).write_text(TOML + ALLOWED.format(key="allow-loosening", day="date = 2026-11-28"))
    git("commit", "-qam", "allowed before")
    edit(CONFIG, "min = 0.8", "min = 0.7")
    assert reviewed(capsys)[0] == 1


def test_an_allowance_of_one_gate_allows_no_other(repository, capsys):
    edit(CONFIG, "max = 0.1", "max = 0.7")
    day = ALLOWED.format(key="allow-loosening", day="date = 2026-11-28")
    Path(CONFIG).write_text(Path(CONFIG).read_text() + day)
    assert reviewed(capsys)[0] == 1


def test_an_allowance_without_its_owner_is_misuse(repository, capsys):
    Path(CONFIG).write_text(TOML + '[[tool.mlgates.allow-loosening]]\ngate = "accuracy"\n')
    code, text = reviewed(capsys)
    assert code == 2
    assert "owner is missing" in text


def test_on_a_branch_all_its_commits_are_reviewed(repository, capsys, monkeypatch):
    git("checkout", "-q", "-b", "topic")
    edit(CONFIG, "min = 0.8", "min = 0.7")
    git("commit", "-qam", "loosened")
    assert reviewed(capsys)[0] == 0  # on commit only what is being committed
    code, text = reviewed(capsys, "--base", "main")
    assert code == 1
    assert "since main" in text
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", git("rev-parse", "main").strip())
    assert reviewed(capsys)[0] == 1


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("GITHUB_BASE_REF", "main"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "main"),
        ("CHANGE_TARGET", "main"),
    ],
)
def test_in_ci_the_target_of_the_pull_request_is_the_base(
    repository, capsys, monkeypatch, variable, told
):
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    git("checkout", "-q", "-b", "topic")
    edit(CONFIG, "min = 0.8", "min = 0.7")
    git("commit", "-qam", "loosened")
    git("commit", "-q", "--allow-empty", "-m", "and something else")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv(variable, told)
    code, text = reviewed(capsys)
    assert code == 1
    assert "since main" in text


@pytest.mark.parametrize("given", ["--base=origin/main", "GITHUB_BASE_REF", "CI"])
def test_without_the_history_it_is_misuse_that_names_the_depth(
    repository, capsys, monkeypatch, given, tmp_path
):
    shallow = tmp_path / "shallow"
    git("commit", "-q", "--allow-empty", "-m", "second")
    git("clone", "-q", "--depth", "1", f"file://{repository}", str(shallow))
    git("-C", str(shallow), "update-ref", "-d", "refs/remotes/origin/main")
    monkeypatch.chdir(shallow)
    arguments = [given] if given.startswith("--") else []
    if not arguments:
        monkeypatch.setenv(given, "main" if given != "CI" else "true")
    code = main(arguments)
    assert code == 2
    assert "fetch-depth: 0" in capsys.readouterr().err


def test_a_first_commit_weakens_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    Path("mlgates.toml").write_text("confidence = 0.9\n")
    assert reviewed(capsys) == (0, "mlgates-config: no gate weakened since no commit\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    monkeypatch.setenv("CI", "true")  # where the whole history is one commit
    assert reviewed(capsys) == (0, "mlgates-config: no gate weakened since no commit\n")


def test_outside_of_a_repository_it_is_misuse(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert "there is no git repository to compare with" in capsys.readouterr().err


def test_a_project_in_a_folder_of_its_repository_is_reviewed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    Path("packages/one/tests").mkdir(parents=True)
    Path("packages/one/mlgates.toml").write_text(
        TOML.replace("tool.mlgates.", "").partition("\n")[2]
    )
    Path("packages/one/tests/test_model.py").write_text(TEST)
    Path("packages/one/contracts").mkdir()
    Path("packages/one/contracts/holdout.json").write_text(json.dumps(SUITE))
    git("add", "-A")
    git("commit", "-qm", "first")
    edit("packages/one/mlgates.toml", "min = 0.8", "min = 0.1")
    edit("packages/one/tests/test_model.py", "LIMIT = 0.7", "LIMIT = 0.2")
    code, text = reviewed(capsys)
    assert code == 1
    assert "gate 'accuracy' is weakened" in text
    assert f"gate {F1!r} is weakened" in text
    # What is to be added is right for this file, and says whom else it is needed for.
    assert "[[allow-loosening]]\n" in text
    assert f"# and so for each of: {F1}\n" in text


def test_a_lock_that_is_not_up_to_date_is_refused(repository, capsys):
    assert mlgates(["lock"]) in (0, 1)
    capsys.readouterr()
    assert reviewed(capsys)[0] == 0
    edit("data/holdout.csv", "0,0,M", "0,1,M")
    code, text = reviewed(capsys)
    assert code == 1
    assert "mlgates.lock is not up to date: gate 'accuracy': data/holdout.csv changed" in text
    assert "fix:   mlgates lock" in text


def test_what_a_lock_cannot_tell_is_said_and_is_no_lock_out_of_date(repository, capsys):
    """CI evaluates it: no commit would ever get past a refusal."""
    assert mlgates(["lock"]) in (0, 1)
    Path("mlgates.lock").write_text(Path("mlgates.lock").read_text())
    told = ("cannot be told from digests: training.py:1 calls exec",)
    from pytest_mlgates.config import locked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locked, "doubts", lambda _: list(told))
        capsys.readouterr()
        code, text = reviewed(capsys)
    assert code == 0
    assert f"gate 'accuracy': whether it changed {told[0]}" in text


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (
            lambda: edit(CONFIG, "min = 0.8", 'min = "a lot"'),
            "pyproject.toml:12 ",
            "min is not usable",
        ),
        (
            lambda: edit(CONFIG, "max = 0.1", "maxx = 0.1"),
            "pyproject.toml:19 ",
            "did you mean 'max'",
        ),
        (
            lambda: edit(SOURCE, '"f1", min=LIMIT', '"f1", minn=LIMIT'),
            "tests/test_model.py:6 ",
            "unknown argument 'minn'",
        ),
        (
            lambda: suite(lambda s: s[1]["kwargs"].update(mostly=3)),
            "contracts/holdout.json",
            "mostly",
        ),
    ],
    ids=["value", "key", "marker", "suite"],
)
def test_mistakes_are_told_with_their_line(repository, capsys, change, line, said):
    change()
    code, text = reviewed(capsys)
    assert code == 2
    assert line in text
    assert said in text


def test_all_mistakes_are_told_at_once(repository, capsys):
    edit(CONFIG, "min = 0.8", 'min = "a lot"')
    edit(CONFIG, "max = 0.1", "max = []")
    code, text = reviewed(capsys)
    assert code == 2
    assert "pyproject.toml:12 " in text
    assert "pyproject.toml:19 " in text


COMPUTED = TEST.replace("LIMIT = 0.7", "LIMIT = float('0.7')")


def lock_of_test(limit: float) -> str:
    entry = {
        "definition": {"gate": {"kind": "metric", "metric": "f1", "min": limit}},
        "inputs": {},
        "verdict": {"outcome": "passed"},
        "test": "tests/test_model.py",
    }
    return json.dumps(
        {"version": "1", "gates": {f"{F1.replace('::metric', '[a]::metric')}": entry}}
    )


def test_locks_say_what_computed_arguments_demand(repository, capsys):
    Path(SOURCE).write_text(COMPUTED)
    Path("mlgates.lock").write_text(lock_of_test(0.7))
    git("add", "-A")
    git("commit", "-qm", "computed")
    Path(SOURCE).write_text(COMPUTED + "# more\n")
    Path("mlgates.lock").write_text(lock_of_test(0.75))
    assert "weakened since" in reviewed(capsys)[1]
    assert "is weakened\n" not in reviewed(capsys)[1]
    Path("mlgates.lock").write_text(lock_of_test(0.6))
    text = reviewed(capsys)[1]
    assert "::test_model[a]::metric:f1' is weakened" in text
    assert "min changed from 0.7 to 0.6" in text
