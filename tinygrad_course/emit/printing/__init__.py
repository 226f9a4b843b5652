"""A function and its gradient as NumPy source: recorded (`derive`), named, written line by line (`page`)."""
