"""1024-2048-2048-10 network, batch 256, float32"""

from .relu_net import RTOL, competitors

__all__ = ["COMPETITORS", "RTOL", "STEPS"]

STEPS = 12
COMPETITORS = competitors((1024, 2048, 2048, 10), batch=256, rate=0.02)
