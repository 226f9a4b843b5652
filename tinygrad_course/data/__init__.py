"""Data: toy problems, real files, batches, and the small steps before training. Plain NumPy arrays in and out.

>>> X, Y = tg.data.moons(100)
>>> X.shape, Y.shape
((100, 2), (100,))
"""

from .collection import Collection, breast_cancer, diabetes, digits, iris
from .dataset import Dataset, Subset, TensorDataset
from .errors import DataError, MissingDataError, MissingExtraError
from .idx import read_idx
from .images import Images, ImageSets, cats, fashion_mnist, mnist
from .layout import Examples, flatten_images, image2vector, unflatten_images
from .loader import DataLoader
from .scale import StandardScaler, standardise
from .split import random_split, train_test_split
from .table import Table, read_csv
from .text import Sequences, Streams, Text, Vocabulary, characters, read_text
from .toy import blobs, circles, flower, moons, parity, ring, spirals, xor

__all__ = [
    "Collection", "DataError", "DataLoader", "Dataset", "Examples", "ImageSets", "Images", "MissingDataError",
    "MissingExtraError", "Sequences", "StandardScaler", "Streams", "Subset", "Table", "TensorDataset", "Text",
    "Vocabulary", "blobs", "breast_cancer", "cats", "characters", "circles", "diabetes", "digits", "fashion_mnist",
    "flatten_images", "flower", "image2vector", "iris", "mnist", "moons", "parity", "random_split", "read_csv",
    "read_idx", "read_text", "ring", "spirals", "standardise", "train_test_split", "unflatten_images", "xor",
]  # fmt: skip
