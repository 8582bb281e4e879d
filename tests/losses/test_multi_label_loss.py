import pytest

from mrca.losses import MultiLabelLoss


def test_a_loss_must_say_how_it_decides():
    class Undecided(MultiLabelLoss):
        def call(self, y_true, y_pred):
            return y_pred

    with pytest.raises(TypeError, match="decision_rule"):
        Undecided()
