"""What of a run's stages is kept: digests of all, values as far as they are needed and fit."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pytest_mlgates import trace
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.tracing import listening, note, offer
from pytest_mlgates.engines import stages
from pytest_mlgates.engines.stages import Recorder, first_divergence


def recorded(folder, values, reference=None, **options):
    recorder = Recorder(folder, reference, **options)
    with listening(recorder):
        for number, value in enumerate(values):
            trace("epoch", number, value)
    recorder.finish()
    return stages.load(folder, reference)


def kept(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.npy"))


VALUES = [np.full(50, float(number)) for number in range(6)]


def changed(place, by=1.0):
    return [value + by * (number >= place) for number, value in enumerate(VALUES)]


def test_run_1_keeps_all_values_and_a_later_run_those_of_the_first_difference(tmp_path):
    one, two = tmp_path / "1", tmp_path / "2"
    first = recorded(one, VALUES)
    other = recorded(two, changed(3), one)
    assert kept(one) == [f"{number}/0.npy" for number in range(6)]
    assert kept(two) == ["3/0.npy"]
    assert [a.fingerprint == b.fingerprint for a, b in zip(first, other, strict=True)] == [
        *(True, True, True),
        *(False, False, False),
    ]
    found = first_divergence(first, other)
    assert (found.label, found.place, found.of) == ("epoch 3", 3, 6)
    assert found.differences[0].max_abs == 1.0


def test_a_run_that_is_equal_writes_no_stage(tmp_path):
    recorded(tmp_path / "1", VALUES)
    other = recorded(tmp_path / "2", VALUES, tmp_path / "1")
    assert [file.name for file in (tmp_path / "2").iterdir()] == ["stages.json"]
    assert [stage.label for stage in other] == [f"epoch {number}" for number in range(6)]


def test_values_are_kept_up_to_the_budget_and_a_later_difference_is_still_named(tmp_path):
    first = recorded(tmp_path / "1", VALUES, most_bytes=2 * 600)
    other = recorded(tmp_path / "2", changed(4), tmp_path / "1", most_bytes=1200)
    assert kept(tmp_path / "1") == ["0/0.npy", "1/0.npy"]
    assert [stage.kept for stage in first] == [True, True, False, False, False, False]
    found = first_divergence(first, other)
    assert found.label == "epoch 4"
    assert "how far apart is not known" in found.differences[0].text
    assert "the 1 GiB that are kept: trace less of each, or 'epoch' alone" in (
        found.differences[0].text
    )
    assert found.differences[0].aspect == "values"


def test_a_value_beyond_the_budget_is_not_written_at_all(tmp_path):
    recorded(tmp_path, [np.zeros(10_000), np.zeros(5)], most_bytes=1000)
    assert kept(tmp_path) == ["1/0.npy"]


def test_bytes_count_as_what_they_take(tmp_path):
    recorded(tmp_path, [np.zeros(10_000, np.uint8)], most_bytes=11_000)
    assert kept(tmp_path) == ["0/0.npy"]


def test_no_more_than_half_of_what_is_free_is_written(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 700})
    monkeypatch.setattr(stages.shutil, "disk_usage", lambda _: usage)
    recorded(tmp_path, [np.zeros(50), np.zeros(40)])
    assert kept(tmp_path) == ["1/0.npy"]


def test_another_stage_in_its_place_is_a_difference(tmp_path):
    first = recorded(tmp_path / "1", VALUES)
    recorder = Recorder(tmp_path / "2", tmp_path / "1")
    with listening(recorder):
        trace("epoch", 0, VALUES[0])
        trace("start", VALUES[1])
    recorder.finish()
    found = first_divergence(first, stages.load(tmp_path / "2", tmp_path / "1"))
    assert (found.label, found.other) == ("epoch 1", "start")


def test_stages_of_many_threads_are_all_recorded(tmp_path):
    recorder = Recorder(tmp_path)

    def work(number):
        for step in range(20):
            trace("step", step, np.full(3, number))

    with listening(recorder):
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    recorder.finish()
    found = stages.load(tmp_path)
    assert len(found) == 160
    assert len({stage.fingerprint.digest for stage in found}) == 8


def test_a_mistake_that_the_training_catches_is_not_lost(tmp_path):
    recorder = Recorder(tmp_path)
    with listening(recorder):
        with pytest.raises(MLGatesError):
            trace("model", object())
        trace("epoch", 1, 2.0)
    with pytest.raises(MLGatesError, match="no fingerprint"):
        recorder.finish()


def test_what_is_offered_may_have_no_fingerprint(tmp_path):
    recorder = Recorder(tmp_path)
    with listening(recorder):
        offer("model", None, object())
        offer("rows", 2, [1.0])
        note("dropout", ["a"])
    recorder.finish()
    assert [stage.label for stage in stages.load(tmp_path)] == ["rows 2"]
    assert stages.facts(tmp_path) == {"dropout": ["a"]}


def test_the_state_of_the_generators_is_recorded_with_each_stage(tmp_path):
    recorder = Recorder(tmp_path)
    with listening(recorder):
        trace("a", 1)
        trace("b", 1)
        np.random.rand()
        trace("c", 1)
    recorder.finish()
    a, b, c = (stage.generators for stage in stages.load(tmp_path))
    assert a == b
    assert a["numpy.random"] != c["numpy.random"]
    assert a["random"] == c["random"]


def test_a_trace_where_no_gate_runs_costs_next_to_nothing():
    """Against a call that does nothing, so that a busy machine is no failure."""

    def nothing(*values):
        return values[-1]

    def seconds(function):
        start = time.process_time()
        for number in range(20_000):
            function("epoch", number, VALUES)
        return time.process_time() - start

    plain = min(seconds(nothing) for _ in range(7))
    traced = min(seconds(trace) for _ in range(7))
    assert traced < 25 * plain
