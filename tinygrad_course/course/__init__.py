"""The course's algorithms as the notes write them, in plain NumPy, each beside the same by autograd.

=====================  ===========  ============================================================
file                   notes, line  what it has
=====================  ===========  ============================================================
`linear_regression`    7, 65-75     one neuron and the squared error
`logistic_regression`  65-192       `propagate` looped, vectorised, by autograd; `optimize`, `model`
`vectorization`        172-192      loops and what takes their place; normalisation
`images`               211-213      image to vector
`activations`          295-343      sigmoid, tanh, ReLU, leaky ReLU, and their derivatives
`shallow`              232-391      one hidden layer: the six equations of backpropagation
`initialization`       377-391      zeros, small, Xavier, He
`deep`                 393-469      L layers: blocks, caches, `L_model_forward`, `L_model_backward`
=====================  ===========  ============================================================

Names, shapes and numbers are the notes': examples in columns, W (n_out, n_in), b (n_out, 1).

>>> from tinygrad_course.course import shallow
>>> X, Y = tg.data.flower(examples="columns")
>>> parameters = shallow.initialize_parameters(*shallow.layer_sizes(X, Y))
>>> by_hand, by_graph = shallow.gradients_by_hand(parameters, X, Y), shallow.gradients_by_autograd(parameters, X, Y)
>>> all(np.allclose(by_hand[1][name], by_graph[1][name], rtol=1e-12) for name in by_hand[1])
True
"""

from . import activations, deep, images, initialization, linear_regression, logistic_regression, shallow, vectorization

__all__ = [
    "activations", "deep", "images", "initialization", "linear_regression", "logistic_regression", "shallow",
    "vectorization",
]  # fmt: skip
