"""The TFDS data set `sprites`; importing this package registers it."""

from tf_dsae.data.sprites.sprites_dataset_builder import Builder

__all__ = ["Builder"]
