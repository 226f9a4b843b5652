"""One workload a file.

Each has `STEPS` (how many are timed in one process), `RTOL` (how closely the losses must agree) and `COMPETITORS`:
name -> function that prepares everything and returns `step(lap)`. A step does the work, calls `lap("what")` at the end
of every stretch that is to be timed by itself, and returns its loss.
"""
