"""Floor 1: primitives, by family, and functions composed of them. Arrays in, arrays out; Tensors in, Tensors out."""
