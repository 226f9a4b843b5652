"""Files of weights and checkpoints: training resumed from one is the same bit by bit; bad files change nothing."""

from __future__ import annotations

import builtins
import json
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.optim import lr_scheduler as schedules
from tinygrad_course.train import Checkpoint, EarlyStopping, LoadError, fit
from tinygrad_course.train.pack import pack, unpack

pytest.importorskip("safetensors", reason="needs the extra `save`")


def net(seed=0, hidden=8):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(2, hidden, rng=rng), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(0.3, rng=rng),
        nn.Linear(hidden, 2, rng=rng),
    )  # fmt: skip


class Setup:
    """Everything with a state: two dropout generators, normalisation, an optimiser, a schedule, shuffling."""

    def __init__(self, seed=0, optimizer="Adam", schedule="CosineAnnealingLR", legacy=False, hidden=8):
        self.model = net(seed, hidden)
        options = {"SGD": {"lr": 0.05, "momentum": 0.9}}.get(optimizer, {"lr": 0.01})
        self.optimizer = getattr(tg.optim, optimizer)(self.model.parameters(), **options)
        arguments = {
            "CosineAnnealingLR": {"T_max": 6},
            "ReduceLROnPlateau": {"patience": 0},
            "StepLR": {"step_size": 2},
        }
        self.scheduler = getattr(schedules, schedule)(self.optimizer, **arguments[schedule])
        kind = np.random.MT19937 if legacy else np.random.PCG64
        data = tuple(tg.data.moons(70))
        self.train = tg.data.DataLoader(data, 16, shuffle=True, generator=np.random.Generator(kind(seed)))
        self.valid = tuple(tg.data.moons(40, seed=1))

    def fit(self, epochs, every="epoch", **options):
        return fit(
            self.model, nn.CrossEntropyLoss(), self.optimizer, self.train, self.valid, epochs=epochs,
            metrics=["accuracy"], scheduler=self.scheduler, schedule=every, progress=False, **options,
        )  # fmt: skip

    def everything(self):
        state = [self.model.state_dict(), self.optimizer.state_dict(), self.scheduler.state_dict()]
        return [*state, self.train.state_dict(), self.model.rng_state()]


def bits(tree):
    """A form in which equal means the same bits."""
    if isinstance(tree, dict):
        return {k: bits(x) for k, x in tree.items()}
    if isinstance(tree, list | tuple):
        return [bits(x) for x in tree]
    if isinstance(tree, np.ndarray):
        return tree.dtype.str, tree.shape, tree.tobytes()
    return tree.hex() if isinstance(tree, float) else tree


def without_times(history):
    return [{k: x for k, x in record.items() if k != "seconds"} for record in history]


CASES = [
    ("Adam", "CosineAnnealingLR", "epoch", False), ("AdamW", "CosineAnnealingLR", "batch", True),
    ("SGD", "ReduceLROnPlateau", "epoch", True), ("RMSprop", "StepLR", "batch", False),
    ("Adagrad", "StepLR", "epoch", False),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "schedule", "every", "legacy"), CASES)
def test_resumed_training_is_the_same_bit_by_bit(optimizer, schedule, every, legacy, tmp_path):
    whole = Setup(0, optimizer, schedule, legacy)
    expected = whole.fit(6, every)
    first = Setup(0, optimizer, schedule, legacy)
    first.fit(3, every, callbacks=[Checkpoint(tmp_path / "run")])
    second = Setup(99, optimizer, schedule, legacy)  # other weights, orders and draws, all replaced
    history = second.fit(6, every, resume=tmp_path / "run")
    assert bits(second.everything()) == bits(whole.everything())
    assert bits(without_times(history)) == bits(without_times(expected))


@pytest.mark.parametrize("saved_first", [True, False])
def test_early_stopping_resumed(saved_first, tmp_path):
    def callbacks():
        both = [
            Checkpoint(tmp_path / "{epoch}"),
            EarlyStopping("train_loss", patience=3, min_delta=0.05, restore_best=True),
        ]
        return both if saved_first else both[::-1]

    whole = Setup()
    expected = whole.fit(40, callbacks=callbacks())
    assert 4 < len(expected) < 40
    for epoch in (2, len(expected) - 1, len(expected)):
        again = Setup(5)
        history = again.fit(40, callbacks=callbacks(), resume=tmp_path / str(epoch))
        assert history.stopped == expected.stopped
        assert without_times(history) == without_times(expected)
        assert bits(again.model.state_dict()) == bits(whole.model.state_dict())


def test_checkpoint_when(tmp_path):
    Setup().fit(5, callbacks=[Checkpoint(tmp_path / "every-{epoch:02d}", every=2)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["every-02", "every-04", "every-05"]  # and nothing else left


def test_checkpoint_of_the_best(tmp_path):
    setup = Setup()
    history = setup.fit(8, callbacks=[Checkpoint(tmp_path / "best", best=True, monitor="valid_accuracy")])
    model = net(7)
    tg.load(tmp_path / "best", model)
    found = tg.train.evaluate(model, nn.CrossEntropyLoss(), setup.valid, ["accuracy"])
    assert found["accuracy"] == history.best_by("valid_accuracy")["valid_accuracy"]


def test_a_function_and_its_parameters_resume(tmp_path):
    def run(epochs, **options):
        w, b = tg.Tensor(np.zeros((2, 1)), requires_grad=True, name="w"), tg.Tensor(np.zeros(1), requires_grad=True)
        data = (np.arange(20.0).reshape(10, 2) / 20, np.arange(10.0)[:, None])
        fit(
            lambda x: x @ w + b,
            tg.mse_loss,
            tg.optim.Adam([w, b], lr=0.1),
            data,
            epochs=epochs,
            batch_size=3,
            **options,
        )
        return bits([w.data, b.data])

    whole = run(4, generator=0, progress=False)
    run(2, generator=0, progress=False, callbacks=[Checkpoint(tmp_path / "f")])
    assert run(4, progress=False, resume=tmp_path / "f") == whole
    assert sorted(tg.load(tmp_path / "f")) == ["parameter1", "w"]


# --- files ------------------------------------------------------------------------------------------------------------


def test_save_and_load(tmp_path):
    model, other = net(0), net(1)
    model.to("float32")
    model[0].weight.data = np.asfortranarray(model[0].weight.data)
    tg.save(model, tmp_path / "m")
    state = tg.load(tmp_path / "m")
    assert bits(state) == bits(model.state_dict())
    assert all(x.flags.writeable for x in state.values())
    tg.load(tmp_path / "m", other.to("float32"))
    assert bits(other.state_dict()) == bits(model.state_dict())


def test_the_file_is_plain_safetensors(tmp_path):
    """Another reader needs eight bytes, JSON, and arrays in C order."""
    tg.save({"a": np.arange(6.0).reshape(2, 3).T, "b": np.array(True)}, tmp_path / "x")
    data = (tmp_path / "x").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8 : 8 + size])["a"]
    start, stop = entry["data_offsets"]
    assert entry["shape"] == [3, 2]
    assert np.frombuffer(data[8 + size + start : 8 + size + stop]).tolist() == [0, 3, 1, 4, 2, 5]


def test_files_of_other_programs(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    weights = {"weight": np.ones((2, 3)), "bias": np.zeros(2)}
    library.save_file(weights, tmp_path / "pt", metadata={"format": "pt"})
    layer = nn.Linear(3, 2)
    assert bits(tg.load(tmp_path / "pt", layer)) == bits(weights)
    assert layer.weight.data.tolist() == np.ones((2, 3)).tolist()


def test_nested_state(tmp_path):
    setup = Setup()
    setup.fit(1)
    state = {"optimizer": setup.optimizer.state_dict(), "epoch": 3, "rate": 0.1, "note": "é", "none": None}
    tg.save(state, tmp_path / "s")
    assert bits(tg.load(tmp_path / "s")) == bits(state)


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5),
    st.sampled_from([np.arange(3), np.float32([[1]]), np.array(2.0)]),
)  # fmt: skip
keys = st.one_of(st.text(max_size=4), st.integers(-3, 3), st.sampled_from(["$array", "$tuple", "$dict", "a/b"]))
trees = st.recursive(
    leaves,
    lambda t: st.one_of(
        st.lists(t, max_size=3), st.lists(t, max_size=3).map(tuple), st.dictionaries(keys, t, max_size=3)
    ),
)


@given(trees)
def test_packing_loses_nothing(tree):
    arrays, text = pack(tree, "state")
    again = unpack(arrays, text)
    assert type(again) is type(tree)
    assert bits(again) == bits(tree)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": np.array(["x"])}, "a has dtype <U1"),
        ({"a": np.array([1j])}, "a has dtype complex128"),
        ({"a": {"b": {1, 2}}}, "state/a/b is a set"),
        ([np.ones(2)], "give a Module or a dict, not a list"),
    ],
)
def test_what_cannot_be_saved(state, message, tmp_path):
    with pytest.raises(tg.DTypeError, match=message):
        tg.save(state, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    tg.save({"a": np.ones(2)}, path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(tg.SaveError, match="No space left"):
        tg.save({"a": np.zeros(2)}, path)
    assert tg.load(path)["a"].tolist() == [1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


# --- bad files --------------------------------------------------------------------------------------------------------


def checkpoint(tmp_path, **options):
    path = tmp_path / "good"
    Setup(**options).fit(2, callbacks=[Checkpoint(path)])
    return path


def header_changed(data, old, new):
    size = struct.unpack("<Q", data[:8])[0]
    header = data[8 : 8 + size].replace(old, new)
    assert header != data[8 : 8 + size]
    return struct.pack("<Q", len(header)) + header + data[8 + size :]


DAMAGE = {
    "empty": lambda data: b"",
    "cut in the length": lambda data: data[:5],
    "cut in the header": lambda data: data[:300],
    "cut in the arrays": lambda data: data[:-1],
    "longer": lambda data: data + b"x",
    "pickle": lambda data: pickle.dumps({"weight": [1.0]}),
    "HDF5": lambda data: b"\x89HDF\r\n\x1a\n" + bytes(100),
    "text": lambda data: b"epoch,loss\n1,0.5\n" * 9,
    "a dtype that NumPy has not": lambda data: header_changed(data, b'"F64"', b'"Q77"'),
    "JSON of another": lambda data: header_changed(data, b'{\\"epoch\\"', b'{,\\"epoch\\"'),
    "an array that is gone": lambda data: header_changed(data, b"training/optimizer/state/state/0/exp_avg", b"gone"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_files_change_nothing(kind, tmp_path):
    good = checkpoint(tmp_path).read_bytes()
    path = tmp_path / "bad"
    data = DAMAGE[kind](good)
    if kind == "an array that is gone":  # the reference stays, the array goes
        data = header_changed(good, b'"training/optimizer/state/state/0/exp_avg":', b'"gone":')
    path.write_bytes(data)
    setup = Setup(3)
    before = bits(setup.everything())
    with pytest.raises(LoadError, match=r"cannot load .*bad"):
        setup.fit(4, resume=path)
    with pytest.raises(LoadError):
        tg.load(path, setup.model)
    assert bits(setup.everything()) == before


def test_every_truncation_is_noticed(tmp_path):
    tg.save(nn.Linear(3, 2), tmp_path / "x")
    data = (tmp_path / "x").read_bytes()
    for size in range(len(data)):
        (tmp_path / "x").write_bytes(data[:size])
        with pytest.raises(LoadError):
            tg.load(tmp_path / "x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": 9}, r"0.weight is \(8, 2\) in the state, \(9, 2\) in the module"),
        ({"optimizer": "SGD"}, "optimizer was Adam when the checkpoint was written, and is SGD now"),
        ({"schedule": "StepLR"}, "scheduler was CosineAnnealingLR when the checkpoint was written, and is StepLR now"),
        ({"legacy": True}, "not the state of a DataLoader that draws from MT19937"),
    ],
)
def test_checkpoints_of_another_setup_change_nothing(options, message, tmp_path):
    path = checkpoint(tmp_path)
    setup = Setup(3, **options)
    before = bits(setup.everything())
    with pytest.raises(LoadError, match=message):
        setup.fit(4, resume=path)
    assert bits(setup.everything()) == before


def test_wrong_shapes_name_the_key_and_both(tmp_path):
    tg.save(net(hidden=8), tmp_path / "x")
    model = net(1, hidden=9)
    before = bits(model.state_dict())
    with pytest.raises(nn.StateDictError, match=r"x: .*\n.*0.weight is \(8, 2\) in the state, \(9, 2\) in the module"):
        tg.load(tmp_path / "x", model)
    assert bits(model.state_dict()) == before


@pytest.mark.parametrize("place", ["missing", "."])
def test_no_file(place, tmp_path):
    with pytest.raises(LoadError, match=r"there is no such file|it is a folder"):
        tg.load(tmp_path / place)


def test_weights_are_no_checkpoint(tmp_path):
    setup = Setup()
    tg.save(setup.model, tmp_path / "w")
    with pytest.raises(LoadError, match=r"it holds no training run; for weights there is tg.load"):
        setup.fit(2, resume=tmp_path / "w")


def test_without_the_library(monkeypatch, tmp_path):
    real = builtins.__import__

    def refuse(name, *args):
        if name.startswith("safetensors"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(ImportError, match=r'pip install "tinygrad_course\[save\]"'):
        tg.save({"a": np.ones(1)}, tmp_path / "x")
