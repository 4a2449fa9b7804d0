"""Each cause is named where the evidence is for it, and another one where it is not."""

from __future__ import annotations

import os
import random
import time
from functools import partial

import numpy as np
import pytest

from pytest_mlgates import reproducibility, trace
from pytest_mlgates.core.tracing import note

NAMES = [f"feature_{number}" for number in range(20)]


@pytest.fixture(autouse=True)
def _untouched_generators():
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def why(function, **options):
    verdict = reproducibility(function, **options)
    assert not verdict.passed
    lines = [line for line in verdict.message.splitlines() if line.startswith(("  why", "  fix"))]
    return "\n".join(lines)


def by_turns(*values):
    """Another value in every run."""
    turns = iter(values)
    return lambda: next(turns)


def test_a_generator_that_is_seeded_and_then_drawn_from_by_another_call():
    turn = by_turns(0, 3)

    def train():
        np.random.seed(7)
        trace("data", NAMES)
        np.random.rand(turn())  # a cache that is filled in the first run
        trace("features", NAMES)
        return trace("weights", np.random.rand(3))

    text = why(train)
    assert "the global generator numpy.random is in the same state at stage 'data'" in text
    assert "and in another at 'features': something between them draws from it" in text
    assert "fix:   give every part a generator of its own" in text


def test_a_generator_that_was_drawn_from_elsewhere_is_not_blamed():
    """`random` is drawn from before, and all is equal after it."""
    turn = by_turns(1.0, 1.0 + 2**-52)

    def train():
        random.random()
        trace("data", NAMES)
        return trace("mean", np.array([turn(), 2.0]))

    assert "only the last bits differ" in why(train)


def test_a_generator_that_is_seeded_is_not_blamed():
    """The second run leaves it as the first did: it has not changed, but was drawn from."""
    turn = by_turns(1.0, 1.0 + 2**-52)

    def train():
        np.random.seed(7)
        return np.random.rand(3) * turn()

    assert "only the last bits differ" in why(train)


def test_of_two_generators_the_one_that_was_drawn_from_is_blamed():
    def train():
        random.random()
        trace("data", NAMES)
        return trace("weights", np.random.rand(3))

    text = why(train)
    assert "the global generator numpy.random, which each run" in text
    assert "np.random.seed(7)" in text
    assert "random.seed(7) and" not in text


def test_what_was_drawn_but_not_traced_is_blamed_if_nothing_else_explains_it():
    def train():
        hidden = np.random.rand(3)
        trace("data", NAMES)
        return trace("weights", hidden * 2)

    assert "the global generator numpy.random" in why(train)


def test_names_of_files_in_another_order():
    turn = by_turns(["b.csv", "a.csv", "c.csv"], ["a.csv", "c.csv", "b.csv"])
    text = why(turn)
    assert "equal names of files come in another order: a folder is listed" in text
    assert "fix:   sorted(os.listdir(…))" in text


@pytest.mark.parametrize(
    "values", [["b", "a"], [3, 2], ["1.5", "0.5"], ["b@x.org", "a@x.org"], ["v.2", "a.b"]], ids=str
)
def test_other_values_in_another_order_are_no_files(values):
    assert "an unseeded shuffle" in why(by_turns(values, sorted(values)))


class Thing:
    pass


KEPT = []


def made():
    KEPT.append([Thing() for _ in range(5)])  # alive, so that none gets the place of another
    return KEPT[-1]


@pytest.mark.parametrize(
    "function",
    [
        lambda: {"scores": {id(thing): 1.0 for thing in made()}},
        lambda: np.array([id(thing) for thing in made()]),
        lambda: np.array([float(id(thing)) for thing in made()]),
        lambda: [repr(thing) for thing in made()],
    ],
    ids=["keys", "numbers", "floats", "texts"],
)
def test_addresses_of_objects(function):
    text = why(function)
    assert "the values look like addresses of objects: id()" in text
    assert "fix:   use a name or a number of your own as the key" in text


@pytest.mark.parametrize(
    "values",
    [([1, 2, 3], [4, 5, 6]), ([16.5], [32.5]), (["a"], ["b"]), ([16], [32])],
    ids=str,
)
def test_other_values_are_no_addresses(values):
    assert "addresses" not in why(by_turns(*values))


def test_whole_numbers_at_random_are_no_addresses():
    rng = np.random.default_rng(3)
    assert "addresses" not in why(lambda: rng.integers(2**62, size=5))


def test_an_environment_variable_with_another_value(monkeypatch):
    monkeypatch.setenv("TRAIN_DEPTH", "3")

    def train():
        depth = int(os.environ["TRAIN_DEPTH"])
        os.environ["TRAIN_DEPTH"] = str(depth + 1)
        return [depth, 1]

    text = why(train)
    assert "the environment variable has another value in that run: TRAIN_DEPTH" in text
    assert "fix:   read it outside of the function" in text


def test_an_environment_variable_that_a_library_sets_is_not_blamed(monkeypatch):
    monkeypatch.setenv("TRAIN_LIBRARY_CACHE", "")
    monkeypatch.delenv("TRAIN_LIBRARY_CACHE")
    turn = by_turns(1, 2)

    def train():
        os.environ["TRAIN_LIBRARY_CACHE"] = "here"
        return [turn(), 1]

    assert "environment variable" not in why(train)


def without_a_seed():
    return np.random.default_rng().uniform(size=3)


def without_an_order():
    return np.random.default_rng().permutation(30)


@pytest.mark.parametrize(
    ("train", "cause"),
    [(without_a_seed, "a generator without a seed"), (without_an_order, "an unseeded shuffle")],
)
def test_the_temporary_folder_of_a_fresh_process_is_not_blamed(train, cause):
    text = why(train, fresh_process=True)
    assert cause in text
    assert "environment variable" not in text


def test_values_of_the_environment_are_in_no_record(monkeypatch):
    monkeypatch.setenv("TRAIN_TOKEN", "very-secret")
    turn = by_turns(1, 2)
    verdict = reproducibility(lambda: [turn(), 1])
    assert "very-secret" not in verdict.to_json()


def test_the_clock_comes_before_what_is_only_likely(monkeypatch):
    assert "the clock gets into the result" in why(lambda: [time.time_ns(), 1])


def traced_step(stage, value, facts):
    for name, fact in facts.items():
        note(name, fact)
    trace("torch.weights", 0, [1.0, 2.0])
    return trace(stage, 1, [value(), 2.0])


def test_a_step_that_ends_elsewhere_from_equal_weights():
    text = why(partial(traced_step, "torch.gradients", by_turns(1.0, 1.5), {}))
    assert "an operation without a deterministic kernel" in text
    text = why(partial(traced_step, "keras.weights", by_turns(1.0, 1.5), {}))
    assert "enable_op_determinism()" in text


def test_batches_of_workers():
    facts = {"loader": {"workers": 2, "shuffles": False, "seeded": False}}
    text = why(partial(traced_step, "torch.batch", by_turns(1.0, 1.5), facts))
    assert "the batches come from 2 workers of the DataLoader" in text
    assert "worker_init_fn" in text


def test_dropout_is_not_blamed_where_its_generator_was_not_drawn_from():
    facts = {"dropout": ["drop"]}
    text = why(partial(traced_step, "torch.gradients", by_turns(1.0, 1.5), facts))
    assert "dropout" not in text


def test_dropout_that_draws_from_random_in_keras():
    def draws():
        return random.random()

    text = why(partial(traced_step, "keras.loss", draws, {"dropout": ["Dropout"]}))
    assert "dropout (Dropout) draws from the global generator random" in text


def list_of_sets():
    random.random()
    trace("data", NAMES)
    return trace("order", list(set(NAMES)))


def test_the_hash_seed_is_tried_although_a_generator_was_drawn_from_earlier():
    text = why(list_of_sets, fresh_process=True)
    assert "with the hash seed of run 1 its result comes back" in text
