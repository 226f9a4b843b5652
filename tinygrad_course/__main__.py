"""`python -m tinygrad_course` is `tinygrad-course`."""

from .cli import main

raise SystemExit(main())
