"""Numbers with what they count, for messages."""


def counted(number: int, noun: str) -> str:
    """The number with its noun, in the plural but for one.

    Example:
        >>> counted(1, "row"), counted(2500, "row"), counted(0, "error")
        ('1 row', '2,500 rows', '0 errors')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
