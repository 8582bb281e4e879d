"""Bars of text for tables."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """A horizontal bar in eighths of a character; any share above zero shows.

    Args:
        share: how much of the width is filled, from 0 to 1.
        width: characters of the longest bar.

    Example:
        >>> bar(0.5, 4), bar(0.001, 4), bar(0, 4)
        ('██', '▏', '')
    """
    full, eighths = divmod(max(round(8 * width * share), 1 if share else 0), 8)
    return "█" * full + _EIGHTHS[eighths].strip()
