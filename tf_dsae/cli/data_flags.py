"""Flags of data sets: the folder of prepared data, and the settings that sources declare."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DATA_SOURCES, DataSource, source_name

# These flags belong to the program that defines them, also in its --help.
flags.disclaim_key_flags()

# The package's own sources. Plug-ins are imported when one is named, and use --data_setting.
_OWN = ("sprites/drawn", "sprites/lpc", "folder")
_DEFINE = {
    str: flags.DEFINE_string,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    bool: flags.DEFINE_bool,
    tuple: flags.DEFINE_list,
}


def define_data_dir() -> flags.FlagHolder:
    """Defines --data_dir."""
    return flags.DEFINE_string(
        "data_dir",
        None,
        "Folder of prepared data sets. Default: $TFDS_DATA_DIR, else ~/tensorflow_datasets.",
    )


def define_dataset(default: str | None) -> flags.FlagHolder:
    """Defines --dataset."""
    names = "; ".join(f"{name}: {DATA_SOURCES[name].summary}" for name in _OWN)
    return flags.DEFINE_string(
        "dataset",
        default,
        f"Data set, or that of a plug-in. {names}. Default: sprites/drawn.",
    )


class SourceFlags:
    """The flags of data sources in one program.

    Args:
      names: of the flags to define; None for all.
      default: text for their defaults in --help; by default the values that the flags declare.
    """

    def __init__(self, names: Sequence[str] | None = None, default: str = ""):
        self._values: dict[str, flags.FlagHolder] = {}
        self._declared = [
            (kind, flag)
            for kind in _OWN
            for flag in DATA_SOURCES[kind].flags
            if names is None or flag.name in names
        ]
        several = len({kind for kind, _ in self._declared}) > 1
        for kind, flag in self._declared:
            text = f"For {kind}: {flag.help}" if several else flag.help[:1].upper() + flag.help[1:]
            value = "" if flag.type is bool else default or flag.default
            self._values[flag.name] = _DEFINE[flag.type](
                flag.name, None, f"{text} Default: {value}." if value else text
            )
            if flag.alias:
                flags.DEFINE_alias(flag.alias, flag.name)
        self._others: list[flags.FlagHolder] = []
        if names is None:
            text = "A setting of --dataset without a flag, name=value; may be repeated."
            self._others = [flags.DEFINE_multi_string("data_setting", [], text)]

    def settings(self) -> dict[str, Any]:
        """The settings that flags gave, by name."""
        settings = {}
        for _, flag in self._declared:
            value = self._values[flag.name].value
            if value is not None:
                value = tuple(value) if flag.type is tuple else value
                settings[flag.setting or flag.name] = flag.parse(value) if flag.parse else value
        for text in self._others[0].value if self._others else ():
            name, equals, value = text.partition("=")
            if not equals:
                raise UserError(f"data_setting: expected name=value, received {text!r}")
            settings[name] = _parse_value(value)
        return settings

    def source(self, dataset: str, base: DataSource | None = None) -> DataSource:
        """The data source that the flags name.

        Args:
          dataset: its name.
          base: a source whose settings hold where no flag is given, if it is of the same kind.

        Raises:
          UserError: there is no such data set, a setting is of another one or out of its range, or
            the source cannot be opened, as far as that is known at once.
        """
        kind = source_name(dataset)
        if kind not in DATA_SOURCES:
            raise UserError(
                f"dataset: expected one of {', '.join(DATA_SOURCES.names())}, received {dataset!r}"
            )
        for owner, flag in self._declared:
            if owner != kind and self._values[flag.name].value is not None:
                raise UserError(
                    f"{flag.name}: expected --dataset={owner} with it, received --dataset={dataset}"
                )
        if base is None or base.kind != kind:
            base = DATA_SOURCES[kind]()
        source = base.with_settings(**self.settings())
        source.check()
        return source


def shared_settings(source: DataSource, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that distinguish two runs."""
    return {name: value for name, value in settings.items() if name in source.identity()}


def _parse_value(text: str) -> Any:
    """The value of a JSON text; any other text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return tuple(value) if isinstance(value, list) else value
