"""Tracing: a function is run once on example values, and all that it computes, reads and changes becomes a program."""
