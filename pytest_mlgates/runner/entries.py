"""``package.module:name``: how configurations and references name objects of the project."""

from __future__ import annotations

import importlib
from typing import Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean


def import_entry(entry: str) -> Any:
    """The object that ``package.module:name`` names.

    Raises:
        MLGatesError: if it does not import or does not exist.
    """
    module_name, _, attribute = entry.partition(":")
    if not attribute:
        raise MLGatesError(
            f"{entry!r} does not name a callable", want="package.module:function", got=repr(entry)
        )
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise MLGatesError(
            f"{module_name!r} does not import",
            got=f"{type(error).__name__}: {error}",
            fix='`pythonpath = ["."]` in the configuration adds its folder',
        ) from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise MLGatesError(
                f"{module_name!r} has no {attribute!r}",
                fix=did_you_mean(part, [n for n in dir(found) if not n.startswith("_")]),
            )
        found = getattr(found, part)
    return found
