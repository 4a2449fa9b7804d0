"""The gates as tests: on the data as it is, and on the model that the code trains now."""

from __future__ import annotations

from functools import partial

import pytest
from train import train


@pytest.fixture(scope="session")
def holdout():
    return train(seed=7)


@pytest.mark.data_schema("contracts/applications.json")
def test_applications(mlgate):
    mlgate("data/adult_*.parquet")


@pytest.mark.metric("roc_auc", min=0.85)
@pytest.mark.metric("accuracy", no_worse_than="models:/income@champion", margin=0.005)
@pytest.mark.fairness("demographic_parity_difference", max=0.12, by="sex")
@pytest.mark.fairness("equal_opportunity_difference", max=0.10, by="sex")
def test_model(mlgate, holdout):
    mlgate(holdout)


@pytest.mark.reproducibility(runs=2)
def test_training(mlgate):
    mlgate(partial(train, seed=7))
