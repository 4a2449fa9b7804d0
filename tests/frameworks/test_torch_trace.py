"""A torch loop tells its stages from one `with`; what differs first is named, and why."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pytest_mlgates import MLGatesError, reproducibility, seed, trace_torch  # noqa: E402

ROWS = torch.tensor(np.random.default_rng(0).normal(size=(64, 6)), dtype=torch.float32)
LABELS = (ROWS[:, :1] > 0).float()


def network(dropout, seeded):
    torch.manual_seed(3)
    layers = [torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(8, 1))
    if not seeded:
        torch.seed()
    return model


def train(*, dropout=0.0, seeded=True, shuffle=False, generator=True, noise=0.0, every=1):
    model = network(dropout, seeded)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    own = torch.Generator().manual_seed(5) if generator else None
    data = torch.utils.data.TensorDataset(ROWS, LABELS)
    loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=shuffle, generator=own)
    with trace_torch(model, optimizer, loader=loader, every=every):
        for _ in range(2):
            for rows, labels in loader:
                optimizer.zero_grad()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(model(rows), labels)
                loss.backward()
                if noise:  # as a kernel without a fixed order of sums would
                    own_noise = np.random.default_rng().normal(size=(8, 6)) * noise
                    model[0].weight.grad += torch.tensor(own_noise, dtype=torch.float32)
                optimizer.step()
    return model(ROWS).detach().numpy()


def stages(verdict, run=0):
    return [one["stage"] for one in verdict.details[run]["stages"]]


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "fresh"])
def test_a_seeded_loop_is_proven_with_all_its_stages(fresh):
    verdict = reproducibility(partial(train, dropout=0.5, shuffle=True), fresh_process=fresh)
    assert verdict.passed, verdict.message
    found = stages(verdict)
    assert found[:5] == [
        *("torch.weights 0", "torch.batch 1", "torch.gradients 1"),
        *("torch.weights 1", "torch.optimizer 1"),
    ]
    assert len(found) == 1 + 4 * 8


def test_unseeded_dropout_is_named():
    message = reproducibility(partial(train, dropout=0.5, seeded=False)).message
    assert "from stage 'torch.gradients 1' on" in message
    assert "dropout (2) draws from the global generator torch, which is not seeded" in message
    assert "fix:   call torch.manual_seed(7)" in message


def test_an_unseeded_shuffle_of_the_loader_is_named():
    planted = partial(train, seeded=False, shuffle=True, generator=False)
    message = reproducibility(planted).message
    assert "from stage 'torch.batch 1' on" in message
    assert "the DataLoader shuffles by torch's global generator" in message
    assert "generator=torch.Generator().manual_seed(7)" in message


def test_arithmetic_that_is_not_deterministic_is_named():
    message = reproducibility(partial(train, noise=1e-9)).message
    assert "from stage 'torch.gradients" in message
    assert "an operation without a deterministic kernel" in message
    assert "torch.use_deterministic_algorithms(True)" in message


def test_unseeded_weights_are_named():
    def planted():
        model = torch.nn.Linear(6, 1)
        with trace_torch(model):
            model(ROWS)
        return model.weight.detach().numpy()

    verdict = reproducibility(planted)
    assert "from stage 'torch.weights 0' on" in verdict.message
    assert "the global generator torch, which each run finds" in verdict.message
    assert stages(verdict) == ["torch.weights 0", "torch.batch 1", "torch.weights 1"]


def test_every_so_many_steps_and_the_last():
    verdict = reproducibility(partial(train, every=3))
    weights = [one for one in stages(verdict) if one.startswith("torch.weights")]
    assert weights == [f"torch.weights {step}" for step in (0, 3, 6, 8)]
    with pytest.raises(MLGatesError, match="every is a whole number from 1"):
        train(every=0)


def test_no_hook_is_left_and_none_is_set_where_no_gate_runs():
    model = torch.nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with trace_torch(model, optimizer):
        assert not model._forward_pre_hooks
        assert not optimizer._optimizer_step_post_hooks

    def traced():
        with trace_torch(model, optimizer):
            assert model._forward_pre_hooks
            assert optimizer._optimizer_step_post_hooks
        return [1.0, 2.0]

    assert reproducibility(traced).passed
    assert not model._forward_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_evaluation_within_the_loop_is_no_batch():
    def evaluated():
        model = network(0.0, seeded=True).eval()
        with trace_torch(model):
            return model(ROWS).detach().numpy()

    assert "torch.batch 1" not in stages(reproducibility(evaluated))


def test_half_precision_that_numpy_does_not_know_is_traced():
    def halves():
        torch.manual_seed(1)
        model = torch.nn.Linear(6, 1).bfloat16()
        with trace_torch(model):
            pass
        return model.weight.detach().float().numpy()

    assert reproducibility(halves).passed


def test_seed_sets_torch_and_its_modes_and_sets_them_back():
    torch.manual_seed(99)
    before = torch.get_rng_state()
    with seed(7):
        one = torch.rand(3)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.backends.cudnn.deterministic
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.deterministic
    assert torch.equal(torch.get_rng_state(), before)
    with seed(7, deterministic=False) as rng:
        assert torch.equal(torch.rand(3), one)
        assert not torch.are_deterministic_algorithms_enabled()
        assert isinstance(rng, np.random.Generator)
