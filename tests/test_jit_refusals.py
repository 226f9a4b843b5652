"""What `jit` cannot follow is an error or another trace, never a silent wrong result."""

import random
import time
from contextvars import ContextVar

import numpy as np
import pytest

import tinygrad_course as tg
from tests.jit_cases import Training, assert_same, backend, batch, jit  # noqa: F401
from tinygrad_course import nn, optim

X = np.array([1.0, 2.0, 3.0])
log = []
count = 0
scale = 2.0
settings = {"power": 2.0, "deep": [{"gain": 3.0}]}
table = np.arange(3.0)
large = np.ones(20_000)
weight = tg.Tensor([1.0, 2.0, 3.0])
generator = np.random.default_rng(0)


class Config:
    offset = 1.5

    def __init__(self):
        self.gain, self.last = 2.0, None

    @property
    def doubled(self):
        return self.gain * 2

    def apply(self, x):
        return x * self.doubled + self.offset


config = Config()

# --- values that Python asks for ---------------------------------------------------------------------------------


def decides(x):
    return x * 2 if x.sum() > 0 else x * 3


def catches(x):
    try:
        return x * float(x.sum())
    except Exception:
        return x * 2


VALUES = {
    "if": decides,
    "while": lambda x: [None for _ in iter(lambda: bool(x.sum() > 9), True)],
    "and": lambda x: (x.sum() > 0) and x * 2,
    "item": lambda x: x * x.sum().item(),
    "float": lambda x: x * float(x.sum()),
    "int": lambda x: x * int(x.sum()),
    "index": lambda x: X[: x.astype(int).sum()],
    "range": lambda x: sum(x * i for i in range(x.astype(int).sum())),
    "tolist": lambda x: x * x.tolist()[0],
    "asarray": lambda x: x * np.asarray(x * 1.0),
    "array": lambda x: x * np.array(x),
    "str": lambda x: (str(x), x * 2)[1],
    "format": lambda x: (f"{x.sum():.3f}", x * 2)[1],
    "in": lambda x: x * (1.0 in x),
    "round trip": lambda x: tg.Tensor([float(v) for v in x]),
    "list": lambda x: tg.asarray([x[0], x[1]]),
    "numpy without a rule": lambda x: np.percentile(x, 50) * x,
    "unique": np.unique,
    "allclose": lambda x: x * np.allclose(x, 1),
    "caught": catches,
    "parameter": lambda x: x * weight.item() if weight.size == 1 else x * weight.data[0].item(),
    "numpy()": lambda x: x * float(tg.Tensor(x).numpy()[0]),
    "detached": lambda x: x * float(tg.Tensor(x).detach().sum()),
    "svd of a derivative": lambda x: tg.grad(lambda a: tg.linalg.svd(a)[0].sum())(np.outer(x, x) + np.eye(3)),
    "an item of an array": lambda x: x.__setitem__(0, 5.0),
    "an array of its own": lambda x: np.add(np.zeros(3), x, out=np.zeros(3)),
    "a method of arrays": lambda x: x.searchsorted(2),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_python_needs_is_refused(name):
    compiled = jit(VALUES[name])
    for _ in range(3):
        with pytest.raises(tg.TraceError):
            compiled(X)
    assert compiled.runs["compiled"] == 0


def test_the_error_names_the_value_the_line_and_the_remedy():
    def step(x):
        total = x.sum()
        return x * float(total)

    with pytest.raises(
        tg.TraceError, match=r"total \(shape \(\)\).*tg\.where.*test_jit_refusals\.py:\d+: return x \* fl"
    ):
        jit(step)(X)


# --- changes in Python ---------------------------------------------------------------------------------------------


def counts(x):
    global count
    count += 1
    return x * count


def keeps(x):
    config.last = x * 2
    return config.last


def sets_deep(x):
    settings["deep"][0]["gain"] += 1
    return x * 2


def closure_counter():
    calls = 0

    def step(x):
        nonlocal calls
        calls += 1
        return x * 2

    return step


CHANGES = {
    "a global": (counts, "count"),
    "a list": (lambda x: (log.append(1), x * 2)[1], "log"),
    "an attribute": (keeps, r"config\.last"),
    "a nested dict": (sets_deep, "gain"),
    "a closure": (closure_counter(), "calls"),
    "numpy's generator": (lambda x: x * np.random.rand(), "random"),  # noqa: NPY002
    "python's generator": (lambda x: x * random.random(), "random"),
    "a generator": (lambda x: x * generator.random(), "random"),
    "a flag of a Tensor": (lambda x: (weight.requires_grad_(True), x * 2)[1], "requires_grad"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_python_is_refused_and_undone(name):
    function, told = CHANGES[name]
    compiled = jit(function)
    for _ in range(2):
        with pytest.raises(tg.TraceError, match=told):
            compiled(X)
    assert (count, log, config.last, settings["deep"][0]["gain"]) == (0, [], None, 3.0)
    assert not weight.requires_grad


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * time.perf_counter(),
        lambda x: x * np.random.default_rng().random(),
        lambda x: x + np.random.default_rng().normal(size=3),
        lambda x: tg.Tensor(x) * np.exp((tg.Tensor(x) * 2).value),  # the way into a Tensor that nobody should take
    ],
)
def test_what_differs_in_the_second_call_is_refused_for_good(function):
    compiled = jit(function)
    compiled(X)
    for _ in range(2):
        with pytest.raises(tg.TraceError, match="second"):
            compiled(X + 1)


# --- what may change between two calls --------------------------------------------------------------------------


def assign(**names):
    globals().update(names)


def many_ways(x):
    return config.apply(x) * scale ** settings["power"] + settings["deep"][0]["gain"] + table + table.sum() * weight


MUTATIONS = {
    "a global": lambda: assign(scale=3.0),
    "a dict": lambda: settings.update(power=3.0),
    "a nested dict": lambda: settings["deep"][0].update(gain=7.0),
    "a list": lambda: settings.update(deep=[{"gain": 9.0}]),
    "an attribute": lambda: setattr(config, "gain", 5.0),
    "a class attribute": lambda: setattr(Config, "offset", 0.25),
    "a method": lambda: setattr(Config, "apply", lambda self, x: x * 100),
    "an object": lambda: assign(config=Config()),
    "an array in place": lambda: table.__setitem__(1, 50.0),
    "an array": lambda: assign(table=np.full(3, 4.0)),
    "a Tensor's data": lambda: weight.data.__setitem__(0, 9.0),
    "a Tensor's array": lambda: setattr(weight, "data", np.full(3, 8.0)),
    "a Tensor": lambda: assign(weight=tg.Tensor([4.0, 4.0, 4.0])),
    "a Tensor of another dtype": lambda: assign(weight=tg.Tensor(np.ones(3, "float32"))),
}


@pytest.fixture
def world():
    names = ("scale", "settings", "config", "table", "weight")
    before = {name: globals()[name] for name in names}
    copies = dict(settings), [dict(settings["deep"][0])], dict(vars(config)), table.copy(), weight.data.copy()
    kept = Config.offset, Config.apply
    yield
    assign(**before)
    settings.clear()
    settings.update(copies[0])
    settings["deep"] = copies[1]
    vars(config).update(copies[2])
    table[:] = copies[3]
    weight.data = copies[4]
    Config.offset, Config.apply = kept


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("calls", [1, 2, 4])
def test_a_changed_surrounding_is_seen(world, name, calls):
    compiled = jit(many_ways)
    for _ in range(calls):
        assert_same(many_ways(X), compiled(X))
    MUTATIONS[name]()
    for k in range(4):
        assert_same(many_ways(X * k), compiled(X * k))
    assert compiled.runs["plain"] == 0


def test_numpy_on_a_global_array_is_seen_to_change():
    compiled = jit(lambda x: x * large.sum())
    try:
        for k in range(4):
            large[7] = k
            assert_same(X * large.sum(), compiled(X))
    finally:
        large[7] = 1


def test_static_arguments_lead_to_programs_of_their_own():
    compiled = jit(lambda x, k, mode="up": x * k if mode == "up" else x - k)
    for k in (2, 3, 2, True, 2.0, -0.0, 0.0, 2):
        assert_same(np.asarray(X * k), compiled(X, k))
    assert_same(X - 2, compiled(X, 2, mode="down"))


def test_a_number_that_changes_all_the_time_is_told():
    compiled = jit(lambda x, k: x * k)
    for k in range(15):
        compiled(X, k)
    with pytest.warns(UserWarning, match="16 times"):
        compiled(X, 15)
    assert_same(X * 16, compiled(X, 16))


def test_dtypes_shapes_and_kinds():
    compiled = jit(lambda x: x * 2.5)
    for x in (X, X.astype("float32"), X.astype(int), X.reshape(1, 3), np.float32(2), tg.Tensor(X), X > 1) * 2:
        assert_same(x * 2.5, compiled(x))


def test_one_tensor_given_twice_is_another_program():
    def step(a, b):
        a.data += 1
        return a + b

    compiled, w, v = jit(step), tg.Tensor([1.0]), tg.Tensor([1.0])
    for _ in range(3):
        assert compiled(w, v).item() == w.item() + 1
    for _ in range(3):
        before = w.item()
        assert compiled(w, w).item() == 2 * (before + 1)


def test_an_argument_that_is_the_memory_of_a_parameter():
    def make():
        w = tg.Tensor([1.0, 2.0], requires_grad=True)

        def step(x):
            (w * w).sum().backward()
            w.data -= 0.1 * w.grad
            w.grad = None
            return tg.asarray(x * 1.0)

        return w, step

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for i in range(6):
        x, y = (a.data, b.data) if i % 2 else (np.ones(2), np.ones(2))
        assert_same(plain(x), compiled(y))
        assert_same(a.data, b.data)


# --- training: what may change between steps --------------------------------------------------------------------


def other_layer(t):
    t.model[0] = nn.Linear(8, 16, rng=np.random.default_rng(9))


def other_parameter(t):
    t.model[0].weight = nn.Parameter(np.full((16, 8), 0.1))


def add_group(t):
    t.extra = nn.Parameter(np.ones(3))
    t.optimizer.add_param_group({"params": [t.extra]})


TRAINING = {
    "lr": lambda t: t.optimizer.param_groups[0].update(lr=0.005),
    "lr 0": lambda t: t.optimizer.param_groups[0].update(lr=0),
    "weight decay": lambda t: t.optimizer.param_groups[0].update(weight_decay=0.1),
    "frozen": lambda t: t.model[0].requires_grad_(False),
    "frozen bias": lambda t: t.model[0].bias.requires_grad_(False),
    "parameter data": lambda t: setattr(t.model[0].weight, "data", t.model[0].weight.data * 0.5),
    "parameter in place": lambda t: t.model[0].weight.data.__imul__(0.5),
    "replaced layer": other_layer,
    "replaced parameter": other_parameter,
    "eval": lambda t: t.model.eval(),
    "loaded": lambda t: t.model.load_state_dict(Training("dropping", "adam", seed=3).model.state_dict()),
    "loaded optimizer": lambda t: t.optimizer.load_state_dict(t.optimizer.state_dict()),
    "state array": lambda t: t.optimizer.state[t.model[0].weight]["exp_avg"].__imul__(2),
    "state replaced": lambda t: t.optimizer.state[t.model[0].weight].update(exp_avg=np.ones((16, 8))),
    "state counted": lambda t: t.optimizer.state[t.model[0].weight].update(step=50),
    "forgotten state": lambda t: t.optimizer.state.clear(),
    "gradients left": lambda t: setattr(t.model[0].weight, "grad", np.ones((16, 8))),
    "another group": add_group,
    "dropout": lambda t: setattr(t.model[2], "p", 0.6),
    "another generator": lambda t: setattr(t.model[2], "rng", np.random.default_rng(77)),
    "generator turned back": lambda t: t.model.load_rng_state(Training("dropping", "adam").model.rng_state()),
    "float32": lambda t: (t.model.to("float32"), t.optimizer.state.clear()),
}


@pytest.mark.parametrize("name", TRAINING)
@pytest.mark.parametrize("calls", [2, 4])
def test_a_change_between_steps_counts(name, calls):
    a, b = (Training("dropping", "adam") for _ in range(2))
    compiled = jit(b.step)
    rng = np.random.default_rng(0)
    for i in range(calls + 4):
        if i == calls:
            TRAINING[name](a)
            TRAINING[name](b)
        x, y = batch("dropping", rng, 6)
        assert_same(a.step(x, y), compiled(x, y))
        assert_same(a.everything(), b.everything(), f"step {i}")
    assert compiled.runs["compiled"] >= 3


own_name = None


def test_a_global_that_is_the_compiled_function_itself():
    t = Training("two_layers", "adam")
    assign(own_name=jit(lambda x, y: (own_name, t.step(x, y))[1]))
    rng = np.random.default_rng(0)
    for _ in range(4):
        own_name(*batch("two_layers", rng, 6))
    assert own_name.runs["compiled"] == 3


def test_a_hook_is_refused():
    t = Training("dropping", "sgd")
    compiled = jit(t.step)
    data = batch("dropping", np.random.default_rng(0), 6)
    for _ in range(3):
        compiled(*data)
    remove = t.model[0].register_forward_hook(lambda module, args, output: output * 2)
    with pytest.raises(tg.TraceError, match="Linear has a forward hook"):
        compiled(*data)
    remove()
    compiled(*data)


# --- data that need what a compiled run does not do --------------------------------------------------------------


def test_zero_times_infinity_in_a_derivative_goes_to_plain_python():
    def make():
        w = tg.Tensor([1.0, 4.0], requires_grad=True)
        net = nn.Dropout(0.5, rng=3)

        def step(x, keep):
            w.grad = None
            (tg.where(keep, tg.sqrt(w * x), 0.0) + net(w)).sum().backward()
            w.data -= 0.01 * w.grad
            return w * 1.0

        return (w, net), step

    (a, plain), (b, step) = make(), make()
    compiled = jit(lambda x, keep: (step(x, keep), None)[1])
    for i in range(6):
        x = np.array([1.0, 0.0 if i in (3, 5) else 2.0])
        keep = np.array([True, i not in (3, 5)])
        plain(x, keep)
        compiled(x, keep)
        assert_same(a[0].data, b[0].data)
        assert_same(a[1].rng_state(), b[1].rng_state())
    assert not np.isnan(b[0].data).any()
    assert compiled.runs["plain"] == 2


@pytest.mark.parametrize("bad", [-1, 10])
def test_a_class_that_there_is_not_is_the_plain_error(bad):
    t = Training("two_layers", "sgd")
    compiled = jit(t.step)
    x, y = batch("two_layers", np.random.default_rng(0), 6)
    for _ in range(3):
        compiled(x, y)
    before = t.everything()["model"]
    y[2] = bad
    with pytest.raises(tg.ShapeError, match=f"class {bad}"):
        compiled(x, y)
    assert_same(before, t.everything()["model"])


def test_ignored_classes_come_and_go():
    a, b = (Training("two_layers", "sgd") for _ in range(2))
    compiled = jit(b.step)
    rng = np.random.default_rng(0)
    for i in range(8):
        x, y = batch("two_layers", rng, 6)
        if i in (3, 4, 6):
            y[:2] = -100
        assert_same(a.step(x, y), compiled(x, y))
        assert_same(a.everything(), b.everything())


def test_a_probability_outside_is_the_plain_error():
    compiled = jit(tg.binary_cross_entropy)
    for p in (0.2, 0.5, 0.9):
        assert_same(tg.binary_cross_entropy(np.array([p]), np.ones(1)), compiled(np.array([p]), np.ones(1)))
    with pytest.raises(tg.ShapeError, match="probabilities"):
        compiled(np.array([1.5]), np.ones(1))


# --- bad input -------------------------------------------------------------------------------------------------------


def test_functions_that_compute_nothing():
    for f, args in ((lambda: 3, ()), (lambda x: 3, (X,)), (lambda x: x, (X,))):
        with pytest.raises(tg.TraceError, match="nothing to compile"):
            jit(f)(*args)


@pytest.mark.parametrize("array", [np.array([None, 1]), np.array([1j]), np.array(["a"]), np.array(["2020"], "M8[Y]")])
def test_arrays_that_no_tensor_holds(array):
    with pytest.raises(tg.DTypeError, match="argument args"):
        jit(lambda x: x)(array)


def test_results_of_other_kinds():
    with pytest.raises(tg.TraceError, match="returned a Config"):
        jit(lambda x: (config, x * 2)[0])(X)


def test_a_tensor_with_a_history():
    history = weight.detach().requires_grad_() * 2
    with pytest.raises(tg.TraceError, match="computed outside with its history"):
        jit(lambda x: (x * history).detach())(X)


def test_a_tensor_from_nowhere():
    secret = ContextVar("secret")
    secret.set(tg.Tensor([1.0]))
    with pytest.raises(tg.TraceError, match="in none of the arguments"):
        jit(lambda x: x * secret.get())(X)


def test_arguments_of_jit_itself():
    with pytest.raises(ValueError, match="backend"):
        tg.jit(lambda x: x, backend="cuda")
    with pytest.raises(TypeError, match="function"):
        tg.jit(3)


def test_without_numba_the_error_names_the_extra(monkeypatch):
    import tinygrad_course.emit.jitted as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"\[fast\]"):
        tg.jit(lambda x: x, backend="numba")
    compiled = tg.jit(lambda x: x * 2)
    assert_same(X * 2, compiled(X))


def test_detect_anomaly_runs_plain_python():
    compiled = jit(lambda x: tg.log(x - 1).sum())
    for _ in range(3):
        compiled(X + 1)
    assert np.isneginf(compiled(X))
    with np.errstate(divide="ignore"), pytest.raises(tg.AnomalyError), tg.detect_anomaly():
        compiled(tg.Tensor(X, requires_grad=True))


def test_optimizer_numbers_that_the_code_reads_are_built_in():
    w = tg.Tensor([1.0], requires_grad=True)
    opt = optim.SGD([w], lr=0.1)
    compiled = jit(lambda x: x * opt.param_groups[0]["lr"])
    for lr in (0.1, 0.1, 0.1, 0.5, 0.5):
        opt.param_groups[0]["lr"] = lr
        assert_same(X * lr, compiled(X))


def test_setting_the_rate_inside_is_refused():
    w = tg.Tensor([1.0], requires_grad=True)
    opt = optim.SGD([w], lr=0.1)

    def step(x):
        opt.param_groups[0]["lr"] *= 0.5
        return x * 2

    with pytest.raises(tg.TraceError, match="lr"):
        jit(step)(X)
    assert opt.param_groups[0]["lr"] == 0.1
