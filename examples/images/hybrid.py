"""A hybrid network: convolutions look at the image, a recurrent layer reads what they saw, row by row.

    python examples/images/hybrid.py [small]

The digits are scikit-learn's, 8 x 8. After the convolution a row is a vector of 16 channels times 4 places; a GRU reads
the 8 rows from the top, and its last state decides. One should see more than 97 % right on 360 digits kept apart.

Seen on 23 November 2026: 98.33 %, after 20 epochs in 3 s of one processor.
"""

import sys

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn, train


class Hybrid(nn.Module):
    """Images (m, 1, 8, 8) to scores (m, 10)."""

    def __init__(self, rng):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1, dtype=np.float32, rng=rng)
        self.pool = nn.MaxPool2d((1, 2))  # across only: all rows stay
        self.gru = nn.GRU(16 * 4, 48, batch_first=True, dtype=np.float32, rng=rng)
        self.head = nn.Linear(48, 10, dtype=np.float32, rng=rng)

    def forward(self, x):
        seen = self.pool(tg.relu(self.conv(x)))  # (m, 16, 8, 4)
        rows = tg.permute_dims(seen, (0, 2, 1, 3)).reshape(len(x), 8, 64)
        states, _ = self.gru(rows)
        return self.head(states[:, -1])


def main(small=False):
    digits = tg.data.digits()
    images = (digits.X / 16).reshape(-1, 1, 8, 8).astype(np.float32)
    X, X_test, Y, Y_test = tg.data.train_test_split(images, digits.Y, test_size=0.2, stratify=digits.Y, generator=1)
    model = Hybrid(np.random.default_rng(1))
    print(nn.summary(model, X[:1]))

    optimizer = tg.optim.Adam(model.parameters(), lr=5e-3)
    train.fit(
        model, tg.cross_entropy, optimizer, (X, Y), epochs=2 if small else 20, batch_size=64, generator=1,
        metrics=["accuracy"],
    )  # fmt: skip
    right = 100 * train.evaluate(model, tg.cross_entropy, (X_test, Y_test), ["accuracy"])["accuracy"]
    print(f"{right:.2f} % of {len(Y_test)} new digits right")
    return right


if __name__ == "__main__":
    main("small" in sys.argv[1:])
