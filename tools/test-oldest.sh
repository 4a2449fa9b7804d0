#!/usr/bin/env bash
# Run the core tests against the oldest versions that pyproject.toml admits.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-oldest
[ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
.venv/bin/uv pip install --quiet --python "$venv/bin/python" --resolution lowest-direct \
    --editable '.[pandas,polars,sklearn,fairlearn]' --group test
"$venv/bin/python" -m pytest -q tests/unit tests/plugin -m "not spark and not slow" -p no:cacheprovider
