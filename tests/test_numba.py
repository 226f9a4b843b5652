"""The Numba backend: every primitive and whole training steps against the reference; what it refuses, and how."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.errors import IndexingError
from tinygrad_course.emit.backend import Check, Plan, Unsupported
from tinygrad_course.emit.program import Program, run

numba = pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")

from llvmlite import ir  # noqa: E402

from tinygrad_course.emit.numba_backend import compile, intrinsics, load  # noqa: E402
from tinygrad_course.emit.numba_backend.compiler import known_primitives  # noqa: E402
from tinygrad_course.emit.numba_backend.lowering import Lowering  # noqa: E402

from .numba_programs import agree, all_results, examples, follow, joined, recorded, with_gradients  # noqa: E402
from .samples import SAMPLES, is_float_array  # noqa: E402

rng = np.random.default_rng(5)


@pytest.fixture(autouse=True, scope="module")
def cache_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAD_COURSE_CACHE", str(tmp_path_factory.mktemp("compiled")))
        yield


def normal(*shape, dtype=np.float64):
    return rng.standard_normal(shape).astype(dtype)


# --- every primitive --------------------------------------------------------------------------------------------------


def programs_of(samples, dtype):
    """The programs of samples that can be lowered, forward and backward; those that cannot must say why."""
    found = []
    for sample in samples:
        arrays = [i for i, a in enumerate(sample.args) if isinstance(a, np.ndarray | np.generic)]

        def f(*given, sample=sample, arrays=arrays):
            args = list(sample.args)
            for i, a in zip(arrays, given, strict=True):
                args[i] = a
            return sample.call(*args, **sample.params)

        values = [np.asarray(a).astype(dtype) if is_float_array(a) else a for a in (sample.args[i] for i in arrays)]
        try:
            program = with_gradients(f, *values)
        except (tg.core.errors.TinygradError, ValueError, TypeError, np.linalg.LinAlgError, NotImplementedError):
            continue  # what the sample is about is not a matter of a recorded program
        if not program.outputs or not program.inputs:
            continue
        try:
            Lowering(program, known_primitives())
        except Unsupported:
            continue
        found.append(program)
    return found


def held_to_the_reference(programs):
    program = joined(programs)
    values = examples(program)
    with np.errstate(all="ignore"):
        wanted = run(program, values)
    for actual, expected in zip(all_results(program).run(values), wanted, strict=True):
        agree(actual, expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
def test_some_primitives(dtype):
    names = {"exp", "tanh", "logsumexp", "matmul", "sum_to", "concat", "choose", "window_max", "take"}
    programs = {name: programs_of([s for s in SAMPLES if s.op == name][:8], dtype) for name in names}
    held_to_the_reference([found[0] for found in programs.values()])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
@pytest.mark.parametrize("part", range(20))
def test_every_primitive(part, dtype):
    programs = programs_of(SAMPLES[part :: 20 if dtype is np.float64 else 60], dtype)
    assert programs
    for i in range(0, len(programs), 20):
        held_to_the_reference(programs[i : i + 20])


def test_most_primitives_are_compiled():
    supported = {s.op for s in SAMPLES if programs_of([s], np.float64)}
    assert len(supported) > 100, sorted(supported)


# --- training steps ---------------------------------------------------------------------------------------------------


def network(p, d):
    w1, b1, w2, b2 = p
    x, y = d
    a = tg.sigmoid(w2 @ tg.tanh(w1 @ x + b1) + b2)
    return (-(y * tg.log(a) + (1 - y) * tg.log(1 - a))).sum() / x.shape[1]


def test_network_of_the_course():
    x = normal(2, 400)
    params = [normal(4, 2), np.zeros((4, 1)), normal(1, 4), np.zeros((1, 1))]
    follow(network, params, [x, (x[:1] > 0).astype(float)], 0.5, 1e-10)


def test_classifier_with_products_by_the_blas():
    def loss(p, d):
        return tg.cross_entropy(tg.relu(d[0] @ p[0] + p[1]) @ p[2], d[1])

    params = [
        normal(500, 480, dtype=np.float32) / 22,
        np.zeros(480, np.float32),
        normal(480, 10, dtype=np.float32) / 20,
    ]
    compiled = follow(loss, params, [normal(440, 500, dtype=np.float32), rng.integers(0, 10, 440)], 0.1, 1e-4)
    assert "gemm32" in compiled.source


@pytest.mark.slow
def test_convolution_and_pooling():
    def loss(p, d):
        a = tg.max_pool2d(tg.relu(tg.conv2d(d[0], p[0], p[1], padding=1)), 2)
        return tg.cross_entropy(a.reshape(8, -1) @ p[2], d[1])

    params = [normal(4, 2, 3, 3), normal(4), normal(64, 5) / 8]
    follow(loss, params, [normal(8, 2, 8, 8), rng.integers(0, 5, 8)], 0.1, 1e-9)


@pytest.mark.slow
def test_attention():
    def loss(p, d):
        q = tg.permute_dims((d[0] @ p[0]).reshape(4, 6, 3, 2, 8), (2, 0, 3, 1, 4))
        y = tg.scaled_dot_product_attention(q[0], q[1], q[2], is_causal=True)
        return (tg.gelu(tg.permute_dims(y, (0, 2, 1, 3)).reshape(4, 6, 16) @ p[1]) ** 2).mean()

    follow(loss, [normal(16, 48) / 4, normal(16, 16) / 4], [normal(4, 6, 16)], 0.1, 1e-9)


@pytest.mark.slow
def test_recurrent_layer():
    from tinygrad_course.nn.cells import LSTMStep

    def loss(p, d):
        h = c = np.zeros((5, 4))
        for t in range(6):
            h, c = LSTMStep.step(None, d[0][t] @ p[0], (h, c), p[1], None)
        return (h * h).mean()

    follow(loss, [normal(3, 16), normal(4, 16)], [normal(6, 5, 3)], 0.5, 1e-9)


def test_long_chain_of_numbers_is_a_tape():
    def loss(p, d):
        y = p[0]
        for _ in range(2000):
            y = tg.sin(y) * 1.5 + 0.1
        return y

    compiled = follow(loss, [np.array(0.3)], [], 0.01, 1e-8, steps=1)
    assert "tape0" in compiled.source
    assert len(compiled.source.splitlines()) < 300


def test_products_of_every_shape():
    sizes = [(1, 50, 700), (7, 300, 33), (20, 5000, 17), (33, 70, 40), (20, 200, 5), (3, 3000, 50)]
    programs, wanted = [], []
    for m, k, n in sizes:
        a, b = normal(m, k), normal(k, n)
        programs += [
            recorded(lambda a, b: a @ b, a, b),
            recorded(lambda a, b: a.T @ b, a.T.copy(), b),
            recorded(lambda a, b: a @ b.T, a, b.T.copy()),
        ]
        wanted += 3 * [a @ b]
    program = joined(programs)
    for y, expected in zip(all_results(program).run(examples(program)), wanted, strict=True):
        agree(y, expected, 1e-11)


# --- numbers at the ends ----------------------------------------------------------------------------------------------


def test_nan_and_infinity_are_as_in_eager_code():
    def f(x):
        return (
            tg.relu(x),
            tg.maximum(x, 0.5),
            tg.sum(x),
            tg.max(x, 1),
            tg.softmax(x),
            x > 0,
            tg.exp(x),
            tg.where(x > 0, x, 1.0),
        )

    x = np.array([[np.nan, 1.0, -2.0], [np.inf, 0.0, 1.0], [-np.inf, 1.0, 2.0], [1.0, 2.0, 3.0]])
    program = recorded(f, x)
    with np.errstate(all="ignore"):
        wanted = run(program, [x])
    for actual, expected in zip(all_results(program).run([x]), wanted, strict=True):
        agree(actual, expected)


def test_long_sums_keep_their_digits():
    x = np.full(2_000_000, 0.1, np.float32)
    program = recorded(tg.sum, x)
    agree(all_results(program).run([x])[0], np.float32(200_000), 1e-6)


# --- the plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_one_loop_promises_does_not_hold_for_the_next():
    """Loops write to memory that later ones read: LLVM must take the promises of each for that loop alone."""

    def make():
        w = tg.Tensor(np.random.default_rng(1).standard_normal((3, 3)), requires_grad=True)

        def step(s):
            loss = (tg.softmax(w, 1)[1:] * s).sum() + (tg.concat([w, w.T]) * s).sum()
            w.grad = None
            loss.backward()
            w.data = w.data - 0.01 * w.grad
            return loss

        return w, step

    (a, plain), (b, step) = make(), make()
    plain(np.float64(1))
    tg.jit(step, backend="numba")(np.float64(1))
    agree(b.grad, a.grad)
    agree(b.data, a.data)


def test_channels_of_two_functions_are_not_merged():
    module = ir.Module()
    first, second = intrinsics._channels(module), intrinsics._channels(ir.Module())
    assert intrinsics._channels(module) is first
    assert all(x.operands[0] is x for x in [*first, *second])  # LLVM merges nodes that do not name themselves


def test_results_belong_to_the_caller():
    program = recorded(lambda x: (x * 2, x.T, x), normal(3, 4))
    compiled = all_results(program)
    first = compiled.run([np.ones((3, 4))])
    compiled.run([np.zeros((3, 4))])
    np.testing.assert_array_equal(first[0], np.full((3, 4), 2.0))
    np.testing.assert_array_equal(first[1], np.ones((4, 3)))
    assert not any(np.shares_memory(y, z) for i, y in enumerate(first) for z in first[:i])


def test_values_that_are_swapped():
    a, b = normal(5), normal(5)
    program = recorded(lambda a, b: (b + 0.0, a * 2.0), a, b)
    x, y = a.copy(), b.copy()
    compile(program, Plan(results=(), writes=((0, 0), (1, 1)))).run([x, y])
    agree(x, b)
    agree(y, 2 * a)


def test_values_that_read_their_neighbours():
    x = normal(6)
    program = recorded(lambda x: tg.concat([x[1:], x[:1]]) + x[::-1], x)
    given = x.copy()
    compile(program, Plan(results=(0,), writes=((0, 0),))).run([given])
    agree(given, np.roll(x, -1) + x[::-1])


def test_checks_come_before_writes():
    program = recorded(lambda x, y: (x + y, y * 1.0), normal(4), normal(4))
    compiled = compile(program, Plan(results=(0,), writes=((0, 0),), checks=(Check(1),)))
    x = np.ones(4)
    assert compiled.run([x, np.array([1.0, np.nan, 2.0, 3.0])]) is None
    np.testing.assert_array_equal(x, 1.0)
    assert compiled.run([x, np.ones(4)]) is not None
    np.testing.assert_array_equal(x, 2.0)


def test_bounds_that_are_checked():
    indices = np.array([0, 3, 2])
    program = recorded(lambda i, x: (i, x + 1.0), indices, normal(2))
    compiled = compile(program, Plan(results=(1,), checks=(Check(0, low=0, high=4),)))
    assert compiled.run([indices, np.zeros(2)]) is not None
    assert compiled.run([np.array([0, 5, 2]), np.zeros(2)]) is None


def test_arrays_that_lie_otherwise_in_memory():
    program = recorded(lambda x, y: x + y, normal(4, 6), normal(4, 6))
    compiled = compile(program, Plan(results=(0,), writes=((0, 0),)))
    wide = np.zeros((4, 12))
    fixed = np.arange(24.0).reshape(6, 4).T
    fixed.flags.writeable = False
    agree(compiled.run([wide[:, ::2], fixed])[0], fixed)
    agree(wide[:, ::2], fixed)
    np.testing.assert_array_equal(wide[:, 1::2], 0.0)


def test_index_out_of_bounds_leaves_everything_as_it_was():
    def f(x, i):
        return x - tg.take(x, i, axis=0).sum()

    program = recorded(f, normal(5), np.array([0, 4]))
    compiled = compile(program, Plan(results=(), writes=((0, 0),)))
    x = np.ones(5)
    with pytest.raises(IndexingError, match="take: an index is out of bounds for an axis of size 5"):
        compiled.run([x, np.array([0, 5])])
    np.testing.assert_array_equal(x, 1.0)
    compiled.run([x, np.array([-1, 0])])
    np.testing.assert_array_equal(x, -1.0)


# --- what it refuses, and where it keeps code -------------------------------------------------------------------------


def test_names_what_it_cannot_compile():
    program = recorded(lambda x: tg.sort(x * 2), normal(4))
    with pytest.raises(Unsupported, match=r"sort \(.*test_numba.py"):
        all_results(program)


def test_a_users_own_operation_is_not_taken_for_ours():
    @tg.primitive(name="exp")
    def other(x):
        return x + 1

    program = recorded(lambda x: other(x * 2), normal(3))
    with pytest.raises(Unsupported, match="exp"):
        all_results(program)


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("TINYGRAD_COURSE_CACHE", str(blocked))
    load._said.clear()
    program = recorded(lambda x: x * 3, normal(3))
    with pytest.warns(RuntimeWarning, match="compiled code is not kept"):
        compiled = all_results(program)
    np.testing.assert_array_equal(compiled.run([np.ones(3)])[0], 3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        all_results(recorded(lambda x: x * 4, normal(3)))


def test_code_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAD_COURSE_CACHE", str(tmp_path))
    program = recorded(lambda x: x * 5, normal(3))
    all_results(program)
    (index,) = tmp_path.glob("__pycache__/*.nbi")
    before = index.stat().st_mtime_ns
    compiled = all_results(program)
    assert index.stat().st_mtime_ns == before
    np.testing.assert_array_equal(compiled.run([np.ones(3)])[0], 5.0)


def test_loops_that_are_alike_share_a_function():
    def f(x):
        for _ in range(12):
            x = tg.softmax(x)
        return x

    program = recorded(f, normal(3, 40))
    compiled = all_results(program)
    assert compiled.source.count("\ndef loop") < 12
    agree(compiled.run(examples(program))[0], run(program, examples(program))[0])


def test_loop_that_keeps_more_than_it_has_channels_for():
    program = recorded(lambda x: [tg.exp(x * k) for k in range(1, 15)], normal(300))
    values = examples(program)
    for y, expected in zip(all_results(program).run(values), run(program, values), strict=True):
        agree(y, expected)


def test_program_without_steps():
    x = normal(3)
    program = recorded(lambda x: x, x)
    assert isinstance(program, Program)
    agree(all_results(program).run([x])[0], x)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "f", [lambda x, y: ((y + x) - x).sum(), lambda x, y: ((y * x) / x).prod(), lambda x, y: ((x - y) - x).mean()]
)
def test_only_the_adding_up_is_done_in_any_order(f, dtype):
    x, y = np.zeros(500, dtype), np.ones(500, dtype)
    x[7] = np.inf
    compiled = tg.jit(f, backend="numba")
    for _ in range(3):
        assert np.isnan(f(x, y))
        assert np.isnan(compiled(tg.Tensor(x), tg.Tensor(y)).item())
    assert compiled.runs["compiled"] == 3
