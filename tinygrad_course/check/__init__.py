"""Floor 4: are the gradients right? Checks against differences, with a culprit when they are not."""

from .by_hand import check_derivative
from .gradcheck import gradcheck
from .own_op import check_primitive
from .report import GradCheckError, GradCheckReport

__all__ = ["GradCheckError", "GradCheckReport", "check_derivative", "check_primitive", "gradcheck"]
