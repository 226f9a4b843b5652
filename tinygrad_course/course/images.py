"""Images as columns of numbers (lines 211-213)."""

from __future__ import annotations

from .activations import Array


def image2vector(image: Array) -> Array:
    """An image (width, height, depth) as a column (width * height * depth, 1).

    >>> from tinygrad_course.course import images
    >>> images.image2vector(np.arange(12).reshape(2, 2, 3)).shape
    (12, 1)
    """
    return image.reshape(image.shape[0] * image.shape[1] * image.shape[2], 1)


def images2matrix(images: Array) -> Array:
    """Images (m, width, height, depth) as X (width * height * depth, m), one a column.

    Flatten first, then transpose: ``images.reshape(-1, m)`` has the right shape too, but mixes pixels of all images.

    >>> from tinygrad_course.course.images import image2vector, images2matrix
    >>> pictures = np.arange(24).reshape(2, 2, 2, 3)
    >>> bool(np.all(images2matrix(pictures)[:, :1] == image2vector(pictures[0])))
    True
    """
    return images.reshape(images.shape[0], -1).T


def matrix2images(X: Array, shape: tuple[int, int, int]) -> Array:
    """The way back from `images2matrix`: X (n_x, m) as images (m, *shape)."""
    return X.T.reshape(-1, *shape)
