"""Train a network on handwritten digits: the same as `tinygrad-course demo`, with the same options.

The program itself, written to be read, is `tinygrad_course/demo.py`.
"""

import sys

from tinygrad_course.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
