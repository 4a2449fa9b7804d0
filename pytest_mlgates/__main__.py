"""``python -m pytest_mlgates`` is ``mlgates``."""

from __future__ import annotations

from pytest_mlgates.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
