"""The file of a stored run: whole or absent, readable, and no evidence once it was touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import stored_runs, stored_values
from pytest_mlgates.engines.environment import environment
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.stages import Stage
from pytest_mlgates.engines.stored_runs import StoredRun, load, save

VALUE = {"weights": np.arange(6.0).reshape(2, 3), "names": ["a", "b\udcff", None], "n": 3}


def run(value=VALUE, **changes) -> StoredRun:
    given = {
        "gate": "training",
        "callable": "train",
        "level": "bitwise",
        "environment": environment(),
        "fingerprint": fingerprint(value),
        "stages": (Stage(name="epoch", index=3, fingerprint=fingerprint([1.5])),),
        **changes,
    }
    return StoredRun(**given)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "repro" / "training.json"


def test_what_is_loaded_is_what_was_saved(path):
    kept = run(seeds={"7": {"accuracy": 0.1 + 0.2}, "8": {"accuracy": 0.912}})
    assert save(kept, path) == load(path)
    found = load(path)
    assert found.fingerprint.digest == kept.fingerprint.digest
    assert (found.gate, found.callable, found.level) == ("training", "train", "bitwise")
    assert found.environment == kept.environment
    assert found.seeds == {"7": {"accuracy": 0.1 + 0.2}, "8": {"accuracy": 0.912}}
    (stage,) = found.stages
    assert stage.label == "epoch 3"
    assert stage.fingerprint.digest == kept.stages[0].fingerprint.digest
    assert found.left_out == ""
    assert found.seal.startswith("sha256:")


def test_the_values_of_the_result_are_kept_and_those_of_stages_are_not(path):
    found = save(run(), path)
    np.testing.assert_array_equal(found.fingerprint.content('["weights"]'), VALUE["weights"])
    assert found.fingerprint.content('["names"]') == VALUE["names"]
    assert found.stages[0].fingerprint.content("") is None


def test_the_same_run_is_the_same_file(path):
    save(run(), path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    save(run(), path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    assert len(before) == 2


def test_a_change_shows_in_the_lines_of_what_changed(path):
    save(run(), path)
    before = path.read_text().splitlines()
    save(run({**VALUE, "n": 4}), path)
    after = path.read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split('"')[1] for line in changed] == ["digest", "path", "values", "seal"]


def test_the_values_of_the_run_before_are_removed(path):
    save(run(), path)
    save(run({**VALUE, "n": 4}), path)
    assert len(list(path.parent.glob("*.npz"))) == 1


def test_until_the_json_is_replaced_the_old_run_is_whole(path, monkeypatch):
    old = save(run(), path)
    write = stored_runs.write_atomically

    def full(target, content):
        if target == path:
            raise OSError(28, "No space left on device")
        write(target, content)

    monkeypatch.setattr(stored_runs, "write_atomically", full)
    with pytest.raises(MLGatesError, match="a run cannot be stored"):
        save(run({**VALUE, "n": 4}), path)
    monkeypatch.undo()
    assert load(path).seal == old.seal
    assert load(path).left_out == ""


def test_values_beyond_the_limit_are_left_out_and_it_says_so(path, monkeypatch):
    monkeypatch.setattr(stored_values, "MOST_BYTES", 40)
    found = save(run(), path)
    assert "they are more than" in found.left_out
    assert found.fingerprint.content('["weights"]') is None
    assert not list(path.parent.glob("*.npz"))
    assert found.fingerprint.digest == fingerprint(VALUE).digest


def test_values_that_are_gone_are_told_and_digests_remain(path):
    save(run(), path)
    (archive,) = path.parent.glob("*.npz")
    archive.unlink()
    found = load(path)
    assert found.left_out == f"{archive.name} is not there"
    assert found.fingerprint.digest == fingerprint(VALUE).digest


def test_nothing_there_is_no_stored_run(path):
    with pytest.raises(FileNotFoundError):
        load(path)


def seal_anew(body):
    body.pop("seal")
    body["seal"] = stored_runs._seal(body)


def changed(change, *, seal=False):
    def edit(text):
        body = json.loads(text)
        change(body)
        if seal:
            seal_anew(body)
        return json.dumps(body)

    return edit


DAMAGES = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "not text": lambda _: "\x00\x01",
    "another file": lambda _: '{"name": "package"}',
    "a list": lambda _: "[1, 2]",
    "too deep": lambda _: "[" * 100_000,
    "a digest by hand": changed(lambda body: body["result"].update(digest="sha256:0")),
    "an environment by hand": changed(lambda body: body["environment"].update(cpu="another")),
    "no seal": changed(lambda body: body.pop("seal")),
    "a number that is none": changed(lambda body: body["seeds"].update({"7": {"a": float("nan")}})),
    "a part without a path": changed(
        lambda body: body["result"]["leaves"][0].pop("path"), seal=True
    ),
    "a digest of other parts": changed(
        lambda body: body["result"]["leaves"][1].update(digest="0" * 64), seal=True
    ),
    "a field of a later version": changed(
        lambda body: body["result"]["leaves"][1].update(colour="red"), seal=True
    ),
    "no stages": changed(lambda body: body.pop("stages"), seal=True),
    "values elsewhere": changed(
        lambda body: body["values"].update(file="../../secret.0123456789ab.npz"), seal=True
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_touched_file_is_no_evidence(damage, path):
    save(run(), path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(MLGatesError) as caught:
        load(path)
    assert "a stored run is damaged, it is no evidence" in str(caught.value)
    assert f"where: {path}" in str(caught.value)
    assert "record it anew" in caught.value.fix


@pytest.mark.parametrize("key", ["form", "fingerprints"])
def test_another_version_is_named(key, path):
    save(run(), path)
    path.write_text(changed(lambda body: body.update({key: "mlgates-run-9"}))(path.read_text()))
    with pytest.raises(MLGatesError, match="written by another version") as caught:
        load(path)
    assert "mlgates-run-9" in caught.value.got


def test_other_values_than_were_recorded_are_no_evidence(path):
    save(run(), path)
    (archive,) = path.parent.glob("*.npz")
    archive.write_bytes(archive.read_bytes()[:-1] + b"\x01")
    with pytest.raises(MLGatesError, match="a stored run is damaged"):
        load(path)


def test_a_file_of_something_else_is_never_replaced(tmp_path):
    path = tmp_path / "package.json"
    path.write_text('{"name": "mine"}')
    with pytest.raises(MLGatesError, match="a run is not stored over another file"):
        save(run(), path)
    assert path.read_text() == '{"name": "mine"}'
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_stored_run_can_be_recorded_anew(path):
    save(run(), path)
    path.write_text(path.read_text()[:300])
    assert save(run(), path) == load(path)


def test_a_number_that_is_none_is_not_stored(path):
    with pytest.raises(MLGatesError, match="not finite"):
        save(run(seeds={"7": {"accuracy": float("nan")}}), path)
    assert not path.exists()


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_a_pickle_in_the_place_of_values_is_not_opened(path, tmp_path, monkeypatch):
    import hashlib
    import pickle
    import zipfile

    monkeypatch.chdir(tmp_path)
    save(run(), path)
    body = json.loads(path.read_text())
    archive = path.parent / body["values"]["file"]
    fast = zipfile.ZipFile(archive).read("fast.json")
    head = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("fast.json", fast)
        file.writestr("1.npy", head.ljust(127) + b"\n" + pickle.dumps([Trap()]))
    body["values"]["sha256"] = hashlib.sha256(archive.read_bytes()).hexdigest()
    seal_anew(body)
    path.write_text(json.dumps(body))
    assert load(path).fingerprint.content('["weights"]') is None
    assert not Path("sprung").exists()


def test_equal_seals_mean_equal_content(path):
    kept = run()
    one = save(kept, path).seal
    assert save(replace(kept, gate="other"), path).seal != one
    assert save(kept, path).seal == one
