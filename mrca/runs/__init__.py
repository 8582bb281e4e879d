"""The folder of a run: its layout, its card, its environment. Nothing here loads Keras."""
