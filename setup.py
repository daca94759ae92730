"""Packaging of tf_dsae."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r'"(.+)"', (ROOT / "tf_dsae" / "core" / "version.py").read_text().split("=")[1]
).group(1)

TENSORBOARD = ["tensorboard>=2.20"]
VIDEO = ["av>=18"]
GPU = ["tensorflow[and-cuda]>=2.21,<2.22"]
TEST = [
    *TENSORBOARD,
    *VIDEO,
    "dill",
    "hypothesis",
    "pytest>=8",
    "pytest-xdist",
    "setuptools>=64",
    "wheel",
]

# Another version may format or find otherwise.
CHECKS = ["mypy>=2.4,<3", "ruff>=0.17,<0.18"]

setup(
    name="tf_dsae",
    version=VERSION,
    description="Disentangled sequential autoencoders in Keras 3 and TensorFlow Probability",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tf_dsae", "tf_dsae.*"]),
    package_data={
        "tf_dsae": ["py.typed"],
        "tf_dsae.data.sprites": ["*.tsv", "*.txt", "*.bib", "*.md"],
        "tf_dsae.reports": ["*.css"],
    },
    python_requires=">=3.11",
    install_requires=[
        "absl-py",
        "importlib_resources",  # TFDS needs it and does not say so.
        "keras>=3.15.1,<4",
        "matplotlib>=3.8",
        "numpy",
        "pillow>=10",
        "scikit-learn>=1.5",
        "scipy",
        "tensorflow>=2.21,<2.22",
        "tensorflow-datasets>=4.9.10,<5",
        "tensorflow-probability>=0.25,<0.26",
        "tensorflow-serving-api>=2.21,<2.22",
        "tf_keras>=2.21,<2.22",  # TensorFlow Probability 0.25 imports it.
        "threadpoolctl",
        "tqdm",
    ],
    extras_require={
        "tensorboard": TENSORBOARD,
        "video": VIDEO,
        "gpu": GPU,
        "test": [*TEST, *CHECKS],
        "dev": [*TEST, *CHECKS],
    },
    entry_points={
        "console_scripts": [
            "tf_dsae_compare = tf_dsae.cli.compare:run",
            "tf_dsae_encode = tf_dsae.cli.encode:run",
            "tf_dsae_evaluate = tf_dsae.cli.evaluate:run",
            "tf_dsae_export = tf_dsae.cli.export:run",
            "tf_dsae_likelihood = tf_dsae.cli.likelihood:run",
            "tf_dsae_reproduce = tf_dsae.cli.reproduce:run",
            "tf_dsae_swap = tf_dsae.cli.swap:run",
            "tf_dsae_train = tf_dsae.cli.train:run",
            "tf_dsae_prepare_data = tf_dsae.cli.prepare_data:run",
        ]
    },
)
