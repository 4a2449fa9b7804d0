"""What a metric of a project or a plugin is, for those who register one.

```python
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.own_metrics import OwnMetric

@hookimpl
def mlgates_metrics():
    return [OwnMetric(name="profit", function=profit, greater_is_better=True)]
```
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMetric:
    """A function of labels and predictions.

    Attributes:
        name: How gates name it.
        function: Takes ``y_true`` and ``y_pred``, ``y_score`` where a parameter is called so, and
            ``sample_weight`` where it has that parameter, each as a numpy array, and gives a
            number. It must not depend on the order of rows.
        greater_is_better: Which end is good; needed only for a comparison with a champion.
        low: The least value it can take.
        high: The most.
        source: Whose code it is, where *function* only calls it.
    """

    name: str
    function: Callable[..., Any]
    greater_is_better: bool | None = None
    low: float = -math.inf
    high: float = math.inf
    source: Callable[..., Any] | None = None
