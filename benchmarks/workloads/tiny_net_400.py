"""2-4-1 network, m = 400, float64"""

from .tiny_net import RTOL, competitors

__all__ = ["COMPETITORS", "RTOL", "STEPS"]

STEPS = 3000
COMPETITORS = competitors(400)
