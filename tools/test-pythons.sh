#!/usr/bin/env bash
# Run the core tests and the income example on other Python versions, each in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {  # prints the interpreter of version $1, if there is one
    local candidate
    for candidate in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if [ -n "$candidate" ] && "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

for version in "$@"; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "Python $version is not on this machine: its tests were not run"
        continue
    fi
    venv=.venv-$version
    [ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python "$python" "$venv"
    .venv/bin/uv pip install --quiet --python "$venv/bin/python" --constraint constraints.txt \
        --editable '.[mlflow,pandas,sklearn,polars]' --group test
    echo "== Python $version"
    "$venv/bin/python" -m pytest -q tests/unit tests/plugin tests/docs/test_examples.py -m "not spark" -p no:cacheprovider
done
