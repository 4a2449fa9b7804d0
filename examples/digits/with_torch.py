"""Handwritten digits with PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from pytest_mlgates import trace_torch

if TYPE_CHECKING:
    import numpy as np


def train(seed: int) -> np.ndarray:
    x, y = load_digits(return_X_y=True)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    features = torch.tensor(x / 16, dtype=torch.float32)
    rows = TensorDataset(features, torch.tensor(y))
    loader = DataLoader(rows, batch_size=64, shuffle=True)
    with trace_torch(model, optimizer, loader=loader):
        for _ in range(3):
            for batch, labels in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(batch), labels).backward()
                optimizer.step()
    return model.eval()(features).detach().numpy()
