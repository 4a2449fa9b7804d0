"""Levels of reproducibility as markers, methods and declared gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates.cli import main

TRAINING = """
    import itertools
    import numpy as np

    CALLS = itertools.count()

    def near():
        return {"scores": np.linspace(0.1, 0.9, 50) + 1e-9 * next(CALLS), "labels": ["a", "b"]}

    def far():
        return {"scores": np.linspace(0.1, 0.9, 50) + 0.5 * next(CALLS), "labels": ["a", "b"]}

    def seeded(seed):
        return {"accuracy": 0.9 + 0.01 * np.random.default_rng(seed).normal()}
"""


UNDECIDED = """
level = "statistical"
seeds = [1, 2, 3, 4, 5]
tolerance = 0.02
inconclusive = "fail"
"""


def test_each_level_is_a_marker_and_says_what_it_has_proven(project):
    project.makepyfile(training_a=TRAINING)
    project.makepyfile("""
        import pytest
        from training_a import far, near, seeded

        @pytest.mark.reproducibility(level="tolerance", atol=1e-8)
        def test_near(mlgate):
            mlgate(near)

        @pytest.mark.reproducibility(level="tolerance", atol=1e-8, fresh_process=True)
        def test_fresh(mlgate):
            mlgate(near)

        @pytest.mark.reproducibility(level="tolerance", atol=1e-8)
        def test_far(mlgate):
            mlgate(far)

        @pytest.mark.reproducibility(level="statistical", seeds=[1, 2, 3, 4, 5], tolerance=0.1)
        def test_seeds(mlgate):
            mlgate(seeded)

        def test_method(mlgate):
            mlgate.reproducibility(seeded, level="statistical", seeds=range(9), max_spread=0.05)
    """)
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*far is not reproducible within its tolerance (level tolerance disproven): *",
            "*scores*: 50 of 50 values are beyond atol=1e-08, at most 0.5 apart *",
            " PASS  test_near *reproducibility tolerance *1.0e-09 *max 1e-08 *proven",
            " FAIL  test_far *reproducibility tolerance *0.500 *max 1e-08 *2 runs *",
            " PASS  test_seeds *reproducibility statistical: accuracy *margin 0.10 *6 runs *",
            " PASS  test_method *reproducibility statistical: spread of accuracy *max 0.05 *",
        ]
    )


def test_a_limit_of_another_level_is_an_error_of_its_test(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.reproducibility(level="tolerance")
        def test_training(mlgate):
            mlgate(dict)
    """)
    result = project.runpytest_inprocess()
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*level 'tolerance' needs a limit*"])


def test_a_run_that_reads_what_run_1_wrote_is_an_error_of_its_test(project):
    project.makepyfile(
        test_training="""
        from pathlib import Path
        import numpy as np
        import pytest

        def train():
            path = Path("weights.npy")
            if not path.exists():
                np.save(path, np.random.default_rng().random(5))
            return np.load(path)

        @pytest.mark.reproducibility(runs=2)
        def test_training(mlgate):
            mlgate(train)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["run 2 of train read a file that run 1 had written: *", "  got:   weights.npy"]
    )


@pytest.fixture
def declared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    name = f"training_{abs(hash(str(tmp_path)))}"
    lines = TRAINING.replace("\n    ", "\n")
    Path(f"{name}.py").write_text(lines)

    def write(entry: str, keys: str) -> None:
        Path("pyproject.toml").write_text(
            f'[tool.mlgates]\npythonpath = ["."]\n[tool.mlgates.gates.training]\n'
            f'kind = "reproducibility"\nfresh_process = false\nentry = "{name}:{entry}"\n{keys}\n'
        )

    return write


@pytest.mark.parametrize(
    ("entry", "keys", "code", "words"),
    [
        ("near", 'level = "tolerance"\natol = 1e-8', 0, "tolerance, one process: proven"),
        ("far", 'level = "tolerance"\nrtol = 1e-8', 1, "level tolerance disproven"),
        ("near", 'level = "tolerance"\nmax_ulp = 1', 1, "beyond max_ulp=1"),
        (
            "seeded",
            'level = "statistical"\nseeds = [1, 2, 3]\ntolerance = 0.5\nseed = 9',
            0,
            "proven, within 0.5 of 3 seeds",
        ),
        (
            "seeded",
            'level = "statistical"\nseeds = [1, 2, 3]\nmax_spread = 1e-6',
            1,
            "level statistical disproven",
        ),
        (
            "seeded",
            UNDECIDED,
            1,
            "level statistical not decided",
        ),
        ("near", 'level = "tolerance"', 2, "level 'tolerance' needs a limit"),
        ("near", 'level = "statistical"\nseeds = [1, 2]\ntolerance = 1', 2, "takes no seed"),
        ("near", "seeds = [1, 1]", 2, "two or more seeds, each named once"),
    ],
)
def test_each_level_is_declared(declared, capsys, entry, keys, code, words):
    declared(entry, keys)
    assert main(["check"]) == code
    printed = capsys.readouterr()
    assert words in printed.out + printed.err
