"""What a conftest.py may do: no other module imports this one."""

from __future__ import annotations

from pytest_mlgates import register_fingerprint
from tests.unit.engines.own_types import Index


def parts(index):
    return {"ids": index.ids, "scale": index.scale}


register_fingerprint(Index, parts)
