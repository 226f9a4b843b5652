"""Floor 4: the graph as pictures. Everything here is a fold over recorded nodes; no derivative rule is known here."""

from .draw import Drawing, draw
from .render import DrawError

__all__ = ["DrawError", "Drawing", "draw"]
