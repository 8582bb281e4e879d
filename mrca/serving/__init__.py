"""What serves exported models: a small local server, clients of any server, and a page.

The server answers TensorFlow Serving's REST API; the clients ask it, or TensorFlow Serving.

The modules that import TensorFlow or FastAPI are imported where they are used, by their own names.
"""

from mrca.serving.find_exported import find_exported
from mrca.serving.limits import Limits
from mrca.serving.request_error import RequestError

__all__ = [
    "Limits",
    "RequestError",
    "find_exported",
]
