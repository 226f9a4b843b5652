"""`check_primitive`: everything that an operation with a derivative rule has to keep to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from ..core.node import Node
from ..core.primitive import Primitive
from ..core.reverse import reverse
from .blame import problem_of_op
from .gradcheck import check, distance  # noqa: F401
from .problem import Input, Problem, as_node, float_outputs, scale_of, tracked, value_of
from .report import GradCheckReport, concluded
