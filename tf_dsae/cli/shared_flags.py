"""Flags that several programs have: of runs, and of data sets whose sources declare them."""

import contextlib
import functools
import json
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DATA_SOURCES, DataSource, SourceFlag, source_name

# These flags belong to the program that defines them, also in its --help.
flags.disclaim_key_flags()

# The package's own sources. Plug-ins are imported when one is named, and use --data_setting.
_OWN = ("sprites/drawn", "sprites/lpc", "folder")
SEED = "Seed of everything that is drawn."
DEFINE = {
    str: flags.DEFINE_string,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    bool: flags.DEFINE_bool,
    bool | None: flags.DEFINE_bool,
    tuple: flags.DEFINE_list,
}


def define_fields(cls: type, texts: Mapping[str, str]) -> dict[str, flags.FlagHolder]:
    """A flag for each of some fields of a dataclass: of its name, type and default."""
    kinds = typing.get_type_hints(cls)
    return {
        name: DEFINE[kinds[name]](name, getattr(cls, name), text) for name, text in texts.items()
    }


define_data_dir = functools.partial(
    flags.DEFINE_string,
    "data_dir",
    None,
    "Folder of prepared data sets. Default: $TFDS_DATA_DIR, else ~/tensorflow_datasets.",
)
define_workdir = functools.partial(
    flags.DEFINE_string, "workdir", None, "Folder of a finished run. Required."
)
define_judge_dir = functools.partial(
    flags.DEFINE_string,
    "judge_dir",
    None,
    "Folder of the judges, trained there when it is empty; runs can share it. Default: beside the "
    "prepared data.",
)
define_num_videos = functools.partial(
    flags.DEFINE_integer, "num_videos", 0, "Test videos to evaluate; 0: all.", lower_bound=0
)
define_show_source = functools.partial(
    flags.DEFINE_bool,
    "show_source",
    True,
    "Show real clips in the figures; otherwise their reconstructions.",
)


def define_dataset(default: str | None) -> flags.FlagHolder:
    """Defines --dataset."""
    names = "; ".join(f"{name}: {DATA_SOURCES[name].summary}" for name in _OWN)
    return flags.DEFINE_string(
        "dataset",
        default,
        f"Data set, or that of a plug-in. {names}. Default: sprites/drawn.",
    )


def define_output_dir(default: str | None, otherwise: str = "") -> flags.FlagHolder:
    """--output_dir; `otherwise` says what is written to where there is no default."""
    return flags.DEFINE_string("output_dir", default, f"Folder to write. {otherwise}".strip())


class SourceFlags:
    """The flags that data sources declare, those of some names or all, as one program has them.

    Their help says a `default`, or that which they declare. --data_setting, of `others`, gives any
    setting that has no flag.
    """

    def __init__(self, names: Sequence[str] | None = None, default: str = "", others: bool = True):
        self._flags: list[tuple[str, SourceFlag, flags.FlagHolder]] = []
        declared = [
            (kind, flag)
            for kind in _OWN
            for flag in DATA_SOURCES[kind].flags
            if names is None or flag.name in names
        ]
        several = len({kind for kind, _ in declared}) > 1
        for kind, flag in declared:
            text = f"For {kind}: {flag.help}" if several else flag.help[:1].upper() + flag.help[1:]
            value = "" if flag.type is bool else default or flag.default
            text += f" Default: {value}." if value else ""
            self._flags.append((kind, flag, DEFINE[flag.type](flag.name, None, text)))
            if flag.alias:
                flags.DEFINE_alias(flag.alias, flag.name)
        self._others: flags.FlagHolder | None = None
        if others:
            text = "A setting of --dataset without a flag, name=value; may be repeated."
            self._others = flags.DEFINE_multi_string("data_setting", [], text)

    def settings(self) -> dict[str, Any]:
        """The settings that flags gave, by name."""
        settings = {}
        for _, flag, holder in self._flags:
            if holder.value is not None:
                value = tuple(holder.value) if flag.type is tuple else holder.value
                settings[flag.setting or flag.name] = flag.parse(value) if flag.parse else value
        for text in () if self._others is None else self._others.value:
            name, equals, value = text.partition("=")
            if not equals:
                raise UserError(f"data_setting: expected name=value, received {text!r}")
            with contextlib.suppress(ValueError):  # As JSON has it, or as it stands.
                value = json.loads(value)
            settings[name] = tuple(value) if isinstance(value, list) else value
        return settings

    def source(self, dataset: str, base: DataSource | None = None) -> DataSource:
        """The data source that the flags name, settings that none gave as in a `base` of its kind.

        Raises:
          UserError: no such data set, a setting of another one or out of its range, or a source
            that cannot be opened, as far as can be told at once.
        """
        kind = source_name(dataset)
        if kind not in DATA_SOURCES:
            raise UserError(
                f"dataset: expected one of {', '.join(DATA_SOURCES.names())}, received {dataset!r}"
            )
        for owner, flag, holder in self._flags:
            if owner != kind and holder.value is not None:
                raise UserError(
                    f"{flag.name}: expected --dataset={owner} with it, received --dataset={dataset}"
                )
        if base is None or base.kind != kind:
            base = DATA_SOURCES[kind]()
        source = base.with_settings(**self.settings())
        source.check()
        return source
