from __future__ import annotations

import sys

import numpy as np
import pytest

from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.fingerprint import fingerprint

ROWS = np.random.default_rng(0).normal(size=(300, 5))
LABELS = (ROWS[:, 0] + ROWS[:, 1] * ROWS[:, 2] > 0).astype(int)


def paths(one, other):
    return [found.path for found in compare(fingerprint(one), fingerprint(other))]


def xgboost_booster(seed=1, **options):
    xgboost = pytest.importorskip("xgboost")
    parameters = {"objective": "binary:logistic", "subsample": 0.7, "seed": seed, **options}
    return xgboost.train(parameters, xgboost.DMatrix(ROWS, LABELS), 5)


def lightgbm_booster(seed=1, **options):
    lightgbm = pytest.importorskip("lightgbm")
    parameters = {"objective": "binary", "bagging_fraction": 0.7, "bagging_freq": 1, "seed": seed}
    return lightgbm.train(
        {**parameters, "verbose": -1, **options}, lightgbm.Dataset(ROWS, LABELS), 5
    )


def xgboost_estimator(seed=1, **options):
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=5, subsample=0.7, random_state=seed, **options)
    return model.fit(ROWS, LABELS)


def lightgbm_estimator(seed=1, **options):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(
        n_estimators=5, subsample=0.7, subsample_freq=1, random_state=seed, verbose=-1, **options
    )
    return model.fit(ROWS, LABELS)


ALL = [xgboost_booster, lightgbm_booster, xgboost_estimator, lightgbm_estimator]


@pytest.mark.parametrize("make", ALL)
def test_one_seed_gives_one_fingerprint_and_another_seed_names_a_tree(make):
    assert paths(make(), make()) == []
    assert any("trees" in path for path in paths(make(), make(seed=2)))


@pytest.mark.parametrize("make", ALL)
def test_a_parameter_that_changes_the_trees_changes_the_fingerprint(make):
    assert paths(make(), make(max_depth=2))


def test_the_version_that_wrote_a_booster_is_no_part_of_it():
    one, two = fingerprint(xgboost_booster()), fingerprint(lightgbm_booster())
    for path in [*one.leaves, *two.leaves]:
        assert "version" not in path
    for path, found in [(p, f) for f in (one, two) for p in f.leaves]:
        content = found.content(path)
        texts = content if isinstance(content, list) else []
        for name in ("xgboost", "lightgbm"):
            assert sys.modules[name].__version__ not in texts


@pytest.mark.parametrize(
    "options",
    [{"booster": "gblinear", "updater": "coord_descent"}, {"booster": "dart", "rate_drop": 0.5}],
    ids=["linear", "dart"],
)
def test_boosters_of_other_kinds(options):
    if options["booster"] == "gblinear":
        options = {**options, "subsample": 1.0, "verbosity": 0}
    assert paths(xgboost_booster(**options), xgboost_booster(**options)) == []
    assert paths(xgboost_booster(**options), xgboost_booster(**options, eta=0.1))


def test_a_saved_booster_is_the_one_that_was_saved(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    one = xgboost_booster()
    one.save_model(tmp_path / "model.ubj")
    other = xgboost.Booster()
    other.load_model(tmp_path / "model.ubj")
    assert paths(one, other) == []
    lightgbm = pytest.importorskip("lightgbm")
    two = lightgbm_booster()
    two.save_model(tmp_path / "model.txt")
    assert paths(two, lightgbm.Booster(model_file=tmp_path / "model.txt")) == []


def test_leaf_values_are_compared_as_numbers():
    one, other = (lightgbm_booster(learning_rate=rate) for rate in (0.1, 0.100000001))
    (found, *_) = [
        d
        for d in compare(fingerprint(one), fingerprint(other))
        if d.path.endswith('trees[1]["leaf_value"]')
    ]
    assert found.max_abs is not None
    assert 0 < found.max_abs < 1e-6
