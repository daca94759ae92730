"""Data sources: one object says everything that is known of a data set.

This module loads no TensorFlow, so that flags and config.json are checked without it.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.core.registry import Registry

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData

# Version 0.1 wrote no source into the config.json of a run on these.
_WITHOUT_SETTINGS = ("sprites/drawn", "sprites/lpc")
_Source = TypeVar("_Source", bound="DataSource")


class SourceFlag(NamedTuple):
    """A flag of a data source, as every command line has it."""

    name: str
    type: type  # Of its value: str, int, float, bool, or tuple for names separated by commas.
    help: str
    default: str = ""  # As the help says it.
    setting: str = ""  # That it gives, where that has another name.
    parse: Callable[[Any], Any] | None = None  # Makes the setting of the flag's value.
    alias: str = ""  # Another name of the flag.


def local_setting(default: Any) -> Any:
    """A field that says where files lie or how they are read; no part of what the data are."""
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
        """Opens the data, which it first makes where `data_dir` does not hold them."""
        self.check()
        raise UserError(f"{self.kind}: expected a data source with `open`, received one without")

    def identity(self) -> dict[str, Any]:
        """The settings that distinguish two runs: those that change the data, without paths."""
        return {field.name: getattr(self, field.name) for field in _fields_of_data(self)}

    def to_dict(self) -> dict[str, Any]:
        """The source as plain JSON values, {"kind": its name, setting: value, ...}."""
        module = DATA_SOURCES.added_by(self.kind)
        settings = dataclasses.asdict(self)
        stored = {field.name: settings[field.name] for field in _fields_of_data(self)}
        return {"kind": self.kind, **({"module": module} if module else {}), **stored}

    @classmethod
    def from_dict(cls: type[_Source], settings: Mapping[str, Any]) -> _Source:
        """The inverse of `to_dict`, also after a trip through JSON; UserError for others."""
        ignored = {"kind", "module", *(f.name for f in dataclasses.fields(cls) if not f.compare)}
        values = {name: value for name, value in settings.items() if name not in ignored}
        return cls._make({k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    @classmethod
    def _make(cls: type[_Source], settings: Mapping[str, Any]) -> _Source:
        """Makes a source; a setting that is missing or unknown is a UserError."""
        fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
        for name in settings:
            if name not in fields:
                raise UserError(
                    f"{name}: expected a setting of {cls.kind} ({', '.join(fields) or 'none'}), "
                    f"received one {_owners(name)}; leave it out or choose another data set"
                )
        for name, field in fields.items():
            needed = field.default is field.default_factory is dataclasses.MISSING
            if needed and name not in settings:
                raise UserError(f"{name}: expected one for {cls.kind}, received none")
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


_SPRITES = "tf_dsae.data.sprites.sprites_source"
DATA_SOURCES = _DataSources(
    "data_source",
    {
        "sprites/drawn": f"{_SPRITES}:DrawnSprites",
        "sprites/lpc": f"{_SPRITES}:LpcSprites",
        "folder": "tf_dsae.data.folder.folder_source:FolderSource",
        "arrays": "tf_dsae.data.arrays_source:ArraysSource",
    },
)


def source_name(name: str) -> str:
    """The name of a source for one of its names: "sprites" is short for "sprites/drawn"."""
    return "sprites/drawn" if name == "sprites" else name


def make_source(name: str, **settings: Any) -> DataSource:
    """The data source of that name with those settings; UserError where there is none.

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


def read_source(data: Mapping[str, Any]) -> DataSource | None:
    """The source in the `data` of a config.json, of 0.1 too; None without one, else UserError."""
    settings = data.get("source")
    if not settings:
        return make_source(data["name"]) if data.get("name") in _WITHOUT_SETTINGS else None
    if not isinstance(settings, Mapping):
        raise UserError(f"data: source: expected an object, received {quote(settings)}")
    kind = settings.get("kind", "folder" if "video_dir" in settings else None)
    if not isinstance(kind, str) or kind not in DATA_SOURCES:
        module = settings.get("module")
        advice = f"import {module}" if isinstance(module, str) else "import the module that has it"
        raise UserError(
            f"data: source: expected one of {', '.join(DATA_SOURCES.names())}, received "
            f"{quote(kind)}; {advice} first"
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
        names = [field.name for field in dataclasses.fields(cls)]
        if setting in names + [flag.setting or flag.name for flag in cls.flags]:
            owners.append(kind)
    return f"of {', '.join(owners)}" if owners else "that no data set has"


def _fields_of_data(source: DataSource) -> list[dataclasses.Field]:
    """The settings of a source that its data depend on."""
    return [field for field in dataclasses.fields(source) if field.compare]
