"""An image is three tables of numbers; a network takes it as one column (notes, lines 211-213).

Prints:

    red   [[95, 217], [15, 215]]
    green [[130, 207], [163, 217]]
    blue  [[194, 235], [33, 130]]
    one picture  (2, 2, 3) -> (12, 1) : [95, 130, 194, 217, 207, 235, 15, 163, 33, 215, 217, 130]
    all pictures (3, 2, 2, 3) -> (12, 3) : column 0 is that picture: True
    and back     (12, 3) -> (3, 2, 2, 3) : True
    reshape(-1, m) has the shape (12, 3) too: column 0 is that picture: False
    pixels / 255 lie between 0.016 and 0.973
    a cat of 64 x 64 pixels is a column of 12288 numbers
    gradient of a score by the picture: (2, 2, 3)
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course.images import image2vector, images2matrix, matrix2images

rng = np.random.default_rng(0)
pictures = rng.integers(0, 256, (3, 2, 2, 3), dtype=np.uint8)  # 3 pictures of 2 x 2 pixels, with red, green and blue
first = pictures[0]
for name, colour in zip(("red", "green", "blue"), np.moveaxis(first, -1, 0), strict=True):
    print(f"{name:5}", colour.tolist())

column = image2vector(first)
X = images2matrix(pictures)
print("one picture ", first.shape, "->", column.shape, ":", column.ravel().tolist())
print("all pictures", pictures.shape, "->", X.shape, ": column 0 is that picture:", np.array_equal(X[:, :1], column))
print("and back    ", X.shape, "->", pictures.shape, ":", np.array_equal(matrix2images(X, first.shape), pictures))

mixed = pictures.reshape(-1, 3)  # the right shape, the wrong numbers: pixels of all the pictures in every column
same = np.array_equal(mixed[:, :1], column)
print("reshape(-1, m) has the shape", mixed.shape, "too: column 0 is that picture:", same)
print("pixels / 255 lie between", (X / 255).min().round(3), "and", (X / 255).max().round(3))
print("a cat of 64 x 64 pixels is a column of", image2vector(np.zeros((64, 64, 3))).shape[0], "numbers")

# The gradient of a score with respect to the column is a picture again.
w = tg.Tensor(rng.standard_normal((12, 1)))
slope = tg.grad(lambda image: tg.sigmoid(w.T @ image.reshape(-1, 1)).sum())(first / 255)
print("gradient of a score by the picture:", slope.shape)
