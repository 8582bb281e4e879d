"""What a run is: its configuration, recipes and comparisons."""

from mrca.config.comparison import (
    ComparisonConfig,
    MethodConfig,
    Metric,
    Tune,
    comparison_names,
    load_comparison,
)
from mrca.config.recipe import beside, is_recipe_file, load_recipe, recipe_names
from mrca.config.run_config import REPRESENTATION_SECTIONS, LossConfig, RunConfig
from mrca.config.seeds import Seeds, checked_seeds, seeds_from
from mrca.config.toml_file import dump_config, load_config, parse_settings, read_toml

__all__ = [
    "REPRESENTATION_SECTIONS",
    "ComparisonConfig",
    "LossConfig",
    "MethodConfig",
    "Metric",
    "RunConfig",
    "Seeds",
    "Tune",
    "beside",
    "checked_seeds",
    "comparison_names",
    "dump_config",
    "is_recipe_file",
    "load_comparison",
    "load_config",
    "load_recipe",
    "parse_settings",
    "read_toml",
    "recipe_names",
    "seeds_from",
]
