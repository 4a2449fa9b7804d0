"""Fingerprints of XGBoost's boosters: their trees, objective, features and attributes.

Taken from the JSON that XGBoost saves, without the version that wrote it. Estimators of its
scikit-learn interface are estimators like any other; their booster comes here.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_mlgates.extensions import hookimpl


@hookimpl(trylast=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What a booster consists of."""
    xgboost: Any = sys.modules.get("xgboost")
    if not hasattr(xgboost, "Booster") or not isinstance(value, xgboost.Booster):
        return None
    saved = json.loads(bytes(value.save_raw("json")))
    saved.pop("version", None)
    return saved
