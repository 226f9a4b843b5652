"""A GAN that collapses, and one that a stabilising measure keeps whole (notes, lines 490-493).

A generator learns to draw points from eight small clouds on a circle, a discriminator to tell them from real ones, by
the original game (Goodfellow et al., 2014). Here the discriminator learns much faster, becomes steep, and the
generator flees into one of the clouds, or two. A penalty on its slope at real points ("R1": Mescheder, Geiger and
Nowozin, 2018) keeps it gentle, and the generator finds all eight, with some points between them: so with seeds 0 to 3
alike. The penalty needs a gradient of a gradient. Writes ring_gan.png.

Prints:

    discriminator          clouds covered after 200, 400, 600, 800   points in clouds   all covered
    as it is                               ...        False
    slope penalised             ... 8 8    ...%        True
"""

import numpy as np
from matplotlib.figure import Figure

import tinygrad_course as tg
from tinygrad_course import nn

X = tg.data.ring(2048, spread=0.05).X
CENTRES = tg.data.ring(8, spread=0.0).X


def network(n_in, n_out, rng):
    return nn.Sequential(
        nn.Linear(n_in, 64, rng=rng), nn.ReLU(), nn.Linear(64, 64, rng=rng), nn.ReLU(), nn.Linear(64, n_out, rng=rng)
    )


def play(penalty, seed=0, steps=800, m=64):
    """Four steps of the discriminator for each of the generator; yields the generator after every 200."""
    rng = np.random.default_rng(seed)
    G, D = network(2, 2, rng), network(2, 1, rng)
    for_G = tg.optim.Adam(G.parameters(), lr=0.001, betas=(0.5, 0.9))
    for_D = tg.optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.9))
    for step in range(1, steps + 1):
        for _ in range(4):
            real = tg.Tensor(X[rng.integers(len(X), size=m)], requires_grad=True)
            fake = G(rng.standard_normal((m, 2))).detach()
            score = D(real)
            loss = tg.softplus(-score).mean() + tg.softplus(D(fake)).mean()  # -log D(x) - log(1 - D(G(z)))
            if penalty:
                (slope,) = tg.gradients(score.sum(), real, create_graph=True)
                loss = loss + penalty / 2 * (slope**2).sum(axis=1).mean()
            for_D.zero_grad()
            loss.backward()
            for_D.step()
        for_G.zero_grad()
        (-tg.softplus(D(G(rng.standard_normal((m, 2))))).mean()).backward()  # log(1 - D(G(z))), down
        for_G.step()
        if step % 200 == 0:
            yield G


def covered(points):
    """How many clouds have at least 2 % of the points, and the share of points in any."""
    distance = np.linalg.norm(points[:, np.newaxis] - CENTRES, axis=2)
    inside = distance.min(axis=1) < 0.3
    counts = np.bincount(distance.argmin(axis=1)[inside], minlength=8)
    return int(np.sum(counts >= 0.02 * len(points))), np.mean(inside)


figure = Figure(figsize=(7, 3.5))
print("discriminator          clouds covered after 200, 400, 600, 800   points in clouds   all covered")
for ax, name, penalty in zip(figure.subplots(1, 2), ("as it is", "slope penalised"), (0.0, 0.1), strict=True):
    z, found = np.random.default_rng(9).standard_normal((1000, 2)), []
    for G in play(penalty):
        points = G(z).numpy()
        found.append(covered(points))
    clouds, inside = zip(*found, strict=True)
    history = " ".join(map(str, clouds))
    print(f"{name:22} {history:^41} {inside[-1]:18.0%} {clouds[-1] == 8!s:>13}")
    ax.scatter(*X[:500].T, s=4, color="lightgrey")
    ax.scatter(*points.T, s=4)
    ax.set(title=f"{name}: {clouds[-1]} of 8", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
figure.savefig("ring_gan.png", dpi=80)
