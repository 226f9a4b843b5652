"""Programs compiled to NumPy code with a memory plan: the backend that needs nothing but NumPy."""

from __future__ import annotations

from .compile import compile

__all__ = ["compile"]
