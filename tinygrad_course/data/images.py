"""Sets of images with a label each: the course's cats, MNIST and Fashion-MNIST, read from files that you have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .errors import extra
from .folder import Place, damaged, find
from .idx import read_idx
from .layout import Array

Folder = str | os.PathLike[str] | None

CATS = Place(
    "the course's cat images",
    ("cat", "cats", "datasets"),
    "The files come with the programming exercises of the course (week 2, logistic regression).",
)
MNIST = Place("MNIST", ("mnist", "MNIST", "MNIST/raw"), "It is four files, which every mirror of MNIST has.")
FASHION = Place(
    "Fashion-MNIST",
    ("fashion-mnist", "fashion_mnist", "fashion", "FashionMNIST/raw"),
    "It is four files, named as MNIST's are; its authors (Zalando Research) publish them.",
)
DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


class Images(NamedTuple):
    """Images (m, h, w) or (m, h, w, c), uint8 from 0 to 255, and the number of the class of each, (m,) int64."""

    images: Array
    labels: Array


class ImageSets(NamedTuple):
    """Images to learn from, images to test on, and the name of each class."""

    train: Images
    test: Images
    classes: tuple[str, ...]


def cats(folder: Folder = None) -> ImageSets:
    """The course's cats: 209 and 50 colour images, (m, 64, 64, 3) uint8; label 1 is a cat. Needs h5py (extra `data`).

    Reads ``cat/train_catvnoncat.h5`` and ``cat/test_catvnoncat.h5`` in `folder`, or in the folder that the environment
    variable TINYGRAD_COURSE_DATA names. In the notes' layout, with pixels in 0..1::

        train, test, classes = tg.data.cats()
        X, Y = tg.data.flatten_images(train.images) / 255, train.labels.reshape(1, -1)  # (12288, 209), (1, 209)
    """
    h5py = extra("h5py", "h5py", "data", "tg.data.cats")
    train, classes = _read_cats(h5py, find(CATS, ["train_catvnoncat.h5"], folder), "train")
    test, _ = _read_cats(h5py, find(CATS, ["test_catvnoncat.h5"], folder), "test")
    return ImageSets(train, test, classes)


def mnist(folder: Folder = None) -> ImageSets:
    """Handwritten digits (LeCun, Cortes and Burges): 60000 and 10000 grey images, (m, 28, 28) uint8, ink is high.

    Reads the four IDX files, compressed or not, in the subfolder ``mnist`` of `folder` (or in `folder` itself), or of
    the folder that the environment variable TINYGRAD_COURSE_DATA names. As a convolution and a loss take them::

        train, test, classes = tg.data.mnist()
        X, y = train.images[:, np.newaxis].astype(np.float32) / 255, train.labels  # (60000, 1, 28, 28), (60000,)
    """
    return ImageSets(_read_mnist(MNIST, "train", folder), _read_mnist(MNIST, "t10k", folder), DIGITS)


def fashion_mnist(folder: Folder = None) -> ImageSets:
    """Pieces of clothing (Xiao, Rasul and Vollgraf, 2017), in files as MNIST's: see `mnist`; subfolder
    ``fashion-mnist``."""
    return ImageSets(_read_mnist(FASHION, "train", folder), _read_mnist(FASHION, "t10k", folder), CLOTHES)


def _read_mnist(place: Place, part: str, folder: Folder) -> Images:
    paths = [find(place, _spellings(part, kind), folder) for kind in ("images-idx3", "labels-idx1")]
    images, labels = map(read_idx, paths)
    for path, array, kind, ndim in zip(paths, (images, labels), ("images", "labels"), (3, 1), strict=True):
        if array.ndim != ndim or array.dtype != np.uint8:
            what = f"it should hold {kind}, an array of bytes with {ndim} dimensions"
            raise damaged(path, f"{what}, but holds {array.dtype} of shape {array.shape}")
    return _checked(images, labels, paths[0], paths[1], classes=10)


def _spellings(part: str, kind: str) -> list[str]:
    """As published, unpacked, and as unpacked by programs that read the first dash as a dot."""
    name = f"{part}-{kind}-ubyte"
    return [f"{name}.gz", name, name.replace("-idx", ".idx")]


def _read_cats(h5py: Any, path: Path, part: str) -> tuple[Images, tuple[str, ...]]:
    keys = [f"{part}_set_x", f"{part}_set_y", "list_classes"]
    try:
        with h5py.File(path, "r") as file:
            found = {str(key): np.asarray(file[key]) for key in file}
    except Exception as cause:  # a damaged file makes h5py raise OSError, RuntimeError, KeyError, TypeError, ...
        raise damaged(path, f"it is no whole HDF5 file ({cause})") from cause
    missing = [key for key in keys if key not in found]
    if missing:
        raise damaged(path, f"it has no {', '.join(missing)}, only {', '.join(found) or 'nothing'}")
    images, labels, classes = (found[key] for key in keys)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise damaged(path, f"{keys[0]} should be (m, h, w, c) of uint8; it is {images.shape} of {images.dtype}")
    if labels.dtype.kind not in "iu":
        raise damaged(path, f"{keys[1]} should be whole numbers; it is {labels.dtype}")
    names = [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in classes.ravel()]
    return _checked(images, labels.ravel(), path, path, classes=len(names)), tuple(names)


def _checked(images: Array, labels: Array, images_path: Path, labels_path: Path, *, classes: int) -> Images:
    """The pair, if there is one label for each image and none is out of range."""
    if len(images) != len(labels):
        raise damaged(
            labels_path,
            f"it has {len(labels)} labels, but there are {len(images)} images in {images_path.name}",
            "The two files do not belong together, or one was cut: get both again.",
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise damaged(labels_path, f"its labels go from {labels.min()} to {labels.max()}, not from 0 to {classes - 1}")
    return Images(images, labels.astype(np.int64))
