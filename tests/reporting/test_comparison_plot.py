import io

from mrca.datasets import group_limits
from mrca.reporting import plot_comparison


def dots(axes):
    return [line for line in axes.lines if line.get_markersize() == 7]


def test_a_panel_for_each_group_and_a_dot_for_each_method(three_methods):
    comparison = three_methods()
    figure = plot_comparison(comparison)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["all relations", "head", "medium", "tail"]
    for axes, group in zip(figure.axes, ("all", "head", "medium", "tail"), strict=True):
        drawn = [float(dot.get_xdata()[0]) for dot in dots(axes)]
        assert drawn == [method.f1[group].mean for method in comparison.methods.values()]
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == list(comparison.methods)
    assert [label.get_fontweight() for label in labels] == ["normal", "bold", "normal"]
    bottom, top = figure.axes[0].get_ylim()
    assert bottom > top  # the first method on top


def test_a_hollow_dot_differs_from_the_best(three_methods):
    figure = plot_comparison(three_methods())
    faces = [dot.get_markerfacecolor() for dot in dots(figure.axes[0])]
    assert faces[0] == faces[2] == "white" != faces[1]
    assert "white" not in [dot.get_markerfacecolor() for dot in dots(figure.axes[1])]


def test_a_group_without_a_positive_has_no_panel_and_it_can_be_saved(three_methods):
    figure = plot_comparison(three_methods(limits=group_limits("reuters")))
    assert [axes.get_title() for axes in figure.axes] == ["all relations", "head", "tail"]
    figure.savefig(io.BytesIO(), format="png")
