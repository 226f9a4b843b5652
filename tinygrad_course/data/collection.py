"""Small real data sets that come with scikit-learn (extra `demo`), as plain arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .errors import extra
from .layout import Array, Layout, arrange


class Collection(NamedTuple):
    """X (m, n) float64 and Y (m,), or X (n, m) and Y (1, m); what the features and, if any, the classes are called."""

    X: Array
    Y: Array
    features: tuple[str, ...]
    classes: tuple[str, ...]


def digits(*, examples: Layout = "rows") -> Collection:
    """1797 handwritten digits (Alpaydin and Kaynak, 1998): 8 x 8 pixels from 0 to 16, 64 features; Y int64.

    >>> tg.data.digits().X.shape
    (1797, 64)
    """
    return _load("digits", examples)


def breast_cancer(*, examples: Layout = "rows") -> Collection:
    """569 tumours (Wolberg, Street and Mangasarian, 1995): 30 measures of cells; class 0 malignant, 1 benign.

    >>> tg.data.breast_cancer().classes
    ('malignant', 'benign')
    """
    return _load("breast_cancer", examples)


def iris(*, examples: Layout = "rows") -> Collection:
    """150 flowers of three species (Fisher, 1936): the lengths and widths of two leaves, in cm.

    >>> tg.data.iris().features
    ('sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)')
    """
    return _load("iris", examples)


def diabetes(*, examples: Layout = "rows", scaled: bool = True) -> Collection:
    """442 patients (Efron et al., 2004): 10 measures, and how their illness went on in a year, Y float64. No classes.

    scaled: every feature has mean 0 and sum of squares 1, as the authors give them; False for the measures themselves.

    >>> tg.data.diabetes().features[2]
    'bmi'
    """
    return _load("diabetes", examples, scaled=scaled)


def _load(name: str, examples: Layout, **options: Any) -> Collection:
    datasets = extra("sklearn.datasets", "scikit-learn", "demo", f"tg.data.{name}")
    found = getattr(datasets, f"load_{name}")(**options)
    labels = found.target.astype(np.int64 if found.target.dtype.kind in "iu" else np.float64)
    X, Y = arrange(np.array(found.data, dtype=np.float64), labels, examples)
    classes = map(str, found.target_names) if "target_names" in found else ()
    return Collection(X, Y, tuple(map(str, found.feature_names)), tuple(classes))
