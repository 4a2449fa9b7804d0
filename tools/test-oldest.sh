#!/usr/bin/env bash
# Run the core tests against the oldest versions that pyproject.toml admits.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-oldest
[ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
.venv/bin/uv pip install --quiet --python "$venv/bin/python" --resolution lowest-direct \
    --editable '.[pandas,polars,sklearn,fairlearn,skops]' --group test
"$venv/bin/python" -m pytest -q -n 2 -m "not spark and not slow" -p no:cacheprovider \
    tests/unit/statistics tests/unit/gates/test_metric_values.py tests/unit/gates/test_metric.py \
    tests/unit/gates/test_fairness.py tests/unit/gates/test_fairness_equals_fairlearn.py \
    tests/unit/integrations/test_skops.py tests/plugin/test_markers.py tests/plugin/test_fixture.py
