# Everything happens in .venv; nothing global is touched. Needs Python 3.11+ and make.
PYTHON ?= python3
UV := .venv/bin/uv
UV_VERSION := 0.8.0
PIP := $(UV) pip install --quiet --compile-bytecode --python .venv/bin/python --constraint constraints.txt

.PHONY: demo promote test test-core test-random test-pythons test-oldest test-frameworks causes check format bench bench-gates bench-fingerprints bench-hooks simulate clean

# The example on real data: a sound version that passes, four broken ones that are blocked.
demo: .venv/demo
	.venv/bin/python examples/demo.py

# The promotion of README.md, command by command, and five that are refused.
# PROMOTE='--reports docs/reports' keeps the reports of the run.
promote: .venv/demo
	.venv/bin/python examples/promote.py $(PROMOTE)

# All tests, then the core tests on the other Pythons that this machine has.
test: .venv/dev
	.venv/bin/python -m pytest -q -n 2
	$(MAKE) --no-print-directory test-pythons

test-core: .venv/dev
	.venv/bin/python -m pytest -q -n 2 -m "not slow and not spark"

# Property tests on examples that no run has seen: what they find becomes a test of its own.
test-random: .venv/dev
	HYPOTHESIS_PROFILE=random .venv/bin/python -m pytest -q -n 2 tests/unit tests/conformance

test-pythons: .venv/dev
	tools/test-pythons.sh 3.12 3.13

# The oldest versions of every dependency that pyproject.toml admits.
test-oldest: .venv/dev
	tools/test-oldest.sh

# What trains with PyTorch, Keras on TensorFlow, XGBoost and LightGBM (about 3 minutes, and one to
# make .venv-frameworks). The first line fails where a framework would only skip its tests.
test-frameworks: .venv-frameworks/frameworks
	.venv-frameworks/bin/python -c "import keras, lightgbm, sklearn, tensorflow, torch, xgboost" 2>/dev/null
	.venv-frameworks/bin/python -m pytest -q -n 2 -p no:cacheprovider tests/frameworks

# Twelve usual causes of trainings that do not repeat, and their clean twins, twenty times each
# (about 5 minutes). CAUSES='--tries 5' for less.
causes: .venv-frameworks/frameworks
	.venv-frameworks/bin/python benchmarks/causes.py $(CAUSES)

check: .venv/dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

.venv/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=$(UV_VERSION)'
	touch $@

.venv/demo: .venv/uv pyproject.toml constraints.txt
	$(PIP) --editable '.[mlflow,pandas,sklearn,pre-commit,sign,report]'
	touch $@

.venv/dev: .venv/demo
	$(PIP) --editable '.[all,spark]' --group lint --group test
	touch $@

# Data contracts beside other libraries (about 20 minutes, 1 GB of tables in the scratch folder).
# They live in an environment of their own. BENCH='--rows 1000000' for less.
bench: .venv-bench/bench
	.venv-bench/bin/python benchmarks/data_schema.py $(BENCH)

# Metric and fairness gates beside scikit-learn and Fairlearn (about 15 minutes).
bench-gates: .venv-bench/bench
	.venv-bench/bin/python benchmarks/fairness.py $(BENCH)
	.venv-bench/bin/python benchmarks/metrics.py $(BENCH)

# Fingerprints beside the speed of memory and beside joblib.hash (about 5 minutes).
bench-fingerprints: .venv-bench/bench
	.venv-bench/bin/python benchmarks/fingerprint.py $(BENCH)

# What the environment of the hooks costs to install, beside GX + MLflow + Fairlearn, and what a hook
# with nothing to judge takes (about 3 minutes). HOOKS='--hooks-only' for less.
bench-hooks: .venv/dev
	.venv/bin/python benchmarks/hook_environment.py $(HOOKS)

# How often the findings and outcomes of gates are wrong (about 12 minutes): the tables of
# docs/verdicts.md, docs/metrics.md and docs/reproducibility.md. SIMULATE='--runs 500' for less.
simulate: .venv/dev
	.venv/bin/python benchmarks/simulate_metrics.py $(SIMULATE)
	.venv/bin/python benchmarks/simulate_each_metric.py $(SIMULATE)
	.venv/bin/python benchmarks/simulate_seeds.py $(SIMULATE)

.venv-bench/bench: .venv/uv pyproject.toml constraints.txt benchmarks/constraints.txt
	$(UV) venv --quiet --allow-existing --python .venv/bin/python .venv-bench
	$(UV) pip install --quiet --compile-bytecode --python .venv-bench/bin/python --constraint constraints.txt --constraint benchmarks/constraints.txt --editable '.[gx,pandas,polars,pyarrow]' dataframely fairlearn pandera pointblank scikit-learn
	touch $@

# PyTorch comes first and by pip, which takes the wheel that a machine keeps for its hardware. It
# needs a newer setuptools than the one that was here when constraints.txt was made.
.venv-frameworks/frameworks: .venv/uv pyproject.toml constraints.txt tests/frameworks/constraints.txt
	.venv/bin/python -m venv .venv-frameworks
	.venv-frameworks/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' tests/frameworks/constraints.txt)"
	grep -v '^setuptools==' constraints.txt > .venv-frameworks/constraints.txt
	$(UV) pip install --quiet --compile-bytecode --python .venv-frameworks/bin/python --constraint .venv-frameworks/constraints.txt --constraint tests/frameworks/constraints.txt --editable '.[pandas,polars,sklearn]' --group test keras lightgbm tensorflow-cpu xgboost-cpu
	touch $@

clean:
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
