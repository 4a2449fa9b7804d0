"""``mlgates promote`` with MLflow's own registry: the alias moves on proof, and on nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_mlgates.cli import main
from tests.keys import write_keys

pytest.importorskip("mlflow")

TOML = """
required = ["accuracy"]
public_key = "key.pub.pem"
y_true = "truth"

[tables.holdout]
path = "holdout.csv"
model = "models:/credit/2"

[gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.5
"""
PROMOTE = ("promote", "models:/credit/2", "--alias", "champion", "--evidence", "e.json")


@pytest.fixture
def project(store, monkeypatch):
    """``credit`` has two versions: 1 is the champion, 2 was judged and signed."""
    from mlflow import MlflowClient

    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(store.base)
    client = MlflowClient(f"sqlite:///{store.base / 'mlflow.db'}")
    first = client.get_model_version("credit", "1")
    experiment = client.get_experiment_by_name("gates").experiment_id
    run = client.create_run(experiment).info.run_id  # its artifacts are this test's own
    client.create_model_version("credit", first.source, run_id=run)
    frame = store.frame.assign(truth=store.models["credit"].predict(store.frame))
    frame.to_csv("holdout.csv", index=False)
    Path("mlgates.toml").write_text(TOML)
    write_keys(store.base)
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    return SimpleNamespace(client=client, base=store.base, run=run)


@pytest.fixture
def promoted(project, capsys):
    capsys.readouterr()

    def run(*arguments, command=PROMOTE):
        code = main([*command, *arguments])
        out = capsys.readouterr()
        return code, out.out + out.err

    return run


def champion(project):
    return str(project.client.get_registered_model("credit").aliases["champion"])


def tags(project):
    return dict(project.client.get_model_version("credit", "2").tags)


def test_on_proof_the_alias_moves_and_the_version_says_why(project, promoted):
    code, text = promoted()
    assert code == 0, text
    assert "credit v2 is 'champion' now (before: v1)" in text
    assert champion(project) == "2"
    found = tags(project)
    assert found["mlgates.verdict"] == "PASSED"
    told = json.loads(found["mlgates.evidence"])
    assert told["sha256"] == found["mlgates.evidence_sha256"]
    assert "mlgates.promoted.champion" in found
    kept = project.client.list_artifacts(project.run, "mlgates/v2")
    assert [one.path for one in kept] == ["mlgates/v2/e.json"]


def test_a_second_time_changes_nothing(project, promoted):
    promoted()
    before = tags(project)
    code, text = promoted()
    assert code == 0
    assert "as before" in text
    changed = {key for key, value in tags(project).items() if before.get(key) != value}
    assert changed <= {"mlgates.promoted.champion"}


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(project, promoted):
    code, text = promoted("--dry-run")
    assert code == 0
    assert "credit v2 would be 'champion'" in text
    assert champion(project) == "1"
    assert tags(project) == {}
    assert project.client.list_artifacts(project.run, "mlgates") == []


def refused(project, promoted, words, *arguments):
    code, text = promoted(*arguments)
    assert code == 1, text
    assert words in text
    assert champion(project) == "1"
    assert tags(project) == {}


def test_another_model_than_the_judged_one_is_refused(project, promoted):
    first = project.client.get_model_version("words", "1")
    other = project.client.create_model_version("credit", first.source)
    command = ("promote", f"models:/credit/{other.version}", *PROMOTE[2:])
    code, text = promoted(command=command)
    assert code == 1
    assert "it is about another model" in text
    assert champion(project) == "1"


def test_evidence_that_somebody_edited_is_refused(project, promoted):
    text = Path("e.json").read_text()
    envelope = json.loads(text)
    envelope["payload"] = envelope["payload"][:-8] + "AAAA" + envelope["payload"][-4:]
    Path("e.json").write_text(json.dumps(envelope))
    assert promoted()[0] == 1
    assert champion(project) == "1"


def test_another_key_is_refused(project, promoted):
    refused(project, promoted, "sign", "--key", "other.pub.pem")


def test_unsigned_evidence_needs_somebody_who_says_so(project, promoted):
    assert main(["check", "--evidence", "e.json"]) == 0
    refused(project, promoted, "it is not signed")
    code, text = promoted("--unsigned")
    assert code == 0, text
    assert champion(project) == "2"


def test_without_any_key_it_is_misuse(project, promoted):
    Path("mlgates.toml").write_text(TOML.replace('public_key = "key.pub.pem"\n', ""))
    code, text = promoted()
    assert code == 2
    assert "public_key" in text


def test_a_policy_that_demands_more_than_was_judged_is_refused(project, promoted):
    Path("policy.toml").write_text(TOML.replace("min = 0.5", "min = 0.9"))
    Path("stricter").mkdir()
    Path("policy.toml").rename("stricter/mlgates.toml")
    policy = ("--policy", "stricter/mlgates.toml", "--key", "key.pub.pem")
    refused(project, promoted, "another definition", *policy)


def test_old_evidence_is_refused(project, promoted):
    time.sleep(2.1)
    refused(project, promoted, "old", "--max-age", "1s")


def test_a_failed_gate_is_refused(project, promoted):
    Path("mlgates.toml").write_text(TOML.replace("min = 0.5", "max = 0.5"))
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 1
    refused(project, promoted, "gate 'accuracy' failed")


def test_an_undecided_gate_is_promoted_only_where_the_policy_says_so(project, promoted):
    lines = Path("holdout.csv").read_text().splitlines()[:12]
    Path("holdout.csv").write_text("\n".join(lines) + "\n")
    undecided = TOML.replace("min = 0.5", "min = 0.95")
    Path("mlgates.toml").write_text(undecided)
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    refused(project, promoted, "the rows do not decide it")
    Path("mlgates.toml").write_text(undecided + 'promote = "estimate"\n')
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    code, text = promoted()
    assert code == 0, text
    assert "WARNED" in text
    assert tags(project)["mlgates.verdict"] == "WARNED"


@pytest.mark.parametrize("reference", ["models:/credit@champion", "models://credit@champion"])
def test_a_champion_that_changed_since_the_comparison_is_refused(project, promoted, reference):
    compared = TOML.replace("min = 0.5", f'no_worse_than = "{reference}"\nmargin = 0.1')
    Path("mlgates.toml").write_text(compared)
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    words = project.client.get_model_version("words", "1")
    third = project.client.create_model_version("credit", words.source)
    project.client.set_registered_model_alias("credit", "champion", third.version)
    code, text = promoted()
    assert code == 1
    assert "compared with another champion than v3, the present one" in text
    assert champion(project) == "3"


WRITES = ("log_artifact", "set_model_version_tag", "set_registered_model_alias")


@pytest.mark.parametrize("step", range(1, 8))
def test_cut_short_anywhere_no_alias_is_without_its_evidence(project, promoted, monkeypatch, step):
    from mlflow import MlflowClient

    done = []

    def stops(name, real):
        def call(self, *args, **kwargs):
            done.append(name)
            if len(done) == step:
                raise KeyboardInterrupt
            return real(self, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(MlflowClient, name, stops(name, getattr(MlflowClient, name)))
        assert promoted()[0] == 130
    assert len(done) == step
    if champion(project) == "2":
        assert json.loads(tags(project)["mlgates.evidence"])["result"] == "PASSED"
        assert tags(project)["mlgates.verdict"] == "PASSED"
    assert promoted()[0] == 0  # and a second run finishes what the first began
    assert champion(project) == "2"
    assert "mlgates.promoted.champion" in tags(project)


@pytest.mark.parametrize(
    ("moment", "words", "holds"),
    [
        ("set_model_version_tag", "moved from v1 to v3 while this was verified", "3"),
        ("set_registered_model_alias", "another promotion moved 'champion' to v3", "3"),
    ],
)
def test_of_two_promotions_at_once_one_says_that_it_did_not_hold(
    project, promoted, monkeypatch, moment, words, holds
):
    from mlflow import MlflowClient

    source = project.client.get_model_version("credit", "1").source
    project.client.create_model_version("credit", source)
    real = getattr(MlflowClient, moment)
    point = MlflowClient.set_registered_model_alias

    def overtaken(self, *args, **kwargs):
        real(self, *args, **kwargs)
        point(self, "credit", "champion", "3")

    monkeypatch.setattr(MlflowClient, moment, overtaken)
    code, text = promoted()
    assert code == 1
    assert words in text
    assert champion(project) == holds


def test_of_two_promotions_the_overtaken_one_does_not_say_that_it_left_the_alias(
    project, promoted, monkeypatch
):
    from mlflow import MlflowClient

    source = project.client.get_model_version("credit", "1").source
    project.client.create_model_version("credit", source)
    point = MlflowClient.set_registered_model_alias

    def overtaken(self, *args):
        point(self, *args)
        point(self, "credit", "champion", "3")

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", overtaken)
    text = promoted()[1]
    assert "'champion' was v1 and is v3 now" in text
    assert "left it so" not in text


def test_what_is_kept_is_what_was_verified_whatever_the_file_says_by_then(
    project, promoted, monkeypatch, tmp_path
):
    from mlflow import MlflowClient

    verified = Path("e.json").read_bytes()
    real = MlflowClient.get_model_version

    def swaps(self, *args):
        Path("e.json").write_text("{}")
        return real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "get_model_version", swaps)
        assert promoted()[0] == 0
    kept = project.client.download_artifacts(project.run, "mlgates/v2/e.json", str(tmp_path))
    assert Path(kept).read_bytes() == verified


def test_the_first_version_is_promoted_on_its_absolute_bound(project, promoted):
    first = 'min = 0.5\nno_worse_than = "models:/credit@first"\nmargin = 0.1\nfirst = true'
    Path("mlgates.toml").write_text(TOML.replace("min = 0.5", first))
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    command = ("promote", "models:/credit/2", "--alias", "first", "--evidence", "e.json")
    code, text = promoted(command=command)
    assert code == 0, text
    assert "credit v2 is 'first' now (before: no version)" in text


def test_the_champion_of_a_comparison_is_not_promoted_on_its_evidence(project, promoted):
    """It was looked at, and not judged."""
    other = project.base / "other"
    shutil.copytree(project.client.get_model_version_download_uri("credit", "1"), other)
    with (other / "MLmodel").open("a") as file:
        file.write("# other bytes\n")
    third = project.client.create_model_version("credit", str(other)).version
    compared = f'no_worse_than = "models:/credit/{third}"\nmargin = 0.1'
    Path("mlgates.toml").write_text(TOML.replace("min = 0.5", compared))
    assert main(["check", "--evidence", "e.json", "--sign-key", "key.pem"]) == 0
    code, text = promoted(command=("promote", f"models:/credit/{third}", *PROMOTE[2:]))
    assert code == 1, text
    assert "it is about another model" in text
    assert champion(project) == "1"


@pytest.mark.parametrize("alias", ["v3", "latest", "LATEST", "", "a b", "a/b"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["", "dry"])
def test_what_can_be_no_alias_is_misuse_before_anything_is_written(project, promoted, alias, dry):
    command = ("promote", "models:/credit/2", "--alias", alias, "--evidence", "e.json", *dry)
    code, text = promoted(command=command)
    assert code == 2, text
    assert f"{alias!r} cannot be an alias in MLflow" in text
    assert tags(project) == {}


@pytest.mark.parametrize(
    ("write", "words"),
    [
        ("log_artifact", "the evidence of credit v2 was not kept"),
        ("set_model_version_tag", "credit v2 was not tagged"),
        ("set_registered_model_alias", "'champion' was not moved to credit v2"),
    ],
)
def test_a_registry_that_refuses_a_write_is_told_by_what_did_not_come_about(
    project, promoted, monkeypatch, write, words
):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def refuses(*_):
        raise MlflowException("Permission denied")

    monkeypatch.setattr(MlflowClient, write, refuses)
    code, text = promoted()
    assert code == 2, text
    assert words in text
    assert "Permission denied" in text
    assert champion(project) == "1"


def test_without_a_configuration_it_names_the_option_that_it_has(
    project, promoted, tmp_path_factory, monkeypatch
):
    monkeypatch.chdir(tmp_path_factory.mktemp("no-project"))
    code, text = promoted("--unsigned")
    assert code == 2
    assert "--policy path/to/pyproject.toml" in text


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("models:/credit/99", "no version 99"),
        ("models:/nosuch/1", "no registered model"),
        ("credit", "names no version"),
        ("models:/credit", "names no version"),
    ],
)
def test_what_names_no_version_is_misuse(project, promoted, model, words):
    code, text = promoted(command=("promote", model, *PROMOTE[2:]))
    assert code == 2, text
    assert words in text


@pytest.mark.slow
def test_a_killed_promotion_leaves_old_or_new(project):
    command = [sys.executable, "-m", "pytest_mlgates", *PROMOTE]
    start = time.monotonic()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    whole = time.monotonic() - start
    for attempt in range(6):
        project.client.set_registered_model_alias("credit", "champion", "1")
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * (0.5 + 0.1 * attempt))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert champion(project) in {"1", "2"}
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert champion(project) == "2"


@pytest.mark.slow
def test_the_same_through_a_server(project, promoted, monkeypatch):
    import socket
    import urllib.request

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{project.base / 'mlflow.db'}", "--workers", "1"]
    with Path("server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, Path("server.log").read_text()[-2000:]
                time.sleep(0.2)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        code, text = promoted()
        assert code == 0, text
        assert champion(project) == "2"
        assert tags(project)["mlgates.verdict"] == "PASSED"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
