"""Floor 0: nodes, primitives and the reverse pass. Knows no Tensor, no particular operation and no picture."""
