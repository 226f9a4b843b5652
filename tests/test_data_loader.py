"""Batches, splits and the steps before training."""

import json
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_course as tg
from tinygrad_course.data import DataError, DataLoader, Dataset, Subset, TensorDataset

Pair = namedtuple("Pair", "X Y")
FINITE = st.floats(-1e50, 1e50)


class Squares(Dataset):
    """A user's own: an example is a dict of an array and a number."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return {"x": np.full(2, index), "y": index**2}


# --- loader -----------------------------------------------------------------------------------------------------------


@given(
    count=st.integers(0, 40), size=st.integers(1, 45), shuffle=st.booleans(), columns=st.booleans(), seed=st.integers(0)
)
def test_an_epoch_has_every_example_once(count, size, shuffle, columns, seed):
    X = np.arange(3.0 * count).reshape(count, 3)
    y = np.arange(count)
    data = (X.T, y[np.newaxis]) if columns else (X, y)
    loader = DataLoader(data, size, shuffle, generator=seed, examples="columns" if columns else "rows")
    batches = [(a.T, b[0]) if columns else (a, b) for a, b in loader]
    assert len(batches) == len(loader)
    seen = np.concatenate([b for _, b in batches]) if batches else np.array([], int)
    assert sorted(seen) == list(range(count))
    assert shuffle or list(seen) == list(range(count))
    for a, b in batches:
        np.testing.assert_array_equal(a, X[b])  # inputs and labels stay together
    assert all(len(b) == size for _, b in batches[:-1])


@given(count=st.integers(1, 40), size=st.integers(1, 40))
def test_drop_last(count, size):
    if size > count:
        with pytest.raises(DataError, match="drop_last"):
            DataLoader(np.arange(count), size, drop_last=True)
        return
    loader = DataLoader(np.arange(count), size, drop_last=True, shuffle=True, generator=0)
    batches = list(loader)
    assert len(batches) == len(loader) == count // size
    assert {len(b) for b in batches} == {size}
    assert len(np.unique(batches)) == len(batches) * size


def test_shuffle_is_new_every_epoch_and_repeats_with_the_seed():
    one, two = (DataLoader(np.arange(50), 50, shuffle=True, generator=4) for _ in range(2))
    epochs = [next(iter(one)) for _ in range(3)]
    np.testing.assert_array_equal(epochs, [next(iter(two)) for _ in range(3)])
    assert len({epoch.tobytes() for epoch in epochs}) == 3
    unseeded = [next(iter(DataLoader(np.arange(50), 50, shuffle=True))).tobytes() for _ in range(2)]
    assert unseeded[0] != unseeded[1]


def test_shuffle_leaves_the_global_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    list(DataLoader(np.arange(9), shuffle=True))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_two_walks_at_once_do_not_disturb_each_other():
    loader = DataLoader(np.arange(20), 5, shuffle=True, generator=0)
    pairs = list(zip(loader, loader, strict=True))
    assert sorted(np.concatenate([a for a, _ in pairs])) == list(range(20))
    assert sorted(np.concatenate([b for _, b in pairs])) == list(range(20))


@pytest.mark.parametrize("bits", ["PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_state_goes_on_through_json(bits):
    def loader(seed):
        rng = np.random.Generator(getattr(np.random, bits)(seed))
        return DataLoader(np.arange(30), 7, shuffle=True, generator=rng)

    first, later = loader(1), loader(2)
    list(first)
    state = json.loads(json.dumps(first.state_dict()))
    expected = [np.concatenate(list(first)) for _ in range(3)]
    later.load_state_dict(state)
    np.testing.assert_array_equal([np.concatenate(list(later)) for _ in range(3)], expected)


@pytest.mark.parametrize(
    "state",
    [{}, {"generator": 5}, {"generator": {"bit_generator": "MT19937"}}, {"generator": {"bit_generator": "PCG64"}}],
)
def test_a_foreign_state_is_refused(state):
    loader = DataLoader(np.arange(5))
    before = loader.state_dict()
    with pytest.raises(DataError, match="state of a DataLoader that draws from PCG64"):
        loader.load_state_dict(state)
    assert loader.state_dict() == before


@pytest.mark.parametrize("size", [0, -1, 2.5, None, "3"])
def test_batch_size_must_be_a_whole_number(size):
    with pytest.raises(DataError, match="batch_size"):
        DataLoader(np.arange(5), size)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("examples", ["rows", "columns"])
def test_batches_are_copies(shuffle, examples):
    X = np.ones((4, 4))
    for batch in DataLoader(X, 2, shuffle, examples=examples):
        batch[...] = 7
    assert np.all(X == 1)


def test_structures_stay():
    X, Y = np.ones((4, 2)), np.arange(4)
    assert isinstance(next(iter(DataLoader(X, 2))), np.ndarray)
    assert isinstance(next(iter(DataLoader(Pair(X, Y), 2))), Pair)
    assert next(iter(DataLoader({"x": X, "more": (Y, Y)}, 3)))["more"][1].tolist() == [0, 1, 2]
    assert type(next(iter(DataLoader(TensorDataset(X, Y), 2)))) is tuple
    batch = next(iter(DataLoader(tg.Tensor(X), 2)))
    assert type(batch) is np.ndarray


def test_a_users_dataset_and_a_list():
    batches = list(DataLoader(Squares(), 4))
    assert batches[0]["x"].shape == (4, 2)
    assert batches[1]["y"].tolist() == [16, 25, 36]
    pairs = [([1.0, 2.0], 0), ([3.0, 4.0], 1), ([5.0, 6.0], 0)]
    X, y = next(iter(DataLoader(pairs, 3)))
    assert (X.shape, y.tolist()) == ((3, 2), [0, 1, 0])
    X, _ = next(iter(DataLoader(pairs, 3, examples="columns")))
    assert X.tolist() == [[1, 3, 5], [2, 4, 6]]
    X, y = next(iter(DataLoader(([[1, 2], [3, 4]], [0, 1]), 2)))  # a tuple of lists
    assert (X.shape, y.shape) == ((2, 2), (2,))
    assert next(iter(DataLoader(["a", "bc"], 2, collate_fn="-".join))) == "a-bc"


@pytest.mark.parametrize(
    ("data", "examples", "words"),
    [
        ((np.ones((4, 2)), np.ones(3)), "rows", r"\[0\] \(4, 2\) has 4, \[1\] \(3,\) has 3"),
        ({"x": np.ones((4, 2)), "y": np.ones((1, 4))}, "columns", r"\['x'\] \(4, 2\) has 2, \['y'\] \(1, 4\) has 4"),
        ((np.ones(4), 1.0), "rows", r"\[1\] is a single value"),
        ((), "rows", "no array"),
        (5, "rows", "int is no data"),
        (np.ones(4), "row", '"rows" or "columns"'),
        ([1], "row", '"rows" or "columns"'),
        (TensorDataset(np.ones(4)), "columns", "lies in rows"),
    ],
)
def test_data_that_does_not_fit(data, examples, words):
    with pytest.raises(DataError, match=words):
        DataLoader(data, examples=examples)


def test_examples_that_do_not_stack():
    with pytest.raises(DataError, match=r"at \[0\] do not stack .* \[\(1,\), \(2,\)\]"):
        list(DataLoader([(np.ones(2), 0), (np.ones(1), 1)], 2))


def test_a_dataset_must_say_what_it_has():
    with pytest.raises(NotImplementedError, match="__len__"):
        len(Dataset())
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Dataset()[0]


def test_single_examples():
    rows, columns = (
        TensorDataset(np.eye(3), np.arange(3)),
        TensorDataset(np.eye(3), np.ones((1, 3)), examples="columns"),
    )
    assert [x.tolist() for x in rows[-1]] == [[0, 0, 1], 2]
    assert [x.shape for x in columns[1]] == [(3,), (1,)]
    with pytest.raises(IndexError):
        rows[3]


# --- parts ------------------------------------------------------------------------------------------------------------


def test_subset_of_a_subset():
    data = Subset(Subset(np.arange(10) * 10, [9, 7, 5, 3]), [2, 0])
    assert [data[i] for i in range(len(data))] == [50, 90]
    assert data.batch([1, 0]).tolist() == [90, 50]
    assert next(iter(DataLoader(data, 2))).tolist() == [50, 90]
    with pytest.raises(DataError, match="lies outside"):
        Subset(np.arange(3), [3])


def test_subset_keeps_the_layout():
    part = Subset(TensorDataset(np.eye(4)[:2], examples="columns"), [1, 3])
    assert next(iter(DataLoader(part, 2)))[0].tolist() == [[0, 0], [1, 0]]


@given(count=st.integers(1, 60), shares=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0))
def test_random_split_by_shares(count, shares, seed):
    shares = [n / sum(shares) for n in shares]
    parts = tg.data.random_split(np.arange(count), shares, generator=seed)
    assert sorted(np.concatenate([part.indices for part in parts])) == list(range(count))
    for part, share in zip(parts, shares, strict=True):
        assert abs(len(part) - share * count) < len(shares)


def test_random_split_by_numbers():
    assert [len(part) for part in tg.data.random_split(np.arange(11), [0.5, 0.5])] == [6, 5]
    parts = tg.data.random_split(list("abcdef"), [4, 0, 2], generator=1)
    assert [len(part) for part in parts] == [4, 0, 2]
    again = tg.data.random_split(list("abcdef"), [4, 0, 2], generator=1)
    assert [list(p.indices) for p in parts] == [list(p.indices) for p in again]


@pytest.mark.parametrize("lengths", [[4, 1], [0.5, 0.4], [7, -1], [-0.5, 1.5], []])
def test_random_split_must_add_up(lengths):
    with pytest.raises(DataError, match="add up to 6"):
        tg.data.random_split(np.arange(6), lengths)


@given(
    counts=st.lists(st.integers(4, 30), min_size=1, max_size=4), share=st.floats(0.26, 0.74), seed=st.integers(0),
    columns=st.booleans(),
)  # fmt: skip
def test_stratified_split(counts, share, seed, columns):
    labels = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(labels))
    arrays = (np.stack([places, places]), labels[np.newaxis]) if columns else (places, labels)
    parts = tg.data.train_test_split(
        *arrays, test_size=share, stratify=arrays[1], generator=seed, examples="columns" if columns else "rows"
    )
    train, test, train_labels, test_labels = (part[0] if columns else part for part in parts)
    assert sorted([*train, *test]) == list(places)
    np.testing.assert_array_equal(train_labels, labels[train])
    np.testing.assert_array_equal(test_labels, labels[test])
    held = np.bincount(test_labels, minlength=len(counts))
    assert np.all(np.abs(held - np.array(counts) * len(test) / len(labels)) < 1)


def test_split_sizes_and_order():
    y = np.arange(10)
    assert [len(part) for part in tg.data.train_test_split(y)] == [7, 3]
    assert [len(part) for part in tg.data.train_test_split(y, test_size=4)] == [6, 4]
    train, test = tg.data.train_test_split(y, test_size=0.2, shuffle=False)
    assert (train.tolist(), test.tolist()) == (list(range(8)), [8, 9])
    one, two = (tg.data.train_test_split(y, generator=3)[1].tolist() for _ in range(2))
    assert one == two != [7, 8, 9]


@pytest.mark.parametrize("size", [0, 10, 11, -1, 0.0])
def test_split_leaves_no_part_empty(size):
    with pytest.raises(DataError, match="leaves one part empty"):
        tg.data.train_test_split(np.arange(10), test_size=size)


def test_stratify_rounds_to_the_nearest_share():
    labels = [0] * 9 + [1] * 11  # a quarter of them: 2.25 and 2.75
    assert np.bincount(tg.data.train_test_split(labels, stratify=labels)[1]).tolist() == [2, 3]


def test_stratify_needs_enough_of_each():
    with pytest.raises(DataError, match=r"missing from one of the parts \(0: 9, 1: 1\)"):
        tg.data.train_test_split(np.arange(10), stratify=[0] * 9 + [1])
    with pytest.raises(DataError, match="missing from one of the parts"):
        tg.data.train_test_split(np.arange(10), stratify=[0] * 9 + [1], test_size=9)
    with pytest.raises(DataError, match="9 labels for 10"):
        tg.data.train_test_split(np.arange(10), stratify=[0] * 9)


# --- scaling and shapes -----------------------------------------------------------------------------------------------


@given(X=hnp.arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=FINITE), columns=st.booleans())
def test_standardised_data_is_finite_and_comes_back(X, columns):
    examples = "columns" if columns else "rows"
    data = X.T if columns else X
    scaler = tg.data.StandardScaler(examples=examples).fit(data)
    Z = scaler.transform(data)
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(scaler.inverse_transform(Z), data, rtol=1e-9, atol=1e-9 * max(1, np.abs(X).max()))


def test_standardise_uses_the_training_set_only():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (200, 4)), rng.normal(0, 1, (50, 4))
    a, b = tg.data.standardise(train, test)
    np.testing.assert_allclose(a.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(a.std(axis=0), 1)
    np.testing.assert_allclose(b, (test - train.mean(axis=0)) / train.std(axis=0))
    columns = tg.data.standardise(train.T, test.T, examples="columns")
    np.testing.assert_allclose(columns[1], b.T)


def test_a_constant_feature_stays_finite():
    """The mean of many times 0.1 is rounded, so they seem to vary: dividing by that would make ones of nothing."""
    constant = np.full((1000, 2), 0.1)
    assert constant.std(axis=0).max() > 0
    train, test = tg.data.standardise(constant, [[0.1, 1.1]])
    np.testing.assert_allclose(train, 0, atol=1e-12)
    np.testing.assert_allclose(test, [[0, 1]], atol=1e-12)


def test_standardise_dtypes_and_images():
    assert tg.data.standardise(np.ones((3, 2), np.float32))[0].dtype == np.float32
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    assert tg.data.standardise(pixels)[0].dtype == np.float64
    np.testing.assert_allclose(tg.data.standardise(pixels)[0][1], 1)


def test_standard_scaler_refuses():
    scaler = tg.data.StandardScaler()
    with pytest.raises(DataError, match="fit it"):
        scaler.transform([[1.0]])
    with pytest.raises(DataError, match="NaN"):
        scaler.fit([[np.nan]])
    with pytest.raises(DataError, match="no example"):
        scaler.fit(np.ones((0, 3)))
    scaler.fit(np.ones((4, 3)))
    for shape in [(4, 2), (4, 1), (3,), ()]:
        with pytest.raises(DataError, match=r"fit to features \(1, 3\)"):
            scaler.transform(np.ones(shape))
    assert scaler.transform(np.ones((0, 3))).shape == (0, 3)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=4, max_side=4)))
def test_flattened_images_come_back(images):
    columns = tg.data.flatten_images(images)
    assert columns.shape == (images[0].size, len(images))
    np.testing.assert_array_equal(columns[:, 0], images[0].ravel())
    np.testing.assert_array_equal(tg.data.unflatten_images(columns, images.shape[1:]), images)
    rows = tg.data.flatten_images(images, examples="rows")
    np.testing.assert_array_equal(rows, columns.T)
    np.testing.assert_array_equal(tg.data.unflatten_images(rows, images.shape[1:], examples="rows"), images)
    np.testing.assert_array_equal(tg.data.image2vector(images[0]), columns[:, :1])


def test_flattening_says_what_does_not_fit():
    assert tg.data.flatten_images(np.zeros((0, 4, 4))).shape == (16, 0)
    with pytest.raises(DataError, match="not \\(4,\\)"):
        tg.data.flatten_images(np.zeros(4))
    with pytest.raises(DataError, match=r"\(2, 2\) has 4 values, but the vectors are \(3, 5\)"):
        tg.data.unflatten_images(np.zeros((3, 5)), (2, 2))
