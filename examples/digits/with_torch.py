"""Handwritten digits with PyTorch."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from pytest_mlgates import trace


def train(seed: int) -> dict[str, torch.Tensor]:
    x, y = (torch.from_numpy(values) for values in load_digits(return_X_y=True))
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
    trace("start", model.state_dict())
    rows = TensorDataset(x.float() / 16, y)
    loader = DataLoader(rows, batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(3):
        for features, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(features), labels).backward()
            optimizer.step()
        trace("epoch", epoch, model.state_dict())
    return model.state_dict()
