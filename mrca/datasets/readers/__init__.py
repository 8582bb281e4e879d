"""One reader per form of file."""
