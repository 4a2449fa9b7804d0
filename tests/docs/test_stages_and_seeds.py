"""What docs/reproducibility.md says of stages and seeds is what happens."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[2] / "docs/reproducibility.md").read_text(encoding="utf-8")
SECTIONS = [
    PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0] for name in ("Stages", "Seeds")
]
BLOCKS = re.findall(r"```python\n(?!# test)(.*?)```", "".join(SECTIONS), flags=re.DOTALL)
TEST = re.findall(r"```python\n# test_training.py\n(.*?)```", SECTIONS[1], flags=re.DOTALL)


def test_both_sections_have_their_blocks():
    assert len(BLOCKS) == 5
    assert len(TEST) == 1


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_runs(block):
    for library in ("torch", "keras"):
        if f"import {library}\n" in block:
            pytest.importorskip(library)
    states = random.getstate(), np.random.get_state()
    exec(compile(block, "docs/reproducibility.md", "exec"), {"__name__": "docs"})
    random.setstate(states[0])
    np.random.set_state(states[1])


def test_the_test_with_a_seed_passes(pytester):
    pytester.makepyfile(test_training=TEST[0])
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["mlgates: seed 0"])
