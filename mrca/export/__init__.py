"""What another program reads: marked sentences, and SavedModels that take them.

The modules that import TensorFlow are imported where they are used, by their own names.
"""

from mrca.text.inline_marks import MarkedText, marked, parse_marked

__all__ = [
    "MarkedText",
    "marked",
    "parse_marked",
]
