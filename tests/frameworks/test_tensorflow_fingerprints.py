from __future__ import annotations

import pytest

tf = pytest.importorskip("tensorflow")

from pytest_mlgates.engines.differences import compare  # noqa: E402
from pytest_mlgates.engines.fingerprint import fingerprint  # noqa: E402

VALUES = [
    lambda n: tf.constant([1.0, n]),
    tf.constant,
    lambda n: tf.constant([1.0, n], tf.bfloat16),
    lambda n: tf.constant([b"a", str(n)]),
    lambda n: tf.Variable([1, n]),
    lambda n: tf.ragged.constant([[1], [2, n]]),
    lambda n: tf.sparse.from_dense([[0, n]]),
    tf.random.Generator.from_seed,
]


@pytest.mark.parametrize("make", VALUES)
def test_tensors_variables_and_generators_are_their_values(make):
    assert fingerprint(make(2)) == fingerprint(make(2))
    assert fingerprint(make(2)) != fingerprint(make(3))
    assert fingerprint(make(2)).size > 0


def test_a_variable_is_told_from_a_tensor_and_from_an_array():
    values = [tf.constant([1, 2]), tf.Variable([1, 2]), tf.constant([1, 2]).numpy()]
    assert len({fingerprint(value).digest for value in values}) == 3


def test_how_far_floats_of_half_the_bits_are_apart_is_told():
    one, other = (fingerprint(tf.constant([1.0, x], tf.bfloat16)) for x in (-2.0, -2.5))
    (found,) = compare(one, other)
    assert found.kind == "bfloat16 tensorflow EagerTensor"
    assert found.max_abs == 0.5


class Inner(tf.Module):
    def __init__(self, bias):
        super().__init__()
        self.bias = tf.Variable(bias, trainable=False)


class Model(tf.Module):
    def __init__(self, weight=1.0, rate=0.5, part=2.0, bias=0.0, shape=(1, 2)):
        super().__init__()
        self.weights = tf.Variable([1.0, weight])
        self.rate = rate
        self.parts = [tf.Variable(part), {"a": tf.Variable(part)}]
        self.inner = Inner(bias)
        self.shape = shape

    @tf.function
    def __call__(self, rows):
        return rows * self.weights * self.rate


@pytest.mark.parametrize(
    "other", [{"weight": 2.0}, {"rate": 0.1}, {"part": 1.0}, {"bias": 1.0}, {"shape": (1, 3)}]
)
def test_a_module_is_its_class_and_all_of_its_attributes(other):
    model = Model()
    assert fingerprint(model) == fingerprint(Model())
    assert fingerprint(model) != fingerprint(Model(**other))
    before = fingerprint(model).digest
    model(tf.constant([1.0, 1.0]))  # which is compiled by the first call
    assert fingerprint(model).digest == before


def test_a_variable_in_a_list_of_a_module_has_its_path():
    found = compare(fingerprint(Model()), fingerprint(Model(part=3.0)))
    assert [one.path for one in found] == [
        "result.parts.items[0]",
        'result.parts.items[1].items["a"]',
    ]
