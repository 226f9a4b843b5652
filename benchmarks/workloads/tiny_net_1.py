"""2-4-1 network, m = 1, float64"""

from .tiny_net import RTOL, competitors

__all__ = ["COMPETITORS", "RTOL", "STEPS"]

STEPS = 4000
COMPETITORS = competitors(1)
