"""Optional libraries, imported when first needed and never trusted to import."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


def optional(module: str, *, extra: str, why: str) -> ModuleType:
    """The imported *module*.

    Args:
        module: Dotted name.
        extra: The extra of this package that installs it.
        why: What needs it, the subject of the error's sentence.

    Raises:
        MissingExtraError: if it does not import, for whatever reason. SystemExit counts: pyspark
            without its ``connect`` extra ends any process that imports great_expectations with
            exit code 0, which would pass a gate that never ran.
    """
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise MissingExtraError.of(module, extra, why=why, error=error) from None
