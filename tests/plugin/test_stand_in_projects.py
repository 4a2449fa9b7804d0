"""Signed evidence and projects as people have them: folders, pointers, several in a repository."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys
from tests.projects import holdout
from tests.stand_in_projects import (
    ACCURACY,
    CONFIGURATION,
    HEAD,
    IGNORED,
    MAKE,
    TAKE,
    TEST,
    Project,
    git,
)

pytest.importorskip("cryptography")
IN_FOLDER = HEAD.replace('"holdout.csv"', '"data/holdout.csv"')

GATE = """
[tool.mlgates.gates.recall]
kind = "metric"
table = "t"
metric = "recall"
min = 0.6
"""


@pytest.fixture
def bare(pytester, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Project(pytester)


def naming(*inputs):
    return TEST.replace('["holdout.csv"]', json.dumps(inputs))


def with_folder(project, *inputs):
    """The holdout is in ``data``, which has a file of the commit beside it."""
    project.start(pointer=False)
    (project.path / "data").mkdir()
    (project.path / "data/README.md").write_text("what it is\n")
    (project.path / "holdout.csv").rename(project.path / "data/holdout.csv")
    project.write(naming(*inputs), IN_FOLDER)


def point(file, digest, name):
    file.write_text(f"outs:\n- md5: {digest}\n  hash: md5\n  path: {name}\n")


def point_in_folder(project):
    data = project.path / "data/holdout.csv"
    digest = hashlib.md5(data.read_bytes()).hexdigest()
    point(data.with_name("holdout.csv.dvc"), digest, "holdout.csv")


def taken(project, *options):
    """Each verdict, and whether it stands in."""
    result = project.run(*TAKE, *options)
    return result, {name: bool(one["stands_in"]) for name, one in project.verdicts().items()}


@pytest.mark.parametrize("inputs", ["data", "data/*", "data/*.csv", "data/**"])
def test_a_pointer_in_a_folder_stands_for_its_data(bare, inputs):
    with_folder(bare, inputs)
    point_in_folder(bare)
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


@pytest.mark.parametrize("inputs", ["data", "data/*", "data/*.csv"])
def test_a_pointer_in_a_folder_names_other_data_than_was_judged(bare, inputs):
    with_folder(bare, inputs)
    point_in_folder(bare)
    bare.commit()
    (bare.path / "data/holdout.csv").write_text(holdout(300))
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*data/holdout.csv was not the data that its pointer says*"])


@pytest.mark.parametrize("inputs", ["data", "data/*", "data/raw", "data/raw/*.csv"])
def test_a_pointer_of_a_folder_stands_for_what_is_in_it(bare, inputs):
    with_folder(bare, inputs)
    raw = bare.path / "data/raw"
    raw.mkdir()
    (bare.path / "data/holdout.csv").rename(raw / "holdout.csv")
    bare.write(naming(inputs), IN_FOLDER.replace("data/", "data/raw/"))
    digest = hashlib.md5((raw / "holdout.csv").read_bytes()).hexdigest()
    listed = json.dumps([{"md5": digest, "relpath": "holdout.csv"}])
    point(bare.path / "data/raw.dvc", f"{hashlib.md5(listed.encode()).hexdigest()}.dir", "raw")
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    shutil.rmtree(raw)
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


@pytest.mark.parametrize("inputs", ["data", "data/*"])
def test_of_a_folder_that_is_here_in_part_the_lock_names_the_rest(bare, inputs):
    with_folder(bare, inputs)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


def test_of_a_folder_that_is_here_in_part_something_names_the_rest(bare):
    with_folder(bare, "data")
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)
    told = "neither a pointer nor mlgates.lock says what data/holdout.csv is at this commit"
    result.stdout.fnmatch_lines([f"*{told}*"])


@pytest.mark.parametrize("whole", [True, False], ids=["folder", "file"])
def test_what_links_lead_to_is_judged_too(bare, whole):
    with_folder(bare, "data")
    store = bare.path / "store"
    store.mkdir()
    (bare.path / "data/holdout.csv").rename(store / "holdout.csv")
    if whole:
        (bare.path / "data/v1").symlink_to("../store")
        bare.write(naming("data"), IN_FOLDER.replace("data/", "data/v1/"))
    else:
        (bare.path / "data/holdout.csv").symlink_to("../store/holdout.csv")
        git(bare.path, "add", "-f", "data/holdout.csv")
    (bare.path / ".gitignore").write_text(f"{IGNORED}/store\n")
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    (store / "holdout.csv").write_text(holdout(300))
    assert bare.run(*MAKE).ret == 0
    shutil.rmtree(store)
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it judged other data: data/*holdout.csv changed*"])
    store.mkdir()
    (store / "holdout.csv").write_text(holdout())
    assert bare.run(*MAKE).ret == 0
    shutil.rmtree(store)
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


def test_a_folder_that_links_to_itself_is_read_once(bare):
    with_folder(bare, "data")
    (bare.path / "data/again").symlink_to(".")
    assert bare.run(*MAKE).ret == 0
    files = bare.record("made.json")["verdicts"][0]["files"]
    assert set(files) == {"data/README.md", "data/holdout.csv"}


def several(project, inputs):
    """Two projects of one repository, with the same configuration and the same data."""
    path = project.path
    (path / "data").mkdir()
    (path / "data/holdout.csv").write_text(holdout())
    point_in_folder(project)
    (path / ".gitignore").write_text(IGNORED)
    where = HEAD.replace('"holdout.csv"', "Path(__file__).parents[2] / 'data/holdout.csv'")
    for name in ("one", "two"):
        (path / name / "tests").mkdir(parents=True)
        (path / name / "mlgates.toml").write_text("min_cell = 10\n")
        (path / name / "pytest.ini").write_text("[pytest]\naddopts = -q\n")
        (path / name / "tests/test_model.py").write_text(
            f"from pathlib import Path\n{where}{naming(inputs)}"
        )
        write_keys(path / name)
    git(path, "init", "-q", "-b", "main")
    project.commit()


@pytest.mark.parametrize("inputs", ["../data/holdout.csv", "../data/*.csv", "../data"])
def test_the_data_of_a_project_may_be_beside_it_in_the_repository(bare, monkeypatch, inputs):
    several(bare, inputs)
    monkeypatch.chdir(bare.path / "one")
    bare.make_in("one")
    (bare.path / "data/holdout.csv").unlink()
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert all(one["stands_in"] for one in bare.verdicts("one/ci.json").values())


def test_evidence_of_a_project_is_none_of_another_with_the_same_configuration(bare, monkeypatch):
    several(bare, "../data/holdout.csv")
    model = bare.path / "two/tests/test_model.py"
    model.write_text(model.read_text().replace('int(row["y_pred"])', '1 - int(row["y_pred"])'))
    bare.commit()
    monkeypatch.chdir(bare.path / "one")
    bare.make_in("one")
    (bare.path / "data/holdout.csv").unlink()
    shutil.copy(bare.path / "one/made.json", bare.path / "two/made.json")
    monkeypatch.chdir(bare.path / "two")
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it is of the project in one, and this is the one in two*"])


def test_a_project_without_a_configuration_is_stood_in_for(bare):
    bare.start(configuration='[tool.pytest.ini_options]\naddopts = "-q"\n')
    bare.make()
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


def test_without_a_configuration_too_a_test_that_failed_is_one(bare, capsys):
    bare.start(TEST + "    assert False\n", '[tool.pytest.ini_options]\naddopts = "-q"\n')
    bare.make(ret=1)
    capsys.readouterr()
    assert main(["verify", "made.json", "--key", "key.pub.pem"]) == 1
    assert "failed, and not by a gate" in capsys.readouterr().out
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the test itself failed there, and not by a gate*"])


COMMANDS = """
    import subprocess
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in {commands}:
        subprocess.run([*git, *command], check=True)
"""
COMMIT = [["add", "-A"], ["commit", "-q", "-m", "while it ran"]]
RESTORE = [["checkout", "-q", "--", "."]]


@pytest.mark.parametrize("commands", [COMMIT, RESTORE], ids=["committed", "restored"])
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_code_that_was_no_part_of_the_commit_when_the_run_began_was_judged(bare, commands, workers):
    bare.start(TEST + COMMANDS.format(commands=commands))
    file = bare.path / "tests/test_model.py"
    file.write_text(file.read_text().replace('int(row["y_pred"])', 'int(row["y_true"])'))
    bare.make(*MAKE, *workers)
    assert bare.record("made.json")["commit"]["dirty"] is True
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)


def test_a_run_is_of_the_folder_of_its_configuration(bare):
    bare.start(configuration=CONFIGURATION)
    bare.make()
    told = bare.record("made.json")["commit"]
    assert (told["dirty"], told["folder"]) == (False, ".")
    bare.resign(lambda record: record["commit"].pop("folder"))
    result, _ = taken(bare)
    result.stdout.fnmatch_lines(["*it is of the project in a folder that it does not say*"])
    assert bare.verdicts()[ACCURACY]["outcome"] == "error"


def test_a_call_with_an_id_of_its_own_that_the_lock_knows_is_not_forgotten(bare):
    call = """
    if not Path("quick.json").exists():
        mlgate.metric(holdout, "recall", min=0.6, inputs=["holdout.csv"], id="recall")
    """
    bare.start()
    bare.write(TEST + call, "from pathlib import Path\n" + HEAD)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    (bare.path / "quick.json").touch()
    bare.make()
    result, _ = taken(bare)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it has no verdict of recall, which mlgates.lock has*"])
    assert bare.verdicts()["recall"]["outcome"] == "error"
    (bare.path / "quick.json").unlink()
    (bare.path / "holdout.csv").write_text(holdout())
    bare.make()
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert stands_in["recall"]


def test_a_failure_is_not_excused_for_want_of_the_data(bare):
    excuse = '@pytest.mark.xfail(not Path("holdout.csv").exists(), reason="no data")'
    bare.start()
    bare.write(excuse + TEST.replace("0.6", "0.99"), "from pathlib import Path\n" + HEAD)
    bare.commit()
    bare.make(ret=1)
    result, _ = taken(bare)
    assert result.ret == 1
    told = "the test tests/test_model.py::test_model failed where made.json was made, and here it"
    result.stdout.fnmatch_lines([f"*{told} is expected to*"])


def test_parameters_that_are_made_of_the_data_are_missed(bare):
    parameters = '@pytest.mark.parametrize("name", sorted(Path().glob("*.csv")), ids=str)'
    bare.start(configuration='[tool.mlgates.tables.t]\npath = "holdout.csv"\n' + GATE)
    test = TEST.replace("holdout):", "holdout, name):")
    bare.write(parameters + test, "from pathlib import Path\n" + HEAD)
    bare.commit()
    bare.make("--mlgates", *MAKE)
    result, _ = taken(bare, "--mlgates")
    told = "made.json has verdicts of gates that this run does not have: "
    result.stdout.fnmatch_lines([f"*{told}'tests/test_model.py::test_model?holdout.csv?::*"])


@pytest.mark.parametrize("inputs", [["data", "credit"], ["data", "credit/**"]])
def test_what_python_leaves_in_a_folder_of_code_is_no_input(bare, inputs):
    with_folder(bare, *inputs)
    point_in_folder(bare)
    cache = bare.path / "credit/__pycache__"
    cache.mkdir(parents=True)
    (bare.path / "credit/score.py").write_text("LIMIT = 1\n")
    (cache / "score.cpython-311.pyc").write_bytes(b"there")
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    (cache / "score.cpython-311.pyc").write_bytes(b"here")
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())


def test_a_folder_that_is_kept_and_empty_is_not_here(bare):
    with_folder(bare, "data")
    (bare.path / "data/README.md").rename(bare.path / "data/.gitkeep")
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    assert bare.run(*MAKE).ret == 0
    (bare.path / "data/holdout.csv").unlink()
    result, stands_in = taken(bare)
    result.assert_outcomes(passed=1)
    assert all(stands_in.values())
