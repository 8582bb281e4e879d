"""Scores on the sample corpus are named as such."""


def sample_note(corpus: str) -> str:
    """What follows a run's name where a score of it is shown."""
    return " (sample corpus)" if corpus == "sample" else ""
