"""Data sources: one object says everything that is known of a data set.

A source is a frozen dataclass: its fields are its settings. Class attributes hold the facts that
need no data: summary, licence, citation, published results, flags. This module does not import
TensorFlow, so that flags and config.json are checked without it.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from tf_dsae.core.checks import shown
from tf_dsae.core.errors import UserError
from tf_dsae.core.registry import Registry

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData

_ALIASES = {"sprites": "sprites/drawn"}
# Version 0.1 wrote no source into the config.json of a run on these.
_WITHOUT_SETTINGS = ("sprites/drawn", "sprites/lpc")
_Source = TypeVar("_Source", bound="DataSource")


class SourceFlag(NamedTuple):
    """A flag of a data source, as every command line has it.

    Attributes:
      name: of the flag.
      type: of its value: str, int, float, bool, or tuple for names separated by commas.
      help: its help text.
      default: of the setting, for the help text.
      setting: the setting that it sets; by default the one of the same name.
      parse: turns the flag's value into the setting; by default the value itself.
      alias: another name of the flag.
    """

    name: str
    type: type
    help: str
    default: str = ""
    setting: str = ""
    parse: Callable[[Any], Any] | None = None
    alias: str = ""


def local_setting(default: Any) -> Any:
    """A field for the place of files or the way they are read, which does not change the data.

    It is not written to config.json, and sources that differ in it alone are equal.
    """
    return dataclasses.field(default=default, compare=False)


@dataclasses.dataclass(frozen=True)
class DataSource:
    """A data set's source. A subclass is a frozen dataclass of its settings.

    Attributes:
      kind: the name that it is registered by.
      summary: a description in a few words.
      licence: of the data; empty if the package does not know it.
      citation: the publication.
      baselines: published results on this data set: table -> factor -> {"disagreement",
        "kl_recon", "kl_random"}, a fraction and two KLs in nats; figures that were not published
        are absent.
      dynamic_factors: factors of the motion, if they are known before the data are opened.
      clusters: factors that together identify a cluster of the bootstrap, such as a person; () for
        all static factors.
      flags: its settings on command lines.

    Example:
      >>> @dataclasses.dataclass(frozen=True)
      ... class Noise(DataSource):
      ...     size: int = 8
      >>> Noise().with_settings(size=16)
      Noise(size=16)
    """

    kind: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    baselines: ClassVar[Mapping[str, Mapping[str, Mapping[str, float]]]] = {}
    dynamic_factors: ClassVar[tuple[str, ...]] = ()
    clusters: ClassVar[tuple[str, ...]] = ()
    flags: ClassVar[tuple[SourceFlag, ...]] = ()

    @property
    def frame_shape(self) -> tuple[int, ...] | None:
        """The shape of a frame; None if it is not known before the data are opened."""
        return None

    @property
    def label(self) -> str:
        """A name for folders of runs."""
        return self.kind.replace("/", "-")

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders that it reads from; runs must not write there."""
        return ()

    def check(self) -> None:
        """Raises UserError, before any data are read, if the source cannot be opened."""

    def open(
        self, data_dir: str | os.PathLike | None = None, show_progress: bool = True
    ) -> "SequenceData":
        """Opens the data; makes them first if `data_dir` does not hold them.

        Raises:
          UserError: the data cannot be made or read.
        """
        raise UserError(
            f"{self.kind}: expected a data source that has `open`, received one without"
        )

    def identity(self) -> dict[str, Any]:
        """The settings that distinguish two runs: those that change the data, without paths."""
        return _stored(self)

    def to_dict(self) -> dict[str, Any]:
        """The source as plain JSON values, {"kind": its name, setting: value, ...}."""
        module = DATA_SOURCES.added_by(self.kind)
        settings = dataclasses.asdict(self)
        stored = {name: settings[name] for name in _stored(self)}
        return {"kind": self.kind, **({"module": module} if module else {}), **stored}

    @classmethod
    def from_dict(cls: type[_Source], settings: Mapping[str, Any]) -> _Source:
        """The inverse of `to_dict`, also after a trip through JSON.

        Raises:
          UserError: settings are missing, unknown or out of their range.
        """
        local = [field.name for field in dataclasses.fields(cls) if not field.compare]
        values = {k: v for k, v in settings.items() if k not in ("kind", "module", *local)}
        return cls._make({k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    @classmethod
    def _make(cls: type[_Source], settings: Mapping[str, Any]) -> _Source:
        """Makes a source; a setting that is missing or unknown is a UserError."""
        fields = dataclasses.fields(cls)
        names = [field.name for field in fields if field.init]
        unknown = [name for name in settings if name not in names]
        if unknown:
            raise UserError(
                f"{unknown[0]}: expected a setting of {cls.kind} ({', '.join(names) or 'none'}), "
                f"received one {_owners(unknown[0])}; leave it out or choose another data set"
            )
        for field in fields:
            needed = field.default is field.default_factory is dataclasses.MISSING
            if needed and field.name not in settings:
                raise UserError(f"{field.name}: expected one for {cls.kind}, received none")
        return cls(**settings)

    def with_settings(self: _Source, **changes: Any) -> _Source:
        """A copy with some settings changed; an unknown setting raises UserError."""
        current = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return self._make({**current, **changes})


class _DataSources(Registry):
    """The registry of sources; a class that is added gets its name as its `kind`."""

    def add(self, name: str, entry: Any, home: str) -> None:
        super().add(name, entry, home)
        entry.kind = name


DATA_SOURCES = _DataSources(
    "data_source",
    {
        "sprites/drawn": "tf_dsae.data.sprites.sprites_source:DrawnSprites",
        "sprites/lpc": "tf_dsae.data.sprites.sprites_source:LpcSprites",
        "folder": "tf_dsae.data.folder.folder_source:FolderSource",
        "arrays": "tf_dsae.data.arrays_source:ArraysSource",
    },
)


def source_name(name: str) -> str:
    """The name of a source for one of its names: "sprites" is short for "sprites/drawn"."""
    return _ALIASES.get(name, name)


def make_source(name: str, **settings: Any) -> DataSource:
    """The data source of that name with those settings, and defaults for the others.

    Raises:
      UserError: there is no such source or setting, or a setting is out of its range.

    Example:
      >>> make_source("sprites").kind
      'sprites/drawn'
    """
    cls = DATA_SOURCES[source_name(name) if isinstance(name, str) else name]
    return cls._make(settings)


def prepare(
    source: DataSource | str,
    data_dir: str | os.PathLike | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> "SequenceData":
    """Opens a data set; makes it first if `data_dir` does not hold it.

    Args:
      source: a `tf_dsae.data.DataSource`, or the name of one, such as "sprites/drawn",
        "sprites/lpc" or "folder".
      data_dir: folder of prepared data sets; by default that of TFDS, $TFDS_DATA_DIR or
        ~/tensorflow_datasets.
      show_progress: whether to show, on stderr, a bar (on a terminal) and a closing line.
      **settings: of the source, such as `sheets_dir` of "sprites/lpc", or `video_dir`, `clips`
        and `strict` of "folder". They replace those of a source that is given as an object.

    Raises:
      UserError: the name or a setting is unknown, or the data cannot be made or read.

    Example:
      >>> tf_dsae.prepare("folder", video_dir="no_folder", clips=tf_dsae.ClipSettings(stride=2))
      Traceback (most recent call last):
      tf_dsae.UserError: video_dir: expected a folder of videos, received no_folder, which is no \
folder; name another --video_dir
    """
    if not isinstance(source, DataSource):
        source = make_source(source, **settings)
    elif settings:
        source = source.with_settings(**settings)
    source.check()
    data = source.open(data_dir, show_progress)
    if type(data.source) is not type(source):
        data = dataclasses.replace(data, source=source)
    return data


# --- What a run keeps.


def read_source(data: Mapping[str, Any]) -> DataSource | None:
    """The source in a run's facts about its data, also those of version 0.1; None if there is none.

    Args:
      data: the object `data` of a config.json.

    Raises:
      UserError: the source is malformed, or the module that registers it is not imported.
    """
    settings = data.get("source")
    if not settings:
        return make_source(data["name"]) if data.get("name") in _WITHOUT_SETTINGS else None
    if not isinstance(settings, Mapping):
        raise UserError(f"data: source: expected an object, received {shown(settings)}")
    kind = settings.get("kind", "folder" if "video_dir" in settings else None)
    if not isinstance(kind, str) or kind not in DATA_SOURCES:
        module = settings.get("module")
        advice = f"import {module}" if isinstance(module, str) else "import the module that has it"
        raise UserError(
            f"data: source: expected one of {', '.join(DATA_SOURCES.names())}, received "
            f"{shown(kind)}; {advice} first"
        )
    try:
        return DATA_SOURCES[kind].from_dict(settings)
    except UserError as error:
        raise UserError(f"data: source: {error}") from None


def find_source(data: Mapping[str, Any]) -> DataSource | None:
    """As `read_source`, but None instead of an error."""
    try:
        return read_source(data)
    except UserError:
        return None


def find_baselines(dataset: str) -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    """The published results on the data set of that name; {} if the package knows none."""
    name = source_name(dataset)
    return DATA_SOURCES[name].baselines if name in DATA_SOURCES else {}


def _owners(setting: str) -> str:
    """The data sets that have a setting of that name, in words."""
    owners = []
    for kind in DATA_SOURCES.names():
        cls = DATA_SOURCES[kind]
        names = {field.name for field in dataclasses.fields(cls)}
        if setting in names | {flag.setting or flag.name for flag in cls.flags}:
            owners.append(kind)
    return f"of {', '.join(owners)}" if owners else "that no data set has"


def _stored(source: DataSource) -> dict[str, Any]:
    """The settings of a source that its data depend on."""
    fields = dataclasses.fields(source)
    return {field.name: getattr(source, field.name) for field in fields if field.compare}
