"""Fingerprints of LightGBM's boosters: their trees, objective and features.

Taken from the text that LightGBM saves, tree by tree, without the version that wrote it and without
its list of training parameters, which grows from version to version: what they did to the trees is
in the trees. Estimators of its scikit-learn interface are estimators like any other.
"""

from __future__ import annotations

import sys
from typing import Any

from pytest_mlgates.extensions import hookimpl

_PASSING = {"version", "tree_sizes"}  # the sizes of the texts of the trees
_TEXTS = {"feature_names", "feature_infos", "monotone_constraints", "objective"}


@hookimpl(trylast=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What a booster consists of."""
    lightgbm: Any = sys.modules.get("lightgbm")
    if not hasattr(lightgbm, "Booster") or not isinstance(value, lightgbm.Booster):
        return None
    header: dict[str, Any] = {}
    trees: list[dict[str, Any]] = []
    part = header
    for line in value.model_to_string(num_iteration=-1).splitlines():
        if line == "end of trees":
            break
        name, equals, text = line.partition("=")
        if name == "Tree":
            part = {}
            trees.append(part)
        elif name not in _PASSING and line:
            part[name] = _numbers(text) if equals and name not in _TEXTS else text
    return {
        **header,
        "trees": trees,
        "best_iteration": max(value.best_iteration, 0),  # -1 or 0: no early stopping
        "pandas_categorical": value.pandas_categorical,
    }


def _numbers(text: str) -> Any:
    """The numbers of a line, which are written with all their digits; else its text."""
    import numpy as np

    try:
        return np.array(text.split(), dtype=np.float64)
    except ValueError:
        return text
