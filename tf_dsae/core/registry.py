"""Registries of what can be chosen by name: parts of a model, methods, data sources.

The package's own entries are given as "module:attribute", so that their names are known before
TensorFlow loads. Other packages add entries with `register` when they are imported. Packages with
the entry point group `tf_dsae.plugins` are imported when an unknown name is looked up.
"""

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError, reason

PLUGINS = "tf_dsae.plugins"
_Entry = TypeVar("_Entry")
_loaded_plugins: set[str] = set()
_registries: dict[str, "Registry"] = {}


class Registry:
    """Entries of one `kind`, which errors name, by name.

    The package's `own` are entries, or "module:attribute" of one to import when it is asked for.

    Example:
      >>> colours = Registry("colour", {"red": 1})
      >>> colours.add("blue", 2, home="a_module")
      >>> colours.names(), colours["blue"]
      (('red', 'blue'), 2)
    """

    def __init__(self, kind: str, own: Mapping[str, Any]):
        self.kind = kind
        self._own = dict(own)
        self._added: dict[str, Any] = {}
        self._homes: dict[str, str] = {}
        _registries[kind] = self

    @property
    def own_names(self) -> tuple[str, ...]:
        """The names of the package's own entries.

        Example:
          >>> Registry("shade", {"grey": 1}).own_names
          ('grey',)
        """
        return tuple(self._own)

    def names(self) -> tuple[str, ...]:
        """All names, the package's own first; imports plug-ins.

        Example:
          >>> Registry("shade", {"grey": 1}).names()
          ('grey',)
        """
        load_plugins()
        return (*self._own, *self._added)

    def __contains__(self, name: object) -> bool:
        if name not in self._own and name not in self._added:
            load_plugins()
        return name in self._own or name in self._added

    def __getitem__(self, name: str) -> Any:
        """The entry of a name; an unknown name raises UserError with the list of names."""
        self.check(name)
        entry = self._own.get(name, self._added.get(name))
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = self._own[name] = getattr(importlib.import_module(module), attribute)
        return entry

    def check(self, name: Any) -> None:
        """Raises UserError unless there is an entry of that name; imports no entry."""
        if not isinstance(name, str) or name not in self:
            raise UserError(
                f"{self.kind}: expected one of {', '.join(self.names())}, received {quote(name)}"
            )

    def add(self, name: str, entry: Any, home: str) -> None:
        """Adds an entry of a module, which may replace its own; UserError for a taken name."""
        taken = name in self._own or self._homes.get(name, home) != home
        if not isinstance(name, str) or not name or taken:
            raise UserError(
                f"{self.kind}: expected a name that is not taken, received {quote(name)}; choose "
                "another"
            )
        self._added[name], self._homes[name] = entry, home

    def added_by(self, name: str) -> str | None:
        """The module that added an entry; None for the package's own."""
        return self._homes.get(name)


def register(kind: str, name: str) -> Callable[[_Entry], _Entry]:
    """A decorator that adds a class under a name: a part of a model, or a data source.

    Args:
      kind: "frame_encoder", "static_posterior", "dynamic_posterior", "dynamic_prior", "decoder",
        "likelihood" or "data_source".
      name: what settings and flags call it.

    Raises:
      UserError: another kind, or a name that is taken.

    Example:
      >>> @tf_dsae.register("static_posterior", "first_frame")
      ... class FirstFrame(tf_dsae.layers.MeanStaticPosterior):
      ...     def call(self, features):
      ...         return super().call(features[:, :1])
      >>> tf_dsae.ModelConfig(static_posterior="first_frame").static_posterior
      'first_frame'
    """
    if kind not in _registries:
        raise UserError(
            f"kind: expected one of {', '.join(sorted(_registries))}, received {quote(kind)}"
        )

    def add(entry: _Entry) -> _Entry:
        _registries[kind].add(name, entry, entry.__module__)
        return entry

    return add


def load_plugins() -> None:
    """Imports, once, what installed packages declare under the entry point group PLUGINS.

    One that cannot be imported is named in a warning; it does not take the others' names away.
    """
    for point in importlib.metadata.entry_points(group=PLUGINS):
        if point.value in _loaded_plugins:
            continue
        _loaded_plugins.add(point.value)
        try:
            point.load()
        except Exception as error:  # Another package's module may raise anything.
            warnings.warn(f"plug-in {point.name} ({point.value}): {reason(error)}", stacklevel=2)
