"""Small changes, made with the gradient of the input, deceive a network that is right (notes, lines 494-495).

The fast gradient sign method (Goodfellow, Shlens and Szegedy, 2015): x + eps * sign(dJ/dx). Noise of the same size
does little. Learning from such images as well makes the network safer. Writes adversarial.png.

Prints:

    right of 597, eps =             0     0.05      0.1      0.2
    trained as usual            94.5%    79.7%    44.6%     1.5%
    trained on attacks too      94.6%    87.8%    72.0%    26.6%
    as usual, with noise        94.5%    93.1%    92.3%    84.4%
"""

import numpy as np
from matplotlib.figure import Figure

import tinygrad_course as tg
from tinygrad_course import nn

X, Y = tg.data.digits()[:2]
X_train, X_test, Y_train, Y_test = tg.data.train_test_split(X / 16, Y, test_size=597, stratify=Y, generator=0)


def attack(net, X, Y, eps):
    """Each pixel a step of eps uphill, kept between 0 and 1."""
    slope = tg.grad(lambda X: tg.cross_entropy(net(X), Y))(X)
    return np.clip(X + eps * np.sign(slope), 0, 1)


def train(defended, steps=300):
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng))
    optimizer = tg.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(steps):
        some = rng.integers(len(X_train), size=64)
        x, y = X_train[some], Y_train[some]
        if defended:
            x, y = np.concatenate([x, attack(net, x, y, 0.1)]), np.concatenate([y, y])
        optimizer.zero_grad()
        tg.cross_entropy(net(x), y).backward()
        optimizer.step()
    return net


def right(net, X):
    return f"{np.mean(net(X).numpy().argmax(axis=1) == Y_test):9.1%}"


noise = np.sign(np.random.default_rng(1).standard_normal(X_test.shape))
nets = {"trained as usual": train(False), "trained on attacks too": train(True)}
print(f"{'right of 597, eps =':24}", *(f"{eps:9}" for eps in (0, 0.05, 0.1, 0.2)), sep="")
for name, net in nets.items():
    print(f"{name:24}", *(right(net, attack(net, X_test, Y_test, eps)) for eps in (0, 0.05, 0.1, 0.2)), sep="")
net = nets["trained as usual"]
noisy = (right(net, np.clip(X_test + eps * noise, 0, 1)) for eps in (0, 0.05, 0.1, 0.2))
print(f"{'as usual, with noise':24}", *noisy, sep="")

figure = Figure(figsize=(9, 3.4))
for row, images in zip(figure.subplots(2, 6), (X_test, attack(net, X_test, Y_test, 0.2)), strict=True):
    for ax, image, found in zip(row, images[:6], net(images[:6]).numpy().argmax(axis=1), strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(f"taken for {found}", fontsize=9)
        ax.axis("off")
figure.savefig("adversarial.png", dpi=100)
