"""Types that a conftest.py teaches fingerprints."""

from __future__ import annotations

import pytest

FILES = {
    "shop": """
        import random

        class Index:
            def __init__(self, ids):
                self.ids = ids

        def build():
            return Index([1, 2, 3])

        def shuffled():
            ids = [1, 2, 3, 4, 5, 6, 7, 8]
            random.Random().shuffle(ids)
            return Index(ids)
    """,
    "conftest": """
        from pytest_mlgates import register_fingerprint
        from shop import Index

        register_fingerprint(Index, lambda index: {"ids": index.ids})
    """,
    "test_index": """
        import pytest
        import shop

        @pytest.mark.reproducibility(fresh_process=FRESH)
        def test_build(mlgate):
            mlgate(shop.build)

        @pytest.mark.reproducibility(fresh_process=FRESH)
        def test_shuffled(mlgate):
            mlgate(shop.shuffled)
    """,
}


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
@pytest.mark.parametrize("fresh", ["False", "True"])
def test_a_type_that_a_conftest_registers_is_compared_in_every_process(pytester, mode, fresh):
    pytester.makepyfile(**{name: text.replace("FRESH", fresh) for name, text in FILES.items()})
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess(f"--import-mode={mode}", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*result.ids: the same 8 values in another order*"])


def test_without_it_the_message_says_what_to_do(pytester):
    pytester.makepyfile(**{name: text.replace("FRESH", "True") for name, text in FILES.items()})
    pytester.makeconftest("")
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", "build")
    result.stdout.fnmatch_lines(["*or register_fingerprint(Index, …)*"])
