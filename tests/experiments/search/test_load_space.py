import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.config import load_recipe
from mrca.errors import MrcaError
from mrca.experiments.search import load_space

UNITS = '[search."model.units"]\nmin = 8\nmax = 32\nstep = 8\n'
CHOICES = 'choices = ["rc_dice", "focal", "adaptive_focal"]'
GAMMA = 'min = 0.0\nmax = 3.0\nwhen = { "loss.name" = ["focal"] }'


def test_a_space_is_its_recipe_its_settings_and_what_is_searched(space_file):
    space = load_space(space_file())
    assert (space.objective, space.algorithm, space.seeds) == ("micro.f1", "bayesian", 1)
    assert (space.max_trials, space.max_hours, space.max_parameters) == (5, None, None)
    assert space.base.data.dataset == "sample"
    assert space.base.training.epochs == 3
    assert space.base.model == load_recipe("sample").model
    assert [each.field for each in space.parameters] == [
        "model.units",
        "training.learning_rate",
        "loss.name",
        "loss.options.gamma",
        "loss.options.gamma",
    ]


def test_keys_may_be_written_with_quotes_or_without(space_file):
    plain = space_file(
        ('[search."model.units"]', "[search.model.units]"),
        ('{ "loss.name" = ["focal"] }', '{ loss.name = ["focal"] }'),
        ("[set]\ntraining.epochs = 3", '[set]\n"training.epochs" = 3'),
    )
    fingerprint = load_space(plain).fingerprint()
    assert fingerprint == load_space(space_file()).fingerprint()


@pytest.mark.parametrize(
    ("start", "name", "loss"),
    [
        ('recipe = "webnlg-sigmoid-bce"', "webnlg", "binary_crossentropy"),
        ('dataset = "webnlg"', "webnlg", "rc_dice"),
        ('dataset = "tacred"', "tacred", "rc_dice"),
        ('recipe = "webnlg-sigmoid-bce"\ndataset = "nyt"', "nyt", "binary_crossentropy"),
        ('recipe = "start.toml"', "sample", "focal"),
    ],
)
def test_what_it_starts_from(space_file, tmp_path, start, name, loss):
    text = '[data]\ndataset = "sample"\n[loss]\nname = "focal"\noptions = { gamma = 1.0 }\n'
    (tmp_path / "start.toml").write_text(text, "utf-8")
    base = load_space(space_file(text=f"{start}\n{UNITS}")).base
    assert (base.data.dataset, base.loss.name) == (name, loss)
    assert base.loss.options == ({"gamma": 1.0} if loss == "focal" else {})


def test_a_folder_of_ones_own_is_looked_for_beside_the_file(space_file, tmp_path):
    (tmp_path / "corpus").mkdir()
    space = load_space(space_file(text=f'dataset = "corpus"\n{UNITS}'))
    assert space.base.data.dataset == str((tmp_path / "corpus").resolve())


def test_arguments_of_the_start_go_with_its_loss(space_file, tmp_path):
    text = '[data]\ndataset = "sample"\n[loss]\nname = "focal"\noptions = { gamma = 1.0 }\n'
    (tmp_path / "start.toml").write_text(text, "utf-8")
    start = 'recipe = "start.toml"\n'
    searched = '[search."loss.name"]\nchoices = ["focal", "dice"]\n'
    assert load_space(space_file(text=start + searched)).base.loss.options == {}
    fixed = f'[set]\nloss.name = "rc_dice"\nloss.options.smooth = 0.5\n{UNITS}'
    base = load_space(space_file(text=start + fixed)).base
    assert (base.loss.name, base.loss.options) == ("rc_dice", {"smooth": 0.5})


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('recipe = "sample"', 'recipe = "smaple"', 1, "Did you mean 'sample'?"),
        ('recipe = "sample"', 'recipe = "none.toml"', 1, "Cannot read the configuration"),
        ('recipe = "sample"', "recipe = 3", 1, "expected a valid string; received 3"),
        ('recipe = "sample"', "", None, "expected a corpus"),
        ("max_trials = 5", "max_trial = 5", 2, "Did you mean 'max_trials'?"),
        ("max_trials = 5", "max_trials = 0", 2, "max_trials: expected greater than or equal to 1"),
        ("max_trials = 5", "max_hours = -1.0", 2, "max_hours: "),
        ("max_trials = 5", 'objective = "micro"', 2, "no measure 'micro'"),
        ("max_trials = 5", 'algorithm = "best"', 2, "expected 'random', 'bayesian', 'hyperband'"),
        ("max_trials = 5", "set = 3", 4, "not valid TOML"),
        ("max_trials = 5", "base = 3", 2, "there is no such key"),
        ("training.epochs = 3", "training.epoch = 3", 5, "'training.epoch'. Did you mean 'epochs'"),
        ("training.epochs = 3", "model.units = 3", 5, "model.units is searched too"),
        ("max_trials = 5", 'algorithm = "grid"', 12, "a grid needs a step"),
        ("training.epochs = 3", "training.epochs = 0", 5, "at least 1, received 0"),
        ("training.epochs = 3", "training.epochs = [{ a = 1 }]", 5, "received tables"),
        ("training.epochs = 3", "model.strides = 90", 5, "pool_size (80) must be at least strides"),
        ("training.epochs = 3", "loss.options = 3", 5, "expected loss.options.NAME"),
        ("training.epochs = 3", "loss.name.x = 3", 5, "expected loss.name, received"),
        ("training.epochs = 3", '"units" = 3', 5, 'expected a dotted field, such as "model.units"'),
        ("training.epochs = 3", "loss.options.smoth = 3", 4, "Did you mean 'smooth'?"),
        ("model.units", "model.unit", 7, "there is no setting 'model.unit'. Did you mean 'units'?"),
        ("model.units", "modell.units", 7, "Did you mean 'model'?"),
        ("model.units", "model.units=3", 7, "expected a dotted field"),
        ("model.units", "training.seed", 7, "`seeds` says how many runs"),
        ("model.units", "data.dataset", 7, "write a space for each"),
        ("model.units", "candidates.kind", 7, "scores of two questions cannot be compared"),
        ("model.units", "model.dropout", 8, "model.dropout: expected less than 1"),
        ("model.units", "model.pooling", 8, "model.pooling: expected 'windows'"),
        ("model.units", "features.case", 8, "features.case: expected true or false, received"),
        ("model.units", "loss.options", 7, "expected loss.options.NAME"),
        ("min = 8", "min = -8", 8, "model.units: expected at least 0, received -8"),
        ("min = 8", "min = 8.0", 8, "model.units: expected a whole number, received 8.0"),
        ("min = 8", 'min = "8"', 8, "expected a number; received '8'"),
        ("min = 8", "mim = 8", 8, "Did you mean 'min'?"),
        ("min = 8", "min = 40", 7, "min to be at most max, received min 40, max 32"),
        ("min = 8", "field = 8", 8, "there is no such key"),
        ("min = 8\n", "", 7, "both min and max"),
        ("step = 8", "step = 8.0", 10, "expected 8, as min and max are whole"),
        ("step = 8", "step = 5", 10, "steps of 5 from min 8 do not lead to max 32"),
        ("min = 1e-3", "min = 0.0", 15, "expected min to be above 0"),
        ("max = 1e-1", "max = inf", 14, "expected a number; received inf"),
        ("training.epochs = 3", "training.learning_rate_decay = 2e-4", 13, "learning rate reaches"),
        ('"rc_dice", ', '"rc_dise", ', 18, "Unknown loss 'rc_dise'. Did you mean 'rc_dice'?"),
        ('"rc_dice", ', "3, ", 18, "loss.name: expected text, received 3"),
        ('"rc_dice", ', "{ a = 1 }, ", 18, "expected a list of numbers, texts, true and false"),
        (CHOICES, 'choices = "focal"', 18, "choices: expected a list"),
        ('["focal"] }', '["focl"] }', 23, "'focl' is not among the choices of 'loss.name'"),
        ('["focal"] }', '"focal" }', 23, 'expected { "field" = [values] }'),
        ('["focal"] }', '["rc_dice"] }', 21, "does not take these arguments: gamma"),
        ('["focal"] }', '["focal", "adaptive_focal"] }', 20, "two tables of this field hold"),
        ('{ "loss.name" = ["focal"] }', '{ "loss.nam" = [1] }', 23, "Did you mean 'loss.name'?"),
        ('{ "loss.name" = ["focal"] }', '{ "training.learning_rate" = [0.01] }', 23, "is a range"),
        ('{ "loss.name" = ["focal"] }', '{ "model.units" = [8] }', 20, "all with the same other"),
        (GAMMA, "min = -1.0\n" + GAMMA[10:], 21, "`gamma` of Focal must be a finite number at le"),
        ('["rc_dice", "focal"', '["rc_dice", "distillation_mse", "focal"', None, ""),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(space_file, old, new, line, said):
    path = space_file((old, new))
    if not said:
        load_space(path)
        return
    with pytest.raises(MrcaError) as caught:
        load_space(path)
    message = str(caught.value)
    assert message.startswith(f"The search space {path} ")
    assert said in message
    if line is not None and "not valid TOML" not in said:
        assert f"does not fit, line {line}, " in message, message


def test_hyperband_searches_no_epochs(space_file):
    text = (
        'recipe = "sample"\nalgorithm = "hyperband"\n[search.training.epochs]\nmin = 1\nmax = 5\n'
    )
    with pytest.raises(MrcaError, match=r"line 3, .*Hyperband decides how many epochs"):
        load_space(space_file(text=text))


def test_conditions_in_a_circle_are_found(space_file):
    text = (
        'recipe = "sample"\n'
        '[search."features.case"]\nchoices = [true]\nwhen = { "features.role" = [true] }\n'
        '[search."features.role"]\nchoices = [true]\nwhen = { "features.case" = [true] }\n'
    )
    with pytest.raises(MrcaError, match=r"line 4, .*'features.case' on 'features.role' on"):
        load_space(space_file(text=text))


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        # Each is fine beside the base, or the first, of the other.
        ({"model.pool_size": [40, 80], "model.strides": [2, 50]}, "pool_size \\(40\\) must be"),
        ({"model.pooling": ["windows", "mean"], "features.padding": ["masked", "fixed"]}, "padd"),
        (
            {"loss.name": ["focal", "rc_dice"], "classifier.name": ["linear", "bilateral_branch"]},
            "",
        ),
    ],
)
def test_values_that_do_not_go_together_are_found(space_file, tables, said):
    text = 'recipe = "webnlg-sigmoid-bce"\n'
    for field, choices in tables.items():
        text += f'[search."{field}"]\nchoices = {choices}\n'
    with pytest.raises(MrcaError, match=f"line 3, .*with .* = .* and .* = .*: .*{said}"):
        load_space(space_file(text=text))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "is not UTF-8 text"),
        (b"a = ", "is not valid TOML"),
        (b"a = " + b"[" * 100_000, "is nested too deep"),
        (b"a = " + b"1" * 5000, "is not valid TOML"),
        (b"", "search: is missing"),
        (b"[search]", "expected at least one table"),
        (b"search = []", "search: expected a valid dictionary"),
        (b'recipe = "sample"\n[search]\nmodel = 3', "expected a table with choices"),
        (b'recipe = "sample"\n[search.model]\nunits = [1, 2]', "expected a table with choices"),
        (b'recipe = "sample"\n[search.model.units]', "choices = "),
    ],
)
def test_what_is_no_space_is_refused(tmp_path, content, said):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(MrcaError, match=said):
        load_space(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MrcaError, match="Cannot read the search space"):
        load_space(tmp_path / "none.toml")


WORDS = ["3", "-1", "1e999", '"x"', "true", "[]", "{}", "[[]]", "nan", "1979-05-27", '{ "a" = 1 }']


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_broken_file_never_raises_anything_else(space_file, data):
    lines = space_file().read_text("utf-8").splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "value", "cut", "swap"]))
        if change == "drop":
            lines[place] = ""
        elif change == "double":
            lines.insert(place, lines[place])
        elif change == "value" and "=" in lines[place]:
            key = lines[place].partition("=")[0]
            lines[place] = f"{key}= {data.draw(st.sampled_from(WORDS))}"
        elif change == "cut":
            lines[place] = lines[place][: data.draw(st.integers(0, 40))]
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], lines[place]
    try:
        load_space(space_file(text="\n".join(lines)))
    except MrcaError as error:
        assert "mine.toml" in str(error)
