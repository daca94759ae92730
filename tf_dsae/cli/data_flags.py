"""Flags that say where data lie, shared by the programs that open a data set."""

from absl import flags

DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "Folder of prepared data sets. Default: $TFDS_DATA_DIR, else ~/tensorflow_datasets.",
)
SHEETS_DIR = flags.DEFINE_string(
    "sheets_dir",
    None,
    "For sprites/lpc: folder with the sheets, body/0.png to shoes/1.png, in place of a download.",
)
