"""Floor 4: are the gradients right? Checks against differences, with a culprit when they are not."""

from .gradcheck import gradcheck
from .report import GradCheckError, GradCheckReport

__all__ = ["GradCheckError", "GradCheckReport", "gradcheck"]
