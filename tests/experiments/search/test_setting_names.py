from mrca.experiments.search.setting_names import short_names


def test_names_are_as_short_as_they_can_be():
    fields = ["model.hidden", "model.units", "classifier.options.units", "classifier.name"]
    assert short_names(fields) == {
        "model.hidden": "hidden",
        "model.units": "model.units",
        "classifier.options.units": "options.units",
        "classifier.name": "classifier",
    }
