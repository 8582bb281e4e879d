import logging

import pytest

from mrca.quiet import quiet_start

pytest.importorskip("tensorflow")


@pytest.fixture(params=["tensorflow", "absl"])
def logger(request):
    """TensorFlow's, as it is before the command line starts; put back afterwards."""
    logger = logging.getLogger(request.param)
    before = logger.level
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.setLevel(before)


@pytest.mark.parametrize("debug", ["", "1"])
def test_warnings_of_tensorflow_are_hidden_unless_asked_for(monkeypatch, logger, debug):
    monkeypatch.setenv("MRCA_DEBUG", debug)
    monkeypatch.setattr("warnings.formatwarning", None)
    with quiet_start():
        pass
    assert logger.isEnabledFor(logging.WARNING) == bool(debug)
    assert logger.isEnabledFor(logging.ERROR)
