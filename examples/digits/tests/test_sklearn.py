from __future__ import annotations

from functools import partial

import pytest
from with_sklearn import train


@pytest.mark.reproducibility(runs=2)
def test_training(mlgate):
    mlgate(partial(train, seed=7))
