"""The fixture `mlgate_seed`, the option, and where the seed can be read."""

from __future__ import annotations

import re

import pytest

SEEDED = """
    import random
    import numpy as np
    import pytest

    @pytest.mark.parametrize("n", [1, 2])
    def test_it(mlgate_seed, n):
        print("SEED", mlgate_seed, random.random(), np.random.rand())
        assert 0 <= mlgate_seed < 2**32
        assert random.Random(mlgate_seed).random() != random.random()
"""


def seeds(result):
    return re.findall(r"SEED (\d+ \S+ \S+)", result.stdout.str())


def test_each_test_has_a_seed_of_its_own_and_the_same_in_every_run(pytester):
    pytester.makepyfile(SEEDED)
    first = seeds(pytester.runpytest("-s"))
    assert len(set(first)) == 2
    assert seeds(pytester.runpytest("-s")) == first
    alone = seeds(pytester.runpytest("-s", "-k", "2"))
    assert alone == first[1:]
    other = seeds(pytester.runpytest("-s", "--mlgates-seed=1"))
    assert not set(other) & set(first)


def test_another_process_derives_the_same(pytester):
    pytester.makepyfile(SEEDED)
    here = seeds(pytester.runpytest("-s"))
    assert seeds(pytester.runpytest_subprocess("-s")) == here
    result = pytester.runpytest_subprocess("-n", "2", "-rP")
    result.assert_outcomes(passed=2)
    assert sorted(seeds(result)) == sorted(here)


def test_the_seed_is_told_once_a_test_uses_it(pytester):
    pytester.makepyfile(SEEDED)
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["collected 2 items", "mlgates: seed 0"])
    pytester.makepyfile("def test_plain(): pass")
    assert "mlgates:" not in pytester.runpytest("-k", "plain").stdout.str()


def test_the_seed_of_the_configuration_and_of_the_option(pytester):
    pytester.makepyprojecttoml("[tool.mlgates]\nseed = 5\n")
    pytester.makepyfile(SEEDED)
    result = pytester.runpytest("-s")
    result.stdout.fnmatch_lines(["mlgates: seed 5"])
    given = pytester.runpytest("-s", "--mlgates-seed=5", "-k", "2")
    given.stdout.fnmatch_lines(["mlgates: seed 5"])
    assert seeds(given) == seeds(result)[1:]
    assert given.stdout.str().count("mlgates: seed") == 1


def test_a_failure_shows_its_seed(pytester):
    pytester.makepyfile("def test_it(mlgate_seed): assert not mlgate_seed")
    result = pytester.runpytest("--mlgates-seed=3")
    result.stdout.re_match_lines([r".*Captured mlgate_seed setup", r"\d+ \(of --mlgates-seed=3\)"])


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "4294967296"])
def test_a_seed_that_is_none_is_misuse(pytester, given):
    pytester.makepyfile(SEEDED)
    result = pytester.runpytest(f"--mlgates-seed={given}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--mlgates-seed={given} is not usable*"])


def test_the_generators_are_set_back_after_the_test(pytester):
    pytester.makepyfile("""
        import random
        STATES = []

        def test_before(): STATES.append(random.getstate())
        def test_seeded(mlgate_seed): assert random.getstate() != STATES[0]
        def test_after(): assert random.getstate() == STATES[0]
    """)
    pytester.runpytest().assert_outcomes(passed=3)


def test_the_seed_stands_in_the_verdict(pytester):
    pytester.makepyfile("""
        import numpy as np
        import pytest
        from functools import partial

        def train(seed):
            return np.random.default_rng(seed).random(5)

        def test_it(mlgate, mlgate_seed):
            verdict = mlgate.reproducibility(partial(train, seed=mlgate_seed))
            assert verdict.message.endswith(f", with seed {mlgate_seed}")
            assert [d["seed"] for d in verdict.details] == [mlgate_seed] * 2
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_gate_does_not_seed_between_its_runs(pytester):
    """What continues from run to run is a finding, seeded or not."""
    pytester.makepyfile("""
        import numpy as np

        def test_it(mlgate, mlgate_seed):
            mlgate.reproducibility(lambda: np.random.rand(5))
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the global generator numpy.random*"])
