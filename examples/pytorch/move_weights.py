"""Weights from this package to PyTorch and back; outputs and gradients agree."""

import numpy as np
import torch

from tinygrad_course import nn

ours = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh(), nn.Linear(8, 2, rng=1))
theirs = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()

# There: arrays become torch tensors.
theirs.load_state_dict({key: torch.from_numpy(value) for key, value in ours.state_dict().items()})

X = np.random.default_rng(0).standard_normal((5, 4))
(ours(X) ** 2).sum().backward()
(theirs(torch.from_numpy(X)) ** 2).sum().backward()
for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
    np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-10)

# And back: torch's tensors are taken as they are.
again = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
again.load_state_dict(theirs.state_dict())
np.testing.assert_array_equal(again(X).numpy(), ours(X).numpy())
print("outputs and gradients agree")
