"""Make the pictures in docs/images, with the package installed: `python docs/make_pictures.py`."""

import sys
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
sys.path.insert(0, str(Path(__file__).parents[1]))  # the programs are those that the tests draw

from tests.draw_programs import folded, golden  # noqa: E402

if __name__ == "__main__":
    for name, program in {**golden(), **folded()}.items():
        program().save(IMAGES / f"{name}.png")
    golden()["ng"]().save(IMAGES / "ng.gif")
