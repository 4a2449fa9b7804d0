from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from pytest_mlgates import MLGatesError  # noqa: E402
from pytest_mlgates.engines.differences import compare  # noqa: E402
from pytest_mlgates.engines.fingerprint import fingerprint  # noqa: E402


def network(dropout=0.5):
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 1)
    )


def trained(seed=1, **options):
    torch.manual_seed(seed)
    model = network(**options)
    optimizer = torch.optim.Adam(model.parameters())
    rows = torch.randn(32, 4)
    for _ in range(3):
        optimizer.zero_grad()
        model(rows).square().mean().backward()
        optimizer.step()
    return model, optimizer


def paths(one, other):
    return [found.path for found in compare(fingerprint(one), fingerprint(other))]


def test_one_seed_gives_one_fingerprint_and_another_seed_names_the_first_weight():
    assert fingerprint(trained()) == fingerprint(trained())
    assert paths(trained()[0], trained(seed=2)[0])[0] == "result.0.weight"


def test_a_state_dict_and_an_optimizer_are_known_by_their_tensors():
    (model, optimizer), (other, other_optimizer) = trained(), trained(seed=2)
    assert fingerprint(model.state_dict()) == fingerprint(trained()[0].state_dict())
    assert paths(model.state_dict(), other.state_dict())[0] == 'result["0.weight"]'
    assert paths(optimizer, other_optimizer)[0] == 'result.state_dict()["state"][0]["exp_avg"]'


def test_dropout_alone_makes_another_module():
    torch.manual_seed(0)
    model, other = network(), network(dropout=0.4)
    other.load_state_dict(model.state_dict())
    assert paths(model, other) == ["result.3.p"]


def test_the_mode_frozen_parameters_and_hidden_buffers_are_part_of_a_module():
    class Scaled(nn.Module):
        def __init__(self, scale):
            super().__init__()
            self.register_buffer("scale", torch.tensor(scale), persistent=False)
            self.inner = nn.Linear(1, 1)
            nn.init.ones_(self.inner.weight)
            nn.init.zeros_(self.inner.bias)

    assert "scale" not in Scaled(1.0).state_dict()
    assert paths(Scaled(1.0), Scaled(2.0)) == ["result.scale"]
    assert paths(Scaled(1.0), Scaled(1.0).eval()) == ["result.training", "result.inner.training"]
    frozen = Scaled(1.0)
    frozen.inner.weight.requires_grad_(requires_grad=False)
    assert paths(Scaled(1.0), frozen) == ["result.inner.__frozen__"]


def test_a_hook_and_another_class_make_another_module():
    torch.manual_seed(0)
    model = nn.Sequential(nn.ReLU())
    hooked = nn.Sequential(nn.ReLU())
    hooked[0].register_forward_hook(print)
    assert paths(model, hooked)[0].startswith("result.0._forward_hooks")
    assert paths(model, nn.Sequential(nn.GELU()))[0] == "result.0"


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(3, 2),
        lambda: nn.TransformerEncoderLayer(4, 2),
        lambda: nn.MultiheadAttention(4, 2),
        lambda: nn.Embedding(5, 2),
        lambda: nn.ParameterList([torch.ones(2)]),
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)),
    ],
    ids=["lstm", "transformer", "attention", "embedding", "list", "weight_norm"],
)
def test_modules_of_every_shape_are_walked(make):
    def seeded(seed):
        torch.manual_seed(seed)
        module = make()
        with torch.no_grad():
            next(module.parameters()).add_(seed)
        return module

    assert fingerprint(seeded(1)) == fingerprint(seeded(1))
    assert fingerprint(seeded(1)) != fingerprint(seeded(2))


@pytest.mark.parametrize(
    "dtype",
    ["float32", "float16", "bfloat16", "float8_e4m3fn", "complex64", "int8", "bool"],
)
def test_tensors_of_every_dtype_are_their_bits(dtype):
    dtype = getattr(torch, dtype)
    one, other = torch.tensor([1.0, 0.0]).to(dtype), torch.tensor([1.0, 1.0]).to(dtype)
    assert fingerprint(one) == fingerprint(one.clone())
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) != fingerprint(torch.tensor([1.0, 0.0], dtype=torch.float64))


def test_how_far_floats_of_half_the_bits_are_apart_is_told():
    one, other = (torch.tensor([1.0, x], dtype=torch.bfloat16) for x in (-2.0, -2.5))
    (found,) = compare(fingerprint(one), fingerprint(other))
    assert (found.path, found.max_abs) == ("result.float()", 0.5)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support", "ignore:Sparse invariant checks")
def test_memory_layout_is_no_part_of_a_tensor_but_sparsity_is():
    matrix = torch.arange(6.0).reshape(2, 3)
    assert fingerprint(matrix) == fingerprint(matrix.t().contiguous().t())
    forms = [matrix, matrix.to_sparse(), matrix.to_sparse_csr(), matrix.t(), matrix.numpy()]
    assert len({fingerprint(form).digest for form in forms}) == len(forms)
    places, values = torch.tensor([[0, 1, 1], [2, 0, 1]]), torch.tensor([1.0, 2.0, 3.0])
    one = torch.sparse_coo_tensor(places, values, (3, 3))
    other = torch.sparse_coo_tensor(places.flip(1), values.flip(0), (3, 3))
    assert fingerprint(one) == fingerprint(other)


def test_generators_are_known_by_their_state():
    one = torch.Generator().manual_seed(1)
    assert fingerprint(one) == fingerprint(torch.Generator().manual_seed(1))
    torch.rand(1, generator=one)
    assert fingerprint(one) != fingerprint(torch.Generator().manual_seed(1))


def test_what_has_no_values_is_refused_with_a_way_out():
    with pytest.raises(MLGatesError, match="on the device 'meta' has no values"):
        fingerprint(nn.Linear(2, 2, device="meta"))
    with pytest.raises(MLGatesError, match=r"return model\.state_dict\(\)"):
        fingerprint(torch.utils.data.TensorDataset(torch.ones(2)))
