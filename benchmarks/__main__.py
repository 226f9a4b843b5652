"""`python -m benchmarks` is `tinygrad-course bench`."""

import sys

from tinygrad_course.cli import main

sys.exit(main(["bench", *sys.argv[1:]]))
