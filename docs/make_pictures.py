"""Make the pictures in docs/images, with the package installed: `python docs/make_pictures.py`."""

from pathlib import Path

import tinygrad_course as tg

IMAGES = Path(__file__).parent / "images"


def ng(path):
    """The first example of the course notes: J = 3 (a + b c)."""
    a = tg.Tensor(5.0, requires_grad=True)
    b = tg.Tensor(3.0, requires_grad=True)
    c = tg.Tensor(2.0, requires_grad=True)
    u = b * c
    v = a + u
    J = 3 * v
    J.backward()
    tg.draw(J, path)


if __name__ == "__main__":
    ng(IMAGES / "ng.png")
