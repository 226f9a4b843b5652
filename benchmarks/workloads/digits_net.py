"""784-512-256-10 network, batch 128, float32"""

from .relu_net import RTOL, competitors

__all__ = ["COMPETITORS", "RTOL", "STEPS"]

STEPS = 60
COMPETITORS = competitors((784, 512, 256, 10), batch=128, rate=0.1)
