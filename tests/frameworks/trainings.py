"""Small trainings, importable by a fresh process; each imports its library when it is called."""

from __future__ import annotations

import numpy as np

ROWS = np.random.default_rng(0).normal(size=(64, 4))
LABELS = (ROWS[:, 0] > 0).astype(int)


def with_torch(seed):
    import torch

    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5))
    with torch.no_grad():
        for one in model.parameters():
            one.copy_(torch.rand(one.shape, generator=generator))
    return {"model": model, "optimizer": torch.optim.Adam(model.parameters())}


def with_keras(seed):
    import keras

    initial = keras.initializers.RandomUniform(
        seed=int(np.random.default_rng(seed).integers(2**31))
    )
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_initializer=initial)])
    model.compile("sgd", "mse")
    model.fit(ROWS, np.repeat(LABELS[:, None], 3, axis=1), shuffle=False, verbose=0)
    return {"model": model}


def with_xgboost(seed):
    import xgboost

    number = int(np.random.default_rng(seed).integers(2**31))
    model = xgboost.XGBClassifier(n_estimators=3, subsample=0.5, random_state=number)
    return {"model": model.fit(ROWS, LABELS)}


def with_lightgbm(seed):
    import lightgbm

    number = int(np.random.default_rng(seed).integers(2**31))
    model = lightgbm.LGBMClassifier(
        n_estimators=3, bagging_fraction=0.5, bagging_freq=1, random_state=number, verbose=-1
    )
    return {"model": model.fit(ROWS, LABELS)}
