"""tinygrad_course: a computation graph you can see, check, read and run fast, in NumPy."""
from .tensor import Tensor
from .ops.elementwise import *
from .ops.activation import *
from .ops.linalg import matmul
