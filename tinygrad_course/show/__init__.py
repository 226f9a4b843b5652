"""Floor 4: the graph as pictures. Everything here is a fold over recorded nodes; no derivative rule is known here."""

from ..tensor import Tensor
from . import display
from .derivation import Derivation, explain
from .draw import Drawing, draw
from .render import DrawError

__all__ = ["Derivation", "DrawError", "Drawing", "draw", "explain"]

# A notebook shows a Tensor with its graph; on the floor where Tensor lives nothing is known of pictures.
Tensor._repr_mimebundle_ = display.tensor  # type: ignore[attr-defined]
