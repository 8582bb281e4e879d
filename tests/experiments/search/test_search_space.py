import keras_tuner
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.config import dump_config
from mrca.experiments.search import load_space


@pytest.fixture
def small_space(space_file):
    return load_space(space_file())


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**20))
def test_whatever_is_drawn_is_a_configuration(small_space, draw, seed):
    space = small_space
    found = draw(space, seed)
    config = space.config(found, seed=7)
    assert (config.model.units, config.loss.name) == (found["model.units"], found["loss.name"])
    assert found["model.units"] in (8, 16, 24, 32)
    assert 1e-3 <= found["training.learning_rate"] <= 1e-1
    gamma = found.get("loss.options.gamma")
    assert (gamma is None) == (found["loss.name"] == "rc_dice")
    assert config.loss.options == ({} if gamma is None else {"gamma": gamma})
    if found["loss.name"] == "adaptive_focal":
        assert gamma in (1.0, 2.0)
    assert config.training.seed == 7
    assert config.training.epochs == 3  # fixed


def test_kerastuner_calls_parameters_by_their_fields(space_file):
    hp = keras_tuner.HyperParameters()
    load_space(space_file()).declare(hp)
    assert [each.name for each in hp.space] == [
        "model.units",
        "training.learning_rate",
        "loss.name",
        "loss.options.gamma #1",
        "loss.options.gamma #2",
    ]
    assert [[c.name for c in each.conditions] for each in hp.space[2:]] == [
        [],
        *[["loss.name"]] * 2,
    ]


def test_what_was_kept_is_declared_the_same(space_file, draw):
    text = (
        'recipe = "mrca"\ndataset = "sample"\n'
        '[search."features.case"]\nchoices = [true, false]\n'
        '[search."loss.options.exponent"]\nchoices = [2, 4]\n'
        'when = { "features.case" = [true] }\n'
        '[search."model.dropout"]\nmin = 0.1\nmax = 0.7\nstep = 0.1\n'
        'when = { "loss.options.exponent" = [4] }\n'
        '[search."loss.options.threshold"]\nmin = 0.1\nmax = 0.7\n'
    )
    space = load_space(space_file(text=text))
    for seed in range(20):
        hp = keras_tuner.HyperParameters()
        space.declare(hp)
        for number, each in enumerate(hp.space):
            hp.values.pop(each.name, None)
            if hp.is_active(each):
                hp.values[each.name] = each.random_sample(100 * seed + number)
        sent = keras_tuner.HyperParameters.from_config(hp.get_config())
        found, received = space.declare(hp), space.declare(sent)
        assert list(map(repr, found.items())) == list(map(repr, received.items()))
        assert len(sent.space) == len(hp.space)  # none was taken for another one
        assert ("loss.options.exponent" in found) == found["features.case"]
        assert ("model.dropout" in found) == (found.get("loss.options.exponent") == 4)


def test_a_seed_is_the_bases_unless_it_is_given(space_file):
    space = load_space(
        space_file(("training.epochs = 3", "training.epochs = 3\ntraining.seed = 11"))
    )
    assert space.config({}).training.seed == 11
    assert space.config({}, 0).training.seed == 0
    assert space.config({}) == space.base


def test_texts_of_any_kind_arrive_as_they_are(space_file):
    odd = 'a=b "c" \\ \x7f \U0001f600\t3'
    space = load_space(space_file())
    assert space.config({"vectors.name": odd}).vectors.name == odd
    assert space.config({"vectors.name": "3"}).vectors.name == "3"


def test_its_own_file_gives_the_same_space(space_file, tmp_path):
    text = '[data]\ndataset = "sample"\n[loss]\nname = "focal"\noptions = { gamma = 1.0 }\n'
    (tmp_path / "start.toml").write_text(text, "utf-8")
    for replaced in (
        [],
        [('recipe = "sample"', 'recipe = "start.toml"\nseeds = 3')],
        [
            ('recipe = "sample"', 'recipe = "start.toml"'),
            ("epochs = 3", "epochs = 3\nmodel.dropout = 0.3"),
        ],
    ):
        space = load_space(space_file(*replaced))
        copy = tmp_path / "elsewhere" / "space.toml"
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(space.to_toml("start.toml"), "utf-8")
        (copy.parent / "start.toml").write_text(dump_config(space.base), "utf-8")
        assert load_space(copy) == space
        assert load_space(copy).fingerprint() == space.fingerprint()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("max_trials = 5", "max_trials = 50\nmax_hours = 1.0", True),
        ("recipe", "# a comment\nrecipe", True),
        ("max_trials = 5", 'algorithm = "bayesian"', True),  # the default
        ("max_trials = 5", "seeds = 2", False),
        ("max_trials = 5", 'objective = "macro.f1"', False),
        ("max_trials = 5", 'algorithm = "random"', False),
        ("max_trials = 5", "max_parameters = 9", False),
        ("max_trials = 5", "stop_hopeless = false", False),
        ("training.epochs = 3", "training.epochs = 4", False),
        ("max = 32", "max = 40", False),
        ("max = 3.0", "max = 2.5", False),
    ],
)
def test_the_fingerprint_is_of_all_that_decides_what_a_trial_is(space_file, old, new, same):
    before = load_space(space_file()).fingerprint()
    assert (load_space(space_file((old, new))).fingerprint() == before) == same


def test_a_trial_is_chosen_with_what_it_depends_on(space_file):
    space = load_space(space_file())
    usual = space.assignment({})
    assert usual == {"model.units": 8, "training.learning_rate": 6e-3, "loss.name": "rc_dice"}
    assert space.base.changed({"model.units": 8, "loss.name": "rc_dice"}) == space.config(usual)
    chosen = space.assignment({"loss.name": "adaptive_focal", "loss.options.gamma": 2.0})
    assert chosen["loss.options.gamma"] == 2.0
