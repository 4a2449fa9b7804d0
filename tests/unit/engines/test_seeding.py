from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, seed
from pytest_mlgates.engines.seeding import derived_seed, seed_in_force


@pytest.fixture(autouse=True)
def _untouched_generators():
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def drawn():
    return random.random(), np.random.rand()


def test_a_block_is_seeded_and_everything_set_back():
    random.seed(1)
    np.random.seed(1)
    expected = drawn()
    random.seed(1)
    np.random.seed(1)
    with seed(7) as rng:
        one = (*drawn(), rng.random())
        assert seed_in_force() == 7
    assert drawn() == expected
    assert seed_in_force() is None
    with seed(7) as rng:
        assert (*drawn(), rng.random()) == one
    assert one[1] == np.random.RandomState(7).rand()
    assert one[2] == np.random.default_rng(7).random()


def test_blocks_nest():
    with seed(1):
        drawn()
        outside = random.getstate()
        with seed(2):
            drawn()
            assert seed_in_force() == 2
        assert random.getstate() == outside
        assert seed_in_force() == 1


def test_an_error_in_the_block_passes_and_the_generators_are_set_back():
    before = random.getstate()
    with pytest.raises(ValueError, match="training"), seed(7):
        raise ValueError("training")
    assert random.getstate() == before


def test_a_plain_call_stays():
    program = (
        "from pytest_mlgates import seed; import random, numpy as np;"
        "s = seed(7); a = random.random(), np.random.rand(); seed(7);"
        "print(a == (random.random(), np.random.rand()), s.seeded, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True ['random', 'numpy.random'] False\n"


@pytest.mark.parametrize("value", [-1, 2**32, 1.0, "7", True, None])
def test_anything_but_a_seed_is_misuse(value):
    with pytest.raises(MLGatesError, match="a seed is a whole number from 0"):
        seed(value)


def test_a_library_that_is_imported_in_the_block_is_seeded_then(tmp_path):
    """A stand-in named torch, which has what `seed` uses of it."""
    (tmp_path / "torch.py").write_text(
        "import types\n"
        "state, deterministic, told = 'default', False, []\n"
        "def get_rng_state(): return state\n"
        "def set_rng_state(new): globals().update(state=new)\n"
        "def manual_seed(value): globals().update(state=value)\n"
        "def use_deterministic_algorithms(on, warn_only=False):\n"
        "    globals().update(deterministic=on)\n"
        "def are_deterministic_algorithms_enabled(): return deterministic\n"
        "def is_deterministic_algorithms_warn_only_enabled(): return False\n"
        "cuda = types.SimpleNamespace(is_initialized=lambda: False)\n"
        "cudnn = types.SimpleNamespace(deterministic=False, benchmark=True)\n"
        "backends = types.SimpleNamespace(cudnn=cudnn)\n"
    )
    program = (
        "import sys, os; sys.path.insert(0, sys.argv[1])\n"
        "from pytest_mlgates import seed\n"
        "key = 'CUBLAS_WORKSPACE_CONFIG'\n"
        "os.environ.pop(key, None)\n"
        "with seed(7):\n"
        "    assert 'torch' not in sys.modules\n"
        "    import torch\n"
        "    assert (torch.state, torch.deterministic) == (7, True), torch.state\n"
        "    assert (torch.cudnn.deterministic, torch.cudnn.benchmark) == (True, False)\n"
        "    assert os.environ[key]\n"
        "assert (torch.state, torch.deterministic) == ('default', False)\n"
        "assert (torch.cudnn.deterministic, torch.cudnn.benchmark) == (False, True)\n"
        "assert key not in os.environ\n"
        "s = seed(8, deterministic=False)\n"
        "assert torch.state == 8 and not torch.deterministic\n"
        "print(s.seeded)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "['random', 'numpy.random', 'torch']\n", done.stderr


def test_derived_seeds_are_these_in_every_process_and_version():
    assert derived_seed(0, "test_a.py::test") == 1932642594
    assert derived_seed(1, "test_a.py::test") != derived_seed(0, "test_a.py::test")
    found = {derived_seed(0, f"test_a.py::test[{number}]") for number in range(1000)}
    assert len(found) == 1000
    assert all(0 <= value < 2**32 for value in found)
