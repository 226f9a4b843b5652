"""What hidden units find by themselves (notes, lines 10, 438): lines in the plane, strokes in an image.

On the flower each hidden unit is a line (grey in the picture): 1 makes one border, 3 make all that are needed. On
digits a unit's weights are an image of what it looks for: noise at first, then neighbouring pixels come nearer to each
other. Writes boundaries.png and filters.png.

Prints:

    flower, 1 hidden: 67.2% right
    flower, 3 hidden: 89.8% right
    flower, 8 hidden: 90.2% right
    digits, 16 hidden: 96.3% right
    roughness of their weights: 1.44 before learning, 1.11 after
"""

import numpy as np
from matplotlib.figure import Figure

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.course import shallow


def draw_boundary(ax, parameters, X, Y):
    """The plane coloured by the prediction, the examples on it, and the line where each hidden unit is 0."""
    x1, x2 = np.meshgrid(np.linspace(-5, 5, 200), np.linspace(-5, 5, 200))
    plane = shallow.predict(parameters, np.stack([x1.ravel(), x2.ravel()]))
    ax.contourf(x1, x2, plane.reshape(x1.shape), cmap="RdYlBu_r", alpha=0.4)
    ax.scatter(*X, c=Y.ravel(), s=6, cmap="RdYlBu_r")
    for (w1, w2), (b,) in zip(parameters["W1"], parameters["b1"], strict=True):
        ax.contour(x1, x2, w1 * x1 + w2 * x2 + b, levels=[0], colors="grey", linewidths=0.8)


X, Y = tg.data.flower(examples="columns")
figure = Figure(figsize=(10, 3.5))
for ax, n_h in zip(figure.subplots(1, 3), (1, 3, 8), strict=True):
    parameters, _ = shallow.nn_model(X, Y, n_h, num_iterations=2000, gradients=shallow.gradients_by_autograd)
    right = np.mean(shallow.predict(parameters, X) == Y)
    draw_boundary(ax, parameters, X, Y)
    ax.set_title(f"{n_h} hidden: {right:.1%} right")
    print(f"flower, {n_h} hidden: {right:.1%} right")
figure.savefig("boundaries.png", dpi=80)

X, Y = tg.data.digits()[:2]
X = X / 16
rng = np.random.default_rng(0)
net = nn.Sequential(nn.Linear(64, 16, rng=rng), nn.ReLU(), nn.Linear(16, 10, rng=rng))


def roughness(W):
    """How much neighbouring weights differ, beside their size: near 1.4 for noise, small for strokes."""
    images = W.reshape(-1, 8, 8)[:, 1:-1, 2:-2]  # the border of the images is empty, nothing is learnt there
    steps = [np.diff(images, axis=axis).std() for axis in (1, 2)]
    return np.mean(steps) / images.std()


before = roughness(net[0].weight.data)
optimizer = tg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
for _ in range(500):
    some = rng.integers(len(X), size=128)
    optimizer.zero_grad()
    tg.cross_entropy(net(X[some]), Y[some]).backward()
    optimizer.step()
W = net[0].weight.data
print(f"digits, 16 hidden: {np.mean(net(X).numpy().argmax(axis=1) == Y):.1%} right")
print(f"roughness of their weights: {before:.2f} before learning, {roughness(W):.2f} after")

figure = Figure(figsize=(9, 2.6))
for ax, w in zip(figure.subplots(2, 8).ravel(), W, strict=True):
    ax.imshow(w.reshape(8, 8), cmap="RdBu", vmin=-abs(W).max(), vmax=abs(W).max())
    ax.axis("off")
figure.savefig("filters.png", dpi=80)
