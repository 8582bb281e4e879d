import contextlib
import math
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.config import RunConfig, dump_config, load_config, load_recipe, parse_settings
from mrca.errors import MrcaError

plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
options = st.dictionaries(
    plain,
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | plain
    | st.lists(st.integers(0, 9), max_size=3),
    max_size=3,
)
configs = st.builds(
    lambda name, case, padding, units, rate, seed, chosen: RunConfig.model_validate(
        {
            "data": {"dataset": name},
            "features": {"case": case, "padding": padding},
            "model": {"units": units},
            "loss": {"options": chosen},
            "training": {"learning_rate": rate, "learning_rate_decay": 0.0, "seed": seed},
        }
    ),
    plain,
    st.booleans(),
    st.sampled_from(["masked", "fixed"]),
    st.integers(1, 4096),
    st.floats(1e-8, 10),
    st.integers(0, 2**32 - 1),
    options,
)


@given(configs)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path, config):
    path = tmp_path / "config.toml"
    path.write_text(dump_config(config), encoding="utf-8")
    assert load_config(path) == config


def test_a_dumped_config_states_every_setting():
    stated = tomllib.loads(dump_config(RunConfig()))
    assert stated == RunConfig().model_dump()
    assert stated["training"]["patience"] == 5


def changed(config, texts):
    return config.changed(parse_settings(texts))


def test_settings_take_toml_values_and_bare_words():
    start = load_recipe("mrca")
    config = changed(
        start,
        [
            "training.batch_size=64",
            " features.case = false ",
            "data.dataset=webnlg",
            'vectors.name="a b"',
            "loss.options.smooth=1e-3",
            "loss.options.mode=batch",
            "training.learning_rate=2e-3",
            "training.batch_size=128",
        ],
    )
    assert config.training.batch_size == 128  # the last one counts
    assert config.features.case is False
    assert config.data.dataset == "webnlg"
    assert config.vectors.name == "a b"
    assert config.loss.options == {"smooth": 1e-3, "mode": "batch"}
    assert config.training.learning_rate == 2e-3
    assert start == load_recipe("mrca")  # the original stays
    assert changed(start, []) == start


def test_a_value_may_hold_an_equals_sign():
    assert changed(RunConfig(), ["data.dataset=a=b"]).data.dataset == "a=b"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "training.bacth_size=64",
            ["training.bacth_size", "no such setting, received 64", "Did you mean 'batch_size'?"],
        ),
        ("trainig.batch_size=64", ["trainig", "no such setting", "Did you mean 'training'?"]),
        ("training.batch_size=many", ["training.batch_size", "a whole number", "'many'"]),
        ("training.batch_size=0", ["training.batch_size", "at least 1", "0"]),
        ("training.batch_size=1.5", ["training.batch_size", "a whole number", "1.5"]),
        ("training.batch_size=", ["training.batch_size", "a whole number", "''"]),
        ("training.batch_size=[1]", ["training.batch_size", "a whole number", "[1]"]),
        ("training.learning_rate=nan", ["training.learning_rate", "nan"]),
        ("training.learning_rate=inf", ["training.learning_rate", "finite", "inf"]),
        ("training.learning_rate=-1", ["training.learning_rate", "more than 0", "-1"]),
        ("training.learning_rate_decay=0.1", ["training", "learning rate reaches", "epochs"]),
        ("training.seed=-1", ["training.seed", "-1"]),
        ("training.seed=4294967296", ["training.seed", "4294967296"]),
        ("features.padding=zero", ["features.padding", "'masked' or 'fixed'", "'zero'"]),
        ("features.case=perhaps", ["features.case", "true or false", "'perhaps'"]),
        ("features.max_length=0", ["features.max_length", "0"]),
        ("model.dropout=1", ["model.dropout", "less than 1", "1"]),
        ("model.pool_size=1", ["model", "pool_size (1)", "strides (2)"]),
        ("data.dataset=true", ["data.dataset", "text", "True"]),
        ("data.unmatched=ignore", ["data.unmatched", "'keep' or 'drop'", "'ignore'"]),
        ("loss.options=5", ["loss.options", "table", "5"]),
    ],
)
def test_a_value_that_does_not_fit_is_named(text, names):
    with pytest.raises(MrcaError) as caught:
        changed(RunConfig(), ["data.dataset=mine", text])
    message = str(caught.value)
    assert "mine" not in message  # nor any other setting that is right
    assert "Input should" not in message
    for name in names:
        assert name in message


@pytest.mark.parametrize("text", ["", "=", "training", "batch_size=64", "training.=1", ".a=1"])
def test_a_malformed_setting_is_shown_with_an_example(text):
    with pytest.raises(MrcaError, match=r"section\.key=value.*training\.batch_size=64") as caught:
        changed(RunConfig(), [text])
    assert repr(text) in str(caught.value)


def test_a_value_is_no_section():
    with pytest.raises(MrcaError, match=r"'data\.dataset\.name'.*'dataset' is a value"):
        changed(RunConfig(), ["data.dataset.name=x"])


@given(
    st.lists(st.text(max_size=30) | st.builds("{}.{}={}".format, plain, plain, plain), max_size=3)
)
def test_any_other_text_is_one_readable_error(texts):
    with contextlib.suppress(MrcaError):
        changed(RunConfig(), texts)


@given(
    st.sampled_from(["training.batch_size", "data.dataset", "loss.options.x", "model.dropout"]),
    st.text(max_size=20) | st.sampled_from(["9" * 5000, "1e999", "{}", "[[]]", "1979-05-27", '"']),
)
def test_any_value_is_taken_or_refused_readably(setting, value):
    try:
        config = changed(RunConfig(), [f"{setting}={value}"])
    except MrcaError as error:
        assert setting in str(error)
    else:
        assert isinstance(config, RunConfig)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training\nbatch_size = 1", "not valid TOML.*line 1"),
        ("[training]\nbatch_size = 1\nbatch_size = 2", "not valid TOML"),
        ("training = 5", "training: .*section.*5"),
        ("[nonsense]\nx = 1", "nonsense: there is no such setting.*training"),
        ("[training]\nepochs = 0\nseed = 'one'", r"(?s)training\.epochs.*training\.seed.*'one'"),
        ("[data]\nname = 'nyt'", r"data\.name: there is no such setting.*'nyt'.*dataset"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MrcaError, match=message) as caught:
        load_config(path)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(MrcaError, match=r"none\.toml: No such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(MrcaError, match="directory"):
        load_config(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[data]\ndataset = '\xe9'")
    with pytest.raises(MrcaError, match=r"latin\.toml is not UTF-8"):
        load_config(tmp_path / "latin.toml")


@given(content=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_config_or_one_readable_error(tmp_path, content):
    path = tmp_path / "any.toml"
    path.write_bytes(content)
    try:
        load_config(path)
    except MrcaError as error:
        assert str(path) in str(error)


def test_infinities_do_not_slip_in_from_a_file(tmp_path):
    path = tmp_path / "inf.toml"
    path.write_text("[training]\nlearning_rate = inf", encoding="utf-8")
    with pytest.raises(MrcaError, match="learning_rate"):
        load_config(path)
    assert math.isfinite(RunConfig().training.learning_rate)


def test_settings_that_differ_from_their_defaults_alone_can_be_written(tmp_path):
    config = RunConfig().changed({"training.seed": 3, "loss.options.gamma": 2.0})
    text = dump_config(config, whole=False)
    assert tomllib.loads(text) == {"loss": {"options": {"gamma": 2.0}}, "training": {"seed": 3}}
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    assert load_config(path) == config


# === Files of version 0.1 ===

# Every setting that there was, each with its default.
FIRST_VERSION = """
data = { dataset = "", unmatched = "keep" }
encoder = { name = "word_vectors", trainable = false, vocab_file = "", casing = "auto" }
vectors = { name = "glove-wiki-gigaword-300" }
features = { case = true, role = true, padding = "masked", max_length = 100, markers = false }
classifier = { name = "linear", representation = "", options = {} }
loss = { name = "rc_dice", teacher = "", options = {} }

[model]
units = 500
pooling = "windows"
pool_size = 80
strides = 2
hidden = 0
dropout = 0.15

[training]
batch_size = 32
sampler = "instance_balanced"
epochs = 50
patience = 5
learning_rate = 0.0015
learning_rate_decay = 3e-05
seed = 1
deterministic = false
precision = "float32"
tensorboard = false
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_configuration_of_the_first_version_is_read_and_means_the_same(written):
    assert load_config(written(FIRST_VERSION)) == RunConfig()
    mixed = FIRST_VERSION.replace('"float32"', '"mixed_float16"')
    expected = RunConfig().changed({"model.precision": "mixed_float16"})
    assert load_config(written(mixed)) == expected
    alone = '[training]\nprecision = "mixed_float16"\nseed = 1\n'
    assert load_config(written(alone)) == expected


def test_under_its_present_name_it_goes_before(written):
    text = '[training]\nprecision = "mixed_float16"\n[model]\nprecision = "mixed_bfloat16"\n'
    assert load_config(written(text)).model.precision == "mixed_bfloat16"


@pytest.mark.parametrize("text", ['model = 3\n[training]\nprecision = "float32"', "training = 3"])
def test_what_is_no_section_is_still_named(written, text):
    with pytest.raises(MrcaError, match="a section of settings, received 3"):
        load_config(written(text))
