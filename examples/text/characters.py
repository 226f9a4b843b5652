"""A recurrent network learns to write, character by character, from a text of Shakespeare's.

    python examples/text/characters.py [small]

Needs text/tinyshakespeare.txt in the folder that TINYGRAD_COURSE_DATA names. How well it foresees the next character
of the last tenth of the text, which it never saw, is measured in nats: guessing blindly costs 4.17, knowing which
character follows which 2.48. One should see less than 1.9, and at the end a sample that looks like a play.

Seen on 23 November 2026: 1.734, 1.642 and 1.623 nats after epochs 1 to 3, in 64 s of one processor.
"""

import sys

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn, train


class Writer(nn.Module):
    """Characters as numbers (m, T) to a score for each character that may come next, (m, characters, T)."""

    def __init__(self, characters, hidden, rng):
        super().__init__()
        self.embedding = nn.Embedding(characters, 64, dtype=np.float32, rng=rng)
        self.gru = nn.GRU(64, hidden, batch_first=True, dtype=np.float32, rng=rng)
        self.head = nn.Linear(hidden, characters, dtype=np.float32, rng=rng)

    def forward(self, x):
        return tg.swapaxes(self.step(x)[0], 1, 2)

    def step(self, x, state=None):
        """Scores (m, T, characters), and the state to go on from."""
        output, state = self.gru(self.embedding(x), state)
        return self.head(output), state


def bigram(codes, valid, characters):
    """The loss, in nats, of a table of which character follows which."""
    counts = np.ones((characters, characters))
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    table = np.log(counts / counts.sum(axis=1, keepdims=True))
    return -np.mean(table[valid[:-1], valid[1:]])


@tg.no_grad
def sample(model, start, length, rng, temperature=0.8):
    """The numbers of `start` and of `length` characters that the model adds."""
    codes, fed, state = list(start), start, None
    for _ in range(length):
        scores, state = model.step(np.array([fed]), state)
        p = tg.softmax(scores[0, -1] / temperature, axis=-1).numpy().astype(float)
        codes.append(rng.choice(len(p), p=p / p.sum()))
        fed = codes[-1:]
    return codes


def main(small=False, epochs=3):
    text = tg.data.read_text("tinyshakespeare.txt")
    codes, valid, vocabulary = tg.data.characters(text[:20000] if small else text)
    n = len(vocabulary)
    print(f"{len(codes)} characters to learn from; bigram {bigram(codes, valid, n):.3f} nats")

    hidden, length, epochs = (32, 16, 1) if small else (192, 64, epochs)
    pieces, held = tg.data.Sequences(codes, length), tg.data.Sequences(valid, length)
    model = Writer(n, hidden, np.random.default_rng(1))
    optimizer = tg.optim.Adam(model.parameters(), lr=4e-3)
    steps = epochs * -(-len(pieces) // 32)
    history = train.fit(
        model, tg.cross_entropy, optimizer, pieces, held, epochs=epochs, batch_size=32, generator=1, clip_norm=1.0,
        scheduler=tg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps), schedule="batch",
    )  # fmt: skip
    written = sample(model, vocabulary.encode("\n"), 50 if small else 400, np.random.default_rng(1))
    print(vocabulary.decode(written))
    return history[-1]["valid_loss"]


if __name__ == "__main__":
    main("small" in sys.argv[1:])
