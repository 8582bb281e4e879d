"""What a run is: its configuration, presets and overrides."""

from mrca.config.comparison import (
    ComparisonConfig,
    MethodConfig,
    Metric,
    Tune,
    comparison_names,
    load_comparison,
)
from mrca.config.presets import beside, is_preset_file, load_preset, preset_names
from mrca.config.run_config import (
    REPRESENTATION_SECTIONS,
    ClassifierConfig,
    LossConfig,
    RunConfig,
)
from mrca.config.toml_file import dump_config, load_config, with_overrides

__all__ = [
    "REPRESENTATION_SECTIONS",
    "ClassifierConfig",
    "ComparisonConfig",
    "LossConfig",
    "MethodConfig",
    "Metric",
    "RunConfig",
    "Tune",
    "beside",
    "comparison_names",
    "dump_config",
    "is_preset_file",
    "load_comparison",
    "load_config",
    "load_preset",
    "preset_names",
    "with_overrides",
]
