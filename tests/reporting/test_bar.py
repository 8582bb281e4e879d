from mrca.reporting.bar import bar


def test_bars_grow_in_eighths_and_never_vanish():
    assert bar(1, 4) == "████"
    assert bar(0.5, 4) == "██"
    assert bar(1 / 1000, 4) == "▏"
    assert bar(0, 4) == ""
    assert bar(7 / 8, 1) == "▉"
