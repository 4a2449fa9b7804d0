#!/usr/bin/env bash
# Run what trains with PyTorch, Keras on TensorFlow, XGBoost and LightGBM, in an environment of its own.
# PyTorch is installed by pip, which finds a wheel where a machine keeps its own.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-frameworks
python=$venv/bin/python
made=$venv/frameworks
if [ ! -e "$made" ] || [ -n "$(find pyproject.toml constraints.txt tests/frameworks/constraints.txt -newer "$made")" ]; then
    [ -x "$python" ] || .venv/bin/python -m venv "$venv"
    "$python" -m pip install --quiet --disable-pip-version-check \
        --constraint constraints.txt --constraint tests/frameworks/constraints.txt torch
    .venv/bin/uv pip install --quiet --compile-bytecode --python "$python" \
        --constraint constraints.txt --constraint tests/frameworks/constraints.txt \
        --editable '.[pandas,polars,sklearn]' --group test \
        tensorflow-cpu keras lightgbm xgboost-cpu
    touch "$made"
fi
# A framework that cannot be imported would skip its tests.
TF_CPP_MIN_LOG_LEVEL=3 "$python" -W ignore -c "import keras, lightgbm, sklearn, tensorflow, torch, xgboost" 2>/dev/null ||
    "$python" -c "import keras, lightgbm, sklearn, tensorflow, torch, xgboost"
"$python" -m pytest -q -p no:cacheprovider tests/frameworks "$@"
