"""What a run is: its configuration, presets and overrides."""

from mrca.config.presets import load_preset, preset_names
from mrca.config.run_config import LossConfig, RunConfig
from mrca.config.toml_file import dump_config, load_config, with_overrides

__all__ = [
    "LossConfig",
    "RunConfig",
    "dump_config",
    "load_config",
    "load_preset",
    "preset_names",
    "with_overrides",
]
