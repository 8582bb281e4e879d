from mrca.reporting import plot_comparison
from mrca.reporting.figure_title import figure_title


def test_a_title_is_broken_where_it_would_not_fit():
    assert figure_title("short", 5) == "short"
    assert figure_title("first line\nsecond line", 5) == "first line\nsecond line"
    long = figure_title("a_name_that_is_one_word " * 4, 3)
    assert long.split("\n") == ["a_name_that_is_one_word"] * 4


def test_a_comparison_says_in_its_figure_what_it_was_made_under(three_methods):
    title = "One vs. other (threshold tuned on validation; left out: a)"
    figure = plot_comparison(three_methods(title=title))
    assert figure.get_suptitle().replace("\n", " ") == title
