"""Which relations hold in a text whose entities are marked.

`import mrca` is light: TensorFlow and Keras are loaded by what needs them, when it is used.
"""

__version__ = "0.1.0"
