"""When a trial ends before its last epoch."""

import pytest

from mrca.experiments.search import Trial

pytest.importorskip("keras_tuner")


def trial(*history, status="done"):
    return Trial(id="0", settings={}, seeds=[1], status=status, score=0.5, history=[list(history)])


def test_the_median_rule():
    from mrca.experiments.search.trial_watch import is_hopeless

    ended = [trial(0.1 * place, 0.2 * place, 0.9) for place in range(5)]
    assert is_hopeless(0.39, 2, ended)  # the median of the bests by epoch 2 is 0.4
    assert not is_hopeless(0.4, 2, ended)
    assert is_hopeless(0.89, 3, ended)
    assert not is_hopeless(0.0, 1, ended)
    assert not is_hopeless(0.0, 2, ended[:4])


def test_trials_without_epochs_do_not_count():
    from mrca.experiments.search.trial_watch import is_hopeless

    ended = [trial(0.9, 0.9) for _ in range(4)]
    failed = Trial(id="0", settings={}, seeds=[1], status="failed")
    assert not is_hopeless(0.0, 2, [*ended, failed, trial()])


def test_a_stopped_trial_counts_with_what_it_had_reached():
    from mrca.experiments.search.trial_watch import is_hopeless

    ended = [trial(0.9, 0.9, 0.9)] * 2 + [trial(0.1, 0.2, status="stopped")] * 3
    assert not is_hopeless(0.2, 3, ended)
    assert is_hopeless(0.19, 3, ended)


@pytest.mark.parametrize("paused, hopeless", [(True, True), (False, True), (False, False)])
def test_the_last_epoch_ends_by_itself(paused, hopeless):
    from mrca.experiments.search.trial_watch import Paused, TrialWatch
    from mrca.training import StopTraining

    seen = []
    watch = TrialWatch(
        lambda epoch, best: seen.append((epoch, best)), lambda: paused, lambda *_: hopeless
    )
    watch.training_starts(2, 0, 7)
    rows = [{"epoch": epoch, "val_micro_f1": epoch / 10} for epoch in (1, 2)]
    if paused:
        with pytest.raises(Paused, match="after epoch 1"):
            watch.epoch_ends(rows[0], rows[0])
    elif hopeless:
        with pytest.raises(StopTraining):
            watch.epoch_ends(rows[0], rows[0])
    else:
        watch.epoch_ends(rows[0], rows[0])
    watch.epoch_ends(rows[1], rows[1])
    assert seen == [(1, 0.1), (2, 0.2)]
