"""Losses that no other library computes for us, held against NumPy; and what all losses share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.errors import GraphError, ShapeError

rng = np.random.default_rng(71)
SCORES = rng.normal(size=(4, 3))
LABELS = rng.choice([-1.0, 1.0], (4, 3))
REDUCED = {"mean": np.mean, "sum": np.sum, "none": lambda loss: loss}


def hinge(score: Any, label: Any, margin: float) -> tuple[Any, Any, Any]:
    """Each loss, and its slopes with respect to score and label: a positive gap counts, one of 0 by half."""
    gap = margin - label * score
    counts = np.where(gap > 0, 1.0, np.where(gap == 0, 0.5, 0.0))
    return np.where(gap > 0, gap, 0.0), -counts * label, -counts * score


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("margin", [1.0, 0.0, 2.5])
@pytest.mark.parametrize("reduction", REDUCED)
def test_hinge_loss(reduction: str, margin: float, dtype: Any) -> None:
    score, label = SCORES.astype(dtype), LABELS.astype(dtype)
    score[0] = margin * label[0]  # on the edge
    x, t = tg.Tensor(score, requires_grad=True), tg.Tensor(label, requires_grad=True)
    y = tg.hinge_loss(x, t, reduction, margin)
    loss, *slopes = hinge(score, label, margin)
    seed = rng.normal(size=y.shape).astype(dtype)[()]
    y.backward(seed)
    share = seed / score.size if reduction == "mean" else seed
    for ours, expected in (
        (y.data, REDUCED[reduction](loss)),
        (x.grad, share * slopes[0]),
        (t.grad, share * slopes[1]),
    ):
        assert ours is not None
        assert ours.dtype == dtype
        tolerance = 1e-12 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_huber_loss_has_the_curvature_of_its_pieces(delta: float) -> None:
    x = np.array([0.0, 0.4 * delta, -0.9 * delta, 1.1 * delta, -5.0])
    curvature = tg.hessian(lambda e: tg.huber_loss(e, np.zeros(5), "sum", delta))(x)
    np.testing.assert_array_equal(curvature, np.diag([1.0, 1.0, 1.0, 0.0, 0.0]))


LOSSES = {
    "mse_loss": (SCORES, SCORES + 1), "l1_loss": (SCORES, SCORES + 1), "huber_loss": (SCORES, SCORES + 1),
    "hinge_loss": (SCORES, LABELS), "binary_cross_entropy": (tg.sigmoid(SCORES), LABELS > 0),
    "binary_cross_entropy_with_logits": (SCORES, LABELS > 0), "nll_loss": (SCORES, np.array([0, 2, 1, 1])),
    "cross_entropy": (SCORES, np.array([0, 2, 1, 1])),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_reductions_are_of_the_losses_of_the_examples(name: str) -> None:
    loss = getattr(tg, name)
    input, target = LOSSES[name]
    each = loss(input, target, reduction="none")
    np.testing.assert_allclose(loss(input, target, reduction="sum"), np.sum(each), rtol=1e-12)
    np.testing.assert_allclose(loss(input, target), np.mean(each), rtol=1e-12)
    with pytest.raises(ValueError, match=r"reduction must be .* not 'avg'"):
        loss(input, target, reduction="avg")


TARGETS = {"classes": np.array([0, 2, 1, 1]), "probabilities": np.full((4, 3), 1 / 3)}


@pytest.mark.parametrize("target", TARGETS)
def test_class_weights_are_one_constant_for_each_class(target: str) -> None:
    with pytest.raises(ShapeError, match=r"weight has shape \(4,\); it must be \(3,\), one factor for each class"):
        tg.cross_entropy(SCORES, TARGETS[target], weight=np.ones(4))
    with pytest.raises(GraphError, match=r"class weights get no gradient.* pass weight.detach\(\)"):
        tg.cross_entropy(SCORES, TARGETS[target], weight=tg.Tensor(np.ones(3), requires_grad=True))
