"""What another program reads: SavedModels that take marked sentences.

The modules that import TensorFlow are imported where they are used, by their own names.
"""
