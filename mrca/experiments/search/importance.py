"""Which settings decided the score of a search's trials, as numbers and as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mrca.errors import MrcaError, counted
from mrca.experiments.search.setting_names import short_names
from mrca.experiments.search.trial_plots import new_figure
from mrca.experiments.search.trials import Trial, settings_of, values_of
from mrca.reporting.palette import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_TRIALS = 10
_TREES = 200
_REPEATS = 10
# Below this R² on trials not seen, the order of settings says little.
_EXPLAINED = 0.1


class Importance(NamedTuple):
    """What a random forest has learnt about a search.

    Attributes:
        settings: by dotted fields, the most important first: how far the forest's R² falls when
            the setting's values are shuffled, as mean and standard deviation over shuffles.
        trials: how many it learnt from.
        explained: R² of the trees on trials that they did not see; near 0 or below, the settings
            hardly explain the scores, and their order says nothing.
    """

    settings: dict[str, tuple[float, float]]
    trials: int
    explained: float


def setting_importance(trials: Sequence[Trial], seed: int = 0) -> Importance:
    """Estimate how much each setting decided the score.

    A random forest predicts scores from settings; a setting is as important as the prediction gets
    worse when its values are shuffled among trials (permutation importance, Breiman 2001). That a
    setting was no part of a trial is a value of its own. It says what decided within the values
    that were tried; settings that go together share their importance.

    Args:
        trials: those with a score count; settings that are the same in all of them are left out.
        seed: of forest and shuffles.

    Raises:
        MrcaError: if there are too few trials, or nothing in them varies.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    scored = [trial for trial in trials if trial.score is not None]
    if len(scored) < LEAST_TRIALS:
        raise MrcaError(
            f"The importance of settings needs at least {LEAST_TRIALS} trials with a score. "
            f"Received: {len(scored)}. Give the search more with --resume --max-trials."
        )
    scores = np.array([trial.score for trial in scored])
    columns = {field: values_of(scored, field) for field in settings_of(scored)}
    columns = {field: values for field, values in columns.items() if _varies(values)}
    if not columns or np.ptp(scores) == 0:
        what = "settings" if not columns else "scores"
        raise MrcaError(f"All trials have the same {what}, so none can be told to be important.")
    words = [place for place, values in enumerate(columns.values()) if _has_words(values)]
    table = np.empty((len(scored), len(columns)), dtype=object)
    for place, values in enumerate(columns.values()):
        if place in words:
            table[:, place] = [repr(value) for value in values]
        else:  # trees ask for the order of numbers alone; none stands below all
            lowest = min(value for value in values if value is not None)
            table[:, place] = [lowest - 1.0 if value is None else value for value in values]
    forest = RandomForestRegressor(
        _TREES, min_samples_leaf=2, oob_score=True, random_state=seed, n_jobs=1
    )
    encoded = ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words)],
        remainder="passthrough",
    )
    model = make_pipeline(encoded, forest).fit(table, scores)
    found = permutation_importance(model, table, scores, n_repeats=_REPEATS, random_state=seed)
    falls = zip(found.importances_mean.tolist(), found.importances_std.tolist(), strict=True)
    ranked = sorted(zip(columns, falls, strict=True), key=lambda each: -each[1][0])
    return Importance(dict(ranked), len(scored), float(forest.oob_score_))


def plot_importance(importance: Importance, objective: str, title: str) -> "Figure":
    """A bar for each setting, the most important on top; lines are standard deviations.

    Args:
        importance: what `setting_importance` returned.
        objective: what the trials' score is.
        title: what was searched; names the sample corpus a sample.

    Returns:
        A figure of one axes.
    """
    names = short_names(list(importance.settings))
    legend = explained_note(importance, objective)
    figure, [[axes]] = new_figure(title, legend, 7.2, 1.7 + 0.34 * len(names))
    places = range(len(names))
    # A fall below 0 is chance: shuffled values happened to predict better.
    means = [max(mean, 0.0) for mean, _ in importance.settings.values()]
    deviations = [deviation for _, deviation in importance.settings.values()]
    bars = {"ecolor": GREY, "elinewidth": 1.2}
    axes.barh(places, means, xerr=deviations, height=0.62, color=BLUE, error_kw=bars)
    ends = [mean + deviation for mean, deviation in zip(means, deviations, strict=True)]
    for place, end, mean in zip(places, ends, means, strict=True):
        axes.text(end, place, f"  {mean:.2f}", va="center", fontsize=8)
    axes.set_yticks(places, list(names.values()))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1.1 * max(ends) or 1.0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("fall in R² when the setting's values are shuffled among trials", fontsize=9)
    return figure


def _varies(values: Sequence[object]) -> bool:
    return len({(type(value), value) for value in values}) > 1


def _has_words(values: Sequence[object]) -> bool:
    return any(isinstance(value, bool | str) for value in values)


def explained_note(importance: Importance, objective: str) -> str:
    """How far importances can be trusted, in words."""
    note = (
        f"Random forest on {counted(importance.trials, 'trial')}; on trials that its trees did not "
        f"see, R² of {objective} {importance.explained:.2f}."
    )
    if importance.explained < _EXPLAINED:
        note += " The settings hardly explain the scores: their order may be chance."
    return note
