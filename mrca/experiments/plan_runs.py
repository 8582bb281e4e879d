"""Which runs several methods need, in an order in which they can be trained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mrca.config import ComparisonConfig, RunConfig, seeds_from
from mrca.errors import MrcaError, did_you_mean
from mrca.training.distillation import teacher_config
from mrca.training.stages import first_stage_config, second_stage_config


@dataclass(frozen=True)
class PlannedMethod:
    """A method before its seeds are counted.

    Attributes:
        name: what tables call it.
        slug: what its folders' names begin with.
        config: what it is trained with.
        seeds: of its runs, which are in their folders' names; none for one run with the seed and
            under the name of the method.
        representation: the name of the method whose layers it keeps, for a second stage.
        init_from: the name of the method from whose weights its training starts.
    """

    name: str
    slug: str
    config: RunConfig
    seeds: tuple[int, ...] = ()
    representation: str = ""
    init_from: str = ""


@dataclass(frozen=True)
class PlannedRun:
    """One training of several.

    Attributes:
        method: whose run it is; empty for a teacher that is no method itself.
        folder: the run folder.
        config: what is trained.
        builds_on: the planned runs that it needs: its teacher, its first stage, or
            the one that it starts from.
    """

    method: str
    folder: Path
    config: RunConfig
    builds_on: tuple[Path, ...] = ()


def plan_runs(config: ComparisonConfig, output: Path, only: Sequence[str] = ()) -> list[PlannedRun]:
    """Every run of a comparison (or of some methods), each after those that it builds on.

    Args:
        config: what is compared.
        output: the folder of the run folders, `<method>-seed<k>`.
        only: names of methods, which come with all that they build on; by default all.

    Raises:
        MrcaError: if `only` names no method, or a method's settings do not fit.
    """
    methods = [
        PlannedMethod(
            name=each.name,
            slug=each.slug,
            config=run_config,
            seeds=seeds_from(run_config.training.seed, each.seeds or config.seeds),
            representation=each.representation,
            init_from=each.init_from,
        )
        for each in config.methods
        for run_config in [config.run_config(each)]
    ]
    return plan_methods(methods, output, only)


def plan_training(
    name: str,
    config: RunConfig,
    output: Path,
    seeds: Sequence[int] = (),
    recipe: RunConfig | None = None,
) -> list[PlannedRun]:
    """The runs of one method, which bears its name, each after its first stage and its teacher.

    Args:
        name: the method's, and the beginning of its folders' names.
        config: what is trained.
        output: the folder of the run folders.
        seeds: of its runs; none for one run, with the seed of its configuration.
        recipe: what the configuration started from, if it is a second stage whose first is trained
            before it; see `first_stage_config`.

    Raises:
        MrcaError: if there is no such loss, its arguments do not fit, or a first stage has no
            layers.
    """
    if recipe is None:
        return plan_methods([PlannedMethod(name, name, config, tuple(seeds))], output)
    if config.is_svm:
        raise MrcaError(
            "An SVM has no stages: it is solved at once, and has no layers before its classifier. "
            "Leave --stages out."
        )
    first = f"{name}-stage1"
    methods = [
        PlannedMethod(first, first, first_stage_config(config, recipe), tuple(seeds)),
        PlannedMethod(name, name, second_stage_config(config), tuple(seeds), first),
    ]
    return plan_methods(methods, output)


def plan_methods(
    methods: Sequence[PlannedMethod], output: Path, only: Sequence[str] = ()
) -> list[PlannedRun]:
    """As `plan_runs`, of methods that build on one another in no circle.

    Raises:
        MrcaError: see `plan_runs`; or if a method has a seed that what it builds on lacks.
    """
    names = [method.name for method in methods]
    for name in only:
        if name not in names:
            raise MrcaError(
                f"No method is called {name!r}.{did_you_mean(name, names)} "
                f"Expected one of: {', '.join(names)}."
            )
    places = {
        (method.name, seed): output / (f"{method.slug}-seed{seed}" if method.seeds else method.slug)
        for method in methods
        for seed in _seeds(method)
    }
    runs = [_run(method, seed, places) for method in methods for seed in _seeds(method)]
    plan = _with_teachers(runs)
    by_folder = {run.folder: run for run in plan}
    if only:
        wanted = _with_their_bases((run for run in plan if run.method in only), by_folder)
        plan = [run for run in plan if run.folder in wanted]
    return sorted(plan, key=lambda run: _depth(run, by_folder))  # stable


def _seeds(method: PlannedMethod) -> tuple[int, ...]:
    return method.seeds or (method.config.training.seed,)


def _run(method: PlannedMethod, seed: int, places: Mapping[tuple[str, int], Path]) -> PlannedRun:
    config = method.config.changed({"training.seed": seed})
    run = PlannedRun(method.name, places[method.name, seed], config)
    setting, name = "classifier.representation", method.representation
    if method.init_from:
        setting, name = "training.init_from", method.init_from
    if not name:
        return run
    base = places.get((name, seed))
    if base is None:
        raise MrcaError(
            f"Method {method.name!r} has a run with seed {seed} and {name!r}, which it builds on, "
            "has none. Give both the same training.seed and seeds."
        )
    config = config.changed({setting: str(base.resolve())})
    return replace(run, config=config, builds_on=(base,))


def _with_teachers(runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    """The runs, each student with its teacher: another of them, or one that is added."""
    plan: list[PlannedRun] = []
    for run in runs:
        try:
            wanted = teacher_config(run.config)
        except MrcaError as error:  # there is no such loss, or it does not take its options
            raise MrcaError(f"{run.folder.name}: {error}") from None
        if wanted is None or run.config.loss.teacher:
            plan.append(run)
            continue
        teacher = next((each for each in (*runs, *plan) if each.config == wanted), None)
        if teacher is None:
            folder = run.folder.with_name(f"{run.folder.name}-teacher")
            teacher = PlannedRun("", folder, wanted, run.builds_on)
            plan.append(teacher)
        student = run.config.changed({"loss.teacher": str(teacher.folder.resolve())})
        plan.append(replace(run, config=student, builds_on=(*run.builds_on, teacher.folder)))
    return plan


def _with_their_bases(
    runs: Iterable[PlannedRun], by_folder: Mapping[Path, PlannedRun]
) -> set[Path]:
    found: set[Path] = set()
    for run in runs:
        bases = (by_folder[folder] for folder in run.builds_on)
        found |= {run.folder, *_with_their_bases(bases, by_folder)}
    return found


def _depth(run: PlannedRun, by_folder: Mapping[Path, PlannedRun]) -> int:
    """How many runs have to be finished, one after another, before this one can start."""
    return max((1 + _depth(by_folder[base], by_folder) for base in run.builds_on), default=0)
