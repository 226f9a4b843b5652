"""Floor 1: the primitives, by family, and the functions composed of them. Arrays in, arrays out; Tensors in, Tensors out."""
