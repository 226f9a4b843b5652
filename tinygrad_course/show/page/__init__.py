"""The HTML page: a picture to step through, nudge, be asked about and have checked, in one file without a network."""

from .page import MODES, write_page

__all__ = ["MODES", "write_page"]
