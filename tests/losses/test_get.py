import pytest

from mrca import losses
from mrca.errors import MrcaError


def test_makes_the_named_loss_with_its_arguments():
    loss = losses.get("rc_dice", threshold=0.25)
    assert isinstance(loss, losses.RCDice)
    assert loss.threshold == 0.25


def test_registry_names_are_the_losses_own():
    for name in losses.LOSSES:
        assert losses.for_corpus(name, {}, [3, 2], 4).name == name


def test_unknown_name_suggests_a_near_one():
    with pytest.raises(MrcaError, match=r"'rcdice'.*Did you mean 'rc_dice'\?.*binary_crossentropy"):
        losses.get("rcdice")
    with pytest.raises(MrcaError, match=r"'zzz'\. Expected one of: rc_dice"):
        losses.get("zzz")
