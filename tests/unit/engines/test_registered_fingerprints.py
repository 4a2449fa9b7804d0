from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, register_fingerprint, reproducibility
from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.extensions import fingerprints, manager
from pytest_mlgates.extensions.manager import load_plugins
from tests.unit.engines import own_plugin, own_registration, own_trainings
from tests.unit.engines.own_types import Index, Larger

PLUGIN = "tests.unit.engines.own_plugin"


@pytest.fixture
def plugin():
    load_plugins([PLUGIN])
    yield
    manager.manager().unregister(name=PLUGIN)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(fingerprints, "_functions", dict(fingerprints._functions))


def test_a_registered_type_is_its_parts():
    one, other = Index(np.arange(3)), Index(np.arange(3), scale=2.0)
    assert fingerprint(one) == fingerprint(Index(np.arange(3)))
    assert [found.path for found in compare(fingerprint([one]), fingerprint([other]))] == [
        "result[0].scale"
    ]


def test_a_subclass_is_known_and_is_another_type():
    one, other = fingerprint(Index([1])), fingerprint(Larger([1]))
    assert [found.aspect for found in compare(one, other)] == ["type"]


def test_a_plugin_knows_its_types(plugin):
    one, other = own_plugin.Tokens(["a"]), own_plugin.Tokens(["b"])
    assert fingerprint(one) == fingerprint(own_plugin.Tokens(["a"]))
    assert fingerprint(one) != fingerprint(other)


def test_without_the_plugin_the_type_is_misuse_that_tells_what_to_do():
    with pytest.raises(MLGatesError, match=r"or register_fingerprint\(Tokens, …\)"):
        fingerprint(own_plugin.Tokens(["a"]))


def test_an_array_or_a_text_stands_for_the_whole(registry):
    class Vector:
        pass

    class Name:
        pass

    register_fingerprint(Vector, lambda _: np.ones(2))
    register_fingerprint(Name, lambda _: "me")
    (leaf,) = fingerprint(Vector()).leaves.values()
    assert (leaf.path, leaf.kind, leaf.size) == (
        "",
        "float64 tests test_an_array_or_a_text_stands_for_the_whole.<locals>.Vector",
        2,
    )
    assert fingerprint(Name()).content("") == ["me"]


@pytest.mark.parametrize("answer", [[1, 2], {1: 2}, 5], ids=["list", "keys", "number"])
def test_an_answer_of_another_kind_is_misuse(registry, answer):
    class Odd:
        pass

    register_fingerprint(Odd, lambda _: answer)
    with pytest.raises(MLGatesError, match="does not say what result consists of"):
        fingerprint(Odd())


def test_an_error_of_the_function_is_misuse_that_names_the_part(registry):
    class Odd:
        pass

    register_fingerprint(Odd, lambda odd: {"x": odd.missing})
    with pytest.raises(MLGatesError, match=r'cannot take result\["a"\] apart') as caught:
        fingerprint({"a": Odd()})
    assert "AttributeError" in str(caught.value)


def test_a_value_that_names_itself_as_its_part_ends(registry):
    class Odd:
        pass

    register_fingerprint(Odd, lambda odd: {"self": odd})
    assert fingerprint(Odd()).leaves[".self"].kind == "cycle to the whole"


def test_a_type_has_one_meaning(registry):
    register_fingerprint(Index, own_registration.parts)  # a module that is imported again
    with pytest.raises(MLGatesError, match=r"two modules register a fingerprint of .*Index"):
        register_fingerprint(Index, lambda _: {})


def test_anything_but_a_type_and_a_function_is_misuse():
    for arguments in (("Index", own_registration.parts), (Index, "parts")):
        with pytest.raises(MLGatesError, match="takes a type and a function"):
            register_fingerprint(*arguments)


def test_a_fresh_process_knows_what_a_module_registered():
    verdict = reproducibility(own_trainings.index, fresh_process=True)
    assert verdict.finding.value == "proven"
    verdict = reproducibility(own_trainings.unseeded_index, fresh_process=True)
    assert "result.ids" in verdict.summary


def test_a_fresh_process_has_the_plugins_of_this_one(plugin):
    assert reproducibility(own_trainings.tokens, fresh_process=True).finding.value == "proven"


def test_our_own_integrations_wait_for_their_library():
    """None of them is imported before the library that it is for."""
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from pytest_mlgates.engines.fingerprint import fingerprint\n"
        "from tests.unit.engines.own_registration import Index\n"
        "fingerprint([Index([1]), 1.0, {'a': 'b'}])\n"
        "print(sorted(set(sys.modules) & {'torch', 'keras', 'tensorflow', 'xgboost', 'lightgbm',\n"
        "    'pytest_mlgates.integrations.torch', 'pandas', 'scipy'}))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said == "[]\n"
