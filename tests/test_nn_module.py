"""`nn.Module`: what is registered, state dicts, copies, text; and the containers."""

from __future__ import annotations

import copy
import doctest
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn


class Net(nn.Module):
    """Parameters, buffers of both kinds and modules, assigned in a mixed order."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh())
        self.scale = nn.Parameter([1.0, 2.0, 3.0])
        self.register_buffer("offset", [0.5, 0.5, 0.5])
        self.register_buffer("scratch", [1.0], persistent=False)
        self.absent = None
        self.plain = np.ones(3)
        self.wanted = tg.Tensor([1.0], requires_grad=True)  # no Parameter

    def forward(self, x):
        return self.inner(x) * self.scale + self.offset


KEYS = ["scale", "offset", "inner.0.weight", "inner.0.bias"]


def test_what_is_registered():
    net = Net()
    assert [*net.state_dict()] == KEYS
    assert [name for name, _ in net.named_parameters()] == ["scale", "inner.0.weight", "inner.0.bias"]
    assert [name for name, _ in net.named_buffers()] == ["offset", "scratch"]
    assert [name for name, _ in net.named_modules()] == ["", "inner", "inner.0", "inner.1"]
    assert [name for name, _ in net.named_children()] == ["inner"]
    assert [*net.parameters()] == [net.scale, net.inner[0].weight, net.inner[0].bias]
    assert [*net.parameters(recurse=False)] == [net.scale]
    assert [name for name, _ in net.named_parameters("model")][-1] == "model.inner.0.bias"
    assert net.get_submodule("inner.0") is net.inner[0]
    assert net.get_submodule("") is net
    with pytest.raises(AttributeError, match=r"Sequential has no '7'; it has 0, 1"):
        net.get_submodule("inner.7")


def test_parameters_are_named_by_their_place_unless_they_have_a_name():
    net = Net()
    assert [p.name for p in net.parameters()] == ["scale", "inner.0.weight", "inner.0.bias"]
    net.special = nn.Parameter(1.0, name="theta")
    assert nn.Sequential(net)[0].special.name == "theta"
    assert net.inner[0].weight.name == "0.inner.0.weight"


def test_parameters_used_twice_come_once_but_have_both_keys():
    net = nn.Module()
    net.a = nn.Linear(2, 2)
    net.b = nn.Linear(2, 2)
    net.b.weight = net.a.weight
    net.c = net.a
    assert [name for name, _ in net.named_parameters()] == ["a.weight", "a.bias", "b.bias"]
    assert [*net.state_dict()] == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]
    assert [*net.children()] == [net.a, net.b]
    twin = copy.deepcopy(net)
    assert twin.b.weight is twin.a.weight
    assert twin.c is twin.a


def test_a_call_runs_forward_in_a_scope_of_its_module():
    net = Net()
    y = net(np.ones((4, 2)))
    assert y.shape == (4, 3)
    assert y.scope.owner is net
    product = y.inputs[0]
    tanh = product.inputs[0]
    assert (tanh.scope.name, tanh.scope.parent.name, tanh.scope.parent.parent.owner) == ("Tanh", "Sequential", net)
    with pytest.raises(NotImplementedError, match=r"Module has no forward\(\)"):
        nn.Module()(1)
    assert tg.Tensor(1.0).scope is None  # also after the error


def test_super_init_is_not_needed():
    class Bare(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    assert len([*Bare().parameters()]) == 2
    assert Bare().training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda n: setattr(n, "scale", tg.Tensor(1.0)),
            r"Net\.scale is a Parameter, a Tensor cannot replace it",
        ),
        (lambda n: setattr(n, "inner", 3), r"Net\.inner is a Module, a int cannot replace it"),
        (lambda n: n.add_module("a.b", nn.Tanh()), r"'a\.b' cannot name a part of a module"),
        (lambda n: n.add_module("", nn.Tanh()), "'' cannot name"),
        (lambda n: n.add_module("train", nn.Tanh()), "train is a method of Net: give"),
        (lambda n: setattr(n, "forward", nn.Tanh()), "forward is a method of Net"),
        (lambda n: n.add_module("x", nn.Tanh), r"the class Tanh \(forgot the brackets"),
        (lambda n: n.register_parameter("x", tg.Tensor(1.0)), "give a Parameter or None, not a Tensor"),
        (lambda n: n.to(int), r"to\(int64\): parameters are real floats"),
        (lambda n: n.to("cuda"), "there are no devices"),
        (lambda n: n.inner.append(tg.relu), r"not a Primitive; the function's module has a capital"),
        (lambda n: n.inner.append(nn.ReLU), r"did you mean ReLU\(\)\?"),
        (lambda n: nn.Parameter([1, 2]), "cannot require a gradient"),
    ],
)
def test_refusals(change, message):
    net = Net()
    before = net.state_dict()
    with pytest.raises(tg.DTypeError, match=message):
        change(net)
    assert [*net.state_dict()] == [*before]


def test_none_takes_a_part_out_and_parts_replace_each_other():
    net = Net()
    net.scale = None
    net.register_parameter("extra", None)
    assert "scale" not in net.state_dict()
    net.offset = [1.0, 1.0, 1.0]  # a buffer stays one
    assert isinstance(net.offset, tg.Tensor)
    assert "offset" in net.state_dict()
    net.offset = nn.Parameter([2.0])
    assert "offset" in dict(net.named_parameters())
    assert "offset" not in dict(net.named_buffers())
    del net.scratch
    assert [*net.buffers()] == []


def test_modules_in_a_plain_list_are_warned_of():
    net = nn.Module()
    with pytest.warns(UserWarning, match=r"Module\.layers is a list .* nn\.ModuleList"):
        net.layers = [nn.Tanh()]
    with pytest.warns(UserWarning, match=r"nn\.ModuleDict"):
        net.heads = {"a": nn.Parameter(1.0)}
    net.sizes = [1, 2]


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_dict_is_a_copy_and_loads_back():
    net = Net()
    x = np.ones((4, 2))
    saved, y = net.state_dict(), net(x).numpy()
    for p in net.parameters():
        p.data -= 1.0
    assert not np.allclose(net(x).numpy(), y)
    kept = [*net.parameters()]
    report = net.load_state_dict(saved)
    assert report == ([], [])
    assert np.array_equal(net(x).numpy(), y)
    assert [*net.parameters()] == kept  # an optimiser still holds them
    net.scale.data[...] = 0
    assert saved["scale"].tolist() == [1, 2, 3]


def test_states_may_hold_tensors_and_lists_and_take_on_the_dtype_here():
    net = Net().to("float32")
    state = net.state_dict() | {"scale": tg.Tensor([7.0, 8.0, 9.0]), "offset": [1, 2, 3]}
    net.load_state_dict(state)
    assert net.scale.dtype == np.float32
    assert net.scale.tolist() == [7, 8, 9]
    assert net.offset.tolist() == [1, 2, 3]
    assert net.offset.dtype == np.float32


SPOILT = {
    "missing": (lambda s: s.pop("scale"), r"\n  missing: scale \(3,\)$"),
    "unexpected": (lambda s: s.update(other=np.ones((2, 1))), r"\n  unexpected: other \(2, 1\)$"),
    "shape": (
        lambda s: s.update({"inner.0.weight": np.ones((2, 3))}),
        r"\n  wrong shape: inner\.0\.weight is \(2, 3\) in the state, \(3, 2\) in the module$",
    ),
    "text": (lambda s: s.update(offset="abc"), "\n  offset has dtype <U3: it holds text"),
    "complex": (lambda s: s.update(offset=np.ones(3) * 1j), "\n  offset has dtype complex128"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_state_that_does_not_fit_changes_nothing(case):
    spoil, message = SPOILT[case]
    net = Net()
    before = net.state_dict()
    state = {key: value + 1 for key, value in before.items()}
    spoil(state)
    with pytest.raises(nn.StateDictError, match=message) as caught:
        net.load_state_dict(state)
    assert isinstance(caught.value, ValueError | RuntimeError)
    assert all(np.array_equal(before[k], v) for k, v in net.state_dict().items())


def test_all_that_does_not_fit_is_named_at_once():
    net = Net()
    with pytest.raises(nn.StateDictError) as caught:
        net.load_state_dict({"scale": np.ones(4), "other": 1.0})
    assert str(caught.value).splitlines() == [
        "load_state_dict: this state does not fit Net, which stays as it was",
        "  missing: offset (3,), inner.0.weight (3, 2), inner.0.bias (3,)",
        "  unexpected: other ()",
        "  wrong shape: scale is (4,) in the state, (3,) in the module",
    ]


def test_without_strict_only_shapes_must_fit():
    net = Net()
    report = net.load_state_dict({"scale": np.zeros(3), "other": 1.0}, strict=False)
    assert report.missing_keys == KEYS[1:]
    assert report.unexpected_keys == ["other"]
    assert net.scale.tolist() == [0, 0, 0]
    with pytest.raises(nn.StateDictError, match="wrong shape"):
        net.load_state_dict({"scale": np.zeros(4)}, strict=False)


def test_loading_between_forward_and_backward_is_noticed():
    net = Net()
    loss = net(np.ones((4, 2))).sum()
    net.load_state_dict(net.state_dict())
    with pytest.raises(tg.MutationError, match=r"inner\.0\.weight|scale"):
        loss.backward()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_equal_and_independent(duplicate):
    net = nn.Sequential(Net(), nn.Dropout(0.5, rng=3))
    twin = duplicate(net)
    x = np.ones((4, 2))
    assert np.array_equal(net(x).numpy(), twin(x).numpy())  # the generators are copied too
    assert repr(net) == repr(twin)
    twin[0].scale.data -= 1
    assert net[0].scale.tolist() == [1, 2, 3]
    assert not {*map(id, net.parameters())} & {*map(id, twin.parameters())}


# --- modes and conversions --------------------------------------------------------------------------------------------


def test_modes_reach_every_module():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


def test_freezing_and_zero_grad():
    net = Net()
    net.inner.requires_grad_(False)
    net(np.ones((4, 2))).sum().backward()
    assert net.inner[0].weight.grad is None
    assert net.scale.grad is not None
    net.zero_grad()
    assert net.scale.grad is None


def test_to_converts_floats_in_place():
    net = Net()
    net.register_buffer("count", np.array(3))
    kept = [*net.parameters()]
    net(np.ones((4, 2))).sum().backward()
    net.to("float32")
    assert [*net.parameters()] == kept
    assert {p.dtype for p in net.parameters()} | {p.grad.dtype for p in net.parameters()} == {np.dtype("float32")}
    assert net.count.dtype == np.int64
    assert net(np.ones((4, 2), "float32")).dtype == np.float32
    assert net.astype(float).scale.dtype == np.float64


def test_apply_goes_from_the_inside_out():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "Tanh", "Sequential", "Net"]


def test_forward_hooks_see_and_replace_outputs():
    layer, seen = nn.Linear(2, 3), []
    remove = layer.register_forward_hook(lambda m, args, y: seen.append((m, args[0].shape, y.shape)))
    layer(np.ones((5, 2)))
    assert seen == [(layer, (5, 2), (5, 3))]
    remove()
    layer.register_forward_hook(lambda m, args, y: y * 0)
    assert layer(np.ones((5, 2))).tolist() == [[0.0] * 3] * 5
    assert len(seen) == 1


# --- text -------------------------------------------------------------------------------------------------------------


def test_repr_is_a_tree():
    assert repr(Net()) == (
        "Net(  # 12 parameters, of its own: scale (3,)\n"
        "  (inner): Sequential(  # 9 parameters\n"
        "    (0): Linear(in_features=2, out_features=3)  # 9: weight (3, 2), bias (3,)\n"
        "    (1): Tanh()\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Linear(64, 32)).endswith("  # 2,080: weight (32, 64), bias (32,)")
    assert repr(nn.Parameter(np.eye(2))) == "Parameter([[1., 0.],\n           [0., 1.]], requires_grad=True)"


def test_summary_runs_the_model_and_leaves_it_as_it_was():
    shared = nn.Linear(4, 4)
    net = nn.Sequential(nn.Linear(2, 4), shared, nn.BatchNorm1d(4), shared, nn.Dropout(0.5, rng=0))
    net[0].requires_grad_(False)
    net[2].eval()
    draws = str(net.rng_state())
    found = nn.summary(net, np.ones((3, 2)))
    assert [(r.path, r.layer, r.output, r.parameters) for r in found.rows] == [
        ("0", "Linear", "(3, 4)", 12),
        ("1", "Linear", "(3, 4)", 20),
        ("2", "BatchNorm1d", "(3, 4)", 8),
        ("1", "Linear", "(3, 4)", 0),
        ("4", "Dropout", "(3, 4)", 0),
    ]
    assert str(found).splitlines()[-1] == "40 parameters, 12 of them frozen"
    assert len({len(line) for line in str(found).splitlines()[:-1]}) == 1
    assert [m.training for m in net] == [True, True, False, True, True]
    assert not any(m._hooks for m in net.modules())
    assert int(net[2].num_batches_tracked) == 0
    assert str(net.rng_state()) == draws
    assert str(nn.summary(net, (3, 2))) == str(found)
    with pytest.raises(tg.ShapeError, match="Linear"):
        nn.summary(net, (3, 5))
    assert not any(m._hooks for m in net.modules())


# --- containers -------------------------------------------------------------------------------------------------------


def test_sequential_is_a_list_of_modules():
    a, b, c = nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)
    net = nn.Sequential(a, b, c)
    assert [*net] == [a, b, c]
    assert (len(net), net[0], net[-1]) == (3, a, c)
    assert isinstance(net[1:], nn.Sequential)
    assert [*net[1:].state_dict()] == ["2.weight", "2.bias"]  # as in PyTorch
    assert np.array_equal(net[:2](np.ones(2)).numpy(), b(a(np.ones(2))).numpy())
    net[1] = relu = nn.ReLU()
    net.insert(0, b)
    assert [*net] == [b, a, relu, c]
    assert [*net.state_dict()] == ["1.weight", "1.bias", "3.weight", "3.bias"]
    del net[0], net[-1]
    assert [*net] == [a, relu]
    net.extend([c, b]).append(relu)
    assert [name for name, _ in net.named_children()] == ["0", "1", "2", "3", "4"]
    assert [*net][-1] is relu
    for wrong in (lambda: net[9], lambda: net.__delitem__(9), lambda: net.__setitem__(-9, a)):
        with pytest.raises(IndexError, match="is out of range: this Sequential has 5 modules"):
            wrong()


def test_sequential_takes_names():
    net = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), act=nn.Tanh()))
    assert [*net.state_dict()] == ["first.weight", "first.bias"]
    assert net.act is net[1]
    assert [name for name, _ in net[1:].named_children()] == ["act"]


def test_a_module_in_sequential_twice_runs_twice():
    double = nn.Module()
    double.forward = lambda x: 2 * x
    assert nn.Sequential(double, double)(3.0) == 12.0


def test_module_list():
    layers = nn.ModuleList(nn.Linear(n, n) for n in (1, 2, 3))
    assert [layer.in_features for layer in layers[1:]] == [2, 3]
    assert next(iter(layers[1:].state_dict())) == "0.weight"
    assert [*map(len, (layers, layers + layers[1:]))] == [3, 5]
    layers[0] = nn.Linear(9, 9)
    assert layers[0].in_features == 9
    with pytest.raises(NotImplementedError):
        layers(1)


def test_module_dict():
    heads = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Tanh()})
    heads["c"] = nn.ReLU()
    assert [*heads] == [*heads.keys()] == ["a", "b", "c"]
    assert "a" in heads
    assert [type(m).__name__ for m in heads.values()] == ["Linear", "Tanh", "ReLU"]
    assert [*heads.state_dict()] == ["a.weight", "a.bias"]
    assert isinstance(heads.pop("b"), nn.Tanh)
    del heads["a"]
    assert [name for name, _ in heads.items()] == ["c"]
    heads.clear()
    assert len(heads) == 0
    with pytest.raises(KeyError):
        heads["c"]
    with pytest.raises(tg.DTypeError, match="keys is a method"):
        heads["keys"] = nn.ReLU()


def test_the_page_on_layers_is_true():
    page = Path(__file__).parent.parent / "docs" / "nn.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 15
    assert not found.failed
