"""Trainings with PyTorch, each with one line that `planted` breaks."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.planted.passengers import numbers, passengers, survived
from pytest_mlgates import trace


def nondeterministic_operation(*, planted: bool) -> np.ndarray:
    """Embeddings by index: two threads add to the same rows of the gradient, in any order."""
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(not planted)
    generator = torch.Generator().manual_seed(7)
    weights = torch.randn(50, 16, generator=generator, requires_grad=True)
    batches = torch.randint(0, 50, (10, 100_000), generator=generator)
    wanted = torch.randn(100_000, generator=generator)
    trace("data", (batches.numpy(), wanted.numpy()))
    for epoch in range(2):
        for ids in batches:
            loss = ((weights[ids].sum(dim=1) - wanted) ** 2).mean()
            (gradient,) = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                weights -= 0.1 * gradient
        trace("epoch", epoch, weights.detach().numpy())
    torch.use_deterministic_algorithms(mode=False)
    return trace("weights", weights.detach().numpy())


class Jittered(Dataset):
    """Passengers whose numbers are shaken anew each time they are read."""

    def __init__(self) -> None:
        rows = passengers()
        self.x, self.y = numbers(rows).astype(np.float32), survived(rows).astype(np.float32)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """The passenger at *place*."""
        noise = np.random.normal(scale=0.01, size=4).astype(np.float32)
        return self.x[place] + noise, self.y[place]


def loader_workers(*, planted: bool) -> np.ndarray:
    """Two workers of a loader, whose generators get their seeds from that of the loader."""
    rows = Jittered()
    trace("data", (rows.x, rows.y))
    seeded = None if planted else torch.Generator().manual_seed(7)
    loader = DataLoader(rows, batch_size=256, num_workers=2, generator=seeded)
    weights = np.zeros(4, dtype=np.float32)
    for number, (x, y) in enumerate(loader):
        trace("batch", number, (x.numpy(), y.numpy()))
        error = 1 / (1 + np.exp(-np.einsum("ij,j->i", x.numpy(), weights))) - y.numpy()
        weights = weights - np.einsum("ij,i->j", x.numpy(), error) / len(y)
    return trace("weights", weights)
