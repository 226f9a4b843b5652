"""Files: what is written is read again; what is missing or damaged is named, with a remedy."""

import doctest
import gzip
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_course as tg
from tinygrad_course.core.errors import TinygradError
from tinygrad_course.data import DataError, MissingDataError, MissingExtraError

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
VARIABLE = "TINYGRAD_COURSE_DATA"
IN_TMP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # every example writes the file anew


def idx(array):
    """An array as the bytes of an IDX file."""
    array = np.asarray(array)
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[array.dtype.str[1:]], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


# --- IDX --------------------------------------------------------------------------------------------------------------


@IN_TMP
@given(
    array=st.sampled_from(sorted(CODES)).flatmap(
        lambda code: hnp.arrays(code, hnp.array_shapes(min_dims=1, min_side=0, max_side=4))
    ),
    packed=st.booleans(),
)
def test_idx_round_trip(array, packed, tmp_path):
    path = tmp_path / "array"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    found = tg.data.read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array)


GOOD = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))


@IN_TMP
@given(cut=st.integers(0, len(GOOD) - 1), packed=st.booleans())
def test_idx_cut_anywhere(cut, packed, tmp_path):
    path = tmp_path / "cut.idx"
    path.write_bytes(gzip.compress(GOOD[:cut]) if packed else GOOD[:cut])
    with pytest.raises(DataError, match=r"cut\.idx: .*Get the file again"):
        tg.data.read_idx(path)


@IN_TMP
@given(cut=st.integers(2, len(gzip.compress(GOOD)) - 1))
def test_idx_with_compressed_data_cut_anywhere(cut, tmp_path):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(GOOD)[:cut])
    with pytest.raises(DataError, match=r"cut\.gz: .*(cut short|damaged)"):
        tg.data.read_idx(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "starts with nothing"),
        (b"\x01" + GOOD[1:], "no IDX file: it starts with 01 00 08 02"),
        (b"\0\0\x07" + GOOD[3:], "no IDX file"),
        (GOOD + b"!", r"too long: an array of \(2, 3\) takes 6 bytes, and 7 follow"),
        (GOOD[:-1], r"cut short: an array of \(2, 3\) takes 6 bytes, and 5 follow"),
        (b"\0\0\x08\xff" + GOOD[4:], "255 dimensions and ends before"),
        (b"\0\0\x08\x02" + b"\xff" * 8, "cut short"),  # a size that no memory holds
        (b"\n<!DOCTYPE html><title>404</title>", "it is a web page"),
        (b"<HTML><body>Not found", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (gzip.compress(GOOD, mtime=0)[:-8] + b"\0" * 8, r"compressed data is damaged \(CRC"),
        (
            gzip.compress(GOOD, mtime=0)[:12] + b"\xff\xff\xff" + gzip.compress(GOOD, mtime=0)[15:],
            "compressed data is damaged",
        ),
    ],
)
def test_idx_damaged(content, words, tmp_path):
    path = tmp_path / "some.idx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"some\.idx: .*{words}"):
        tg.data.read_idx(path)


def test_idx_missing(tmp_path):
    with pytest.raises(MissingDataError, match=r"there is no file .*none\.gz"):
        tg.data.read_idx(tmp_path / "none.gz")


# --- MNIST ------------------------------------------------------------------------------------------------------------


def write_mnist(place, *, suffix=".gz", dot=False, train=5, labels=None):
    place.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for part, m in (("train", train), ("t10k", 3)):
        images = rng.integers(0, 256, (m, 28, 28), dtype=np.uint8)
        digits = np.arange(m, dtype=np.uint8) if labels is None else np.asarray(labels)
        for kind, array in (("images-idx3", images), ("labels-idx1", digits)):
            name = f"{part}-{kind}-ubyte"
            content = gzip.compress(idx(array), 1) if suffix else idx(array)
            (place / ((name.replace("-idx", ".idx") if dot else name) + suffix)).write_bytes(content)


@pytest.mark.parametrize("options", [{}, {"suffix": ""}, {"suffix": "", "dot": True}])
@pytest.mark.parametrize("place", ["", "mnist"])
def test_mnist(folder, options, place):
    write_mnist(folder / place, **options)
    train, test, classes = tg.data.mnist(folder)
    assert train.images.shape == (5, 28, 28)
    assert (train.images.dtype, train.labels.dtype) == (np.uint8, np.int64)
    assert test.labels.tolist() == [0, 1, 2]
    assert classes == tuple("0123456789")
    x, y = next(iter(tg.data.DataLoader(train, 2)))
    assert (x.shape, y.shape) == ((2, 28, 28), (2,))


def test_the_variable_names_the_folder(folder, monkeypatch):
    write_mnist(folder / "fashion-mnist")
    monkeypatch.setenv(VARIABLE, str(folder))
    assert tg.data.fashion_mnist().classes[9] == "ankle boot"
    with pytest.raises(MissingDataError, match=rf"no file .*mnist.train-images-idx3-ubyte\.gz .*from {VARIABLE}"):
        tg.data.mnist()


def test_files_beside_each_other_are_not_guessed_at(folder, monkeypatch):
    """Both sets use the same names: from the variable, only a subfolder says which one it is."""
    write_mnist(folder)
    monkeypatch.setenv(VARIABLE, str(folder))
    with pytest.raises(MissingDataError, match="Fashion-MNIST: there is no file"):
        tg.data.fashion_mnist()


def test_missing_says_what_to_do(folder, monkeypatch):
    with pytest.raises(MissingDataError, match=rf"MNIST: which folder\? Pass folder=.*{VARIABLE}.*mnist/train-images"):
        tg.data.mnist()
    with pytest.raises(MissingDataError, match=r"no folder .*nowhere \(the argument `folder`\)\. It is four files"):
        tg.data.mnist(folder / "nowhere")
    monkeypatch.setenv(VARIABLE, str(folder / "nowhere"))
    with pytest.raises(MissingDataError, match=f"from {VARIABLE}"):
        tg.data.mnist()
    assert issubclass(MissingDataError, FileNotFoundError)
    assert issubclass(MissingDataError, TinygradError)


def test_mnist_that_does_not_belong_together(folder):
    write_mnist(folder)
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx(np.zeros(4, np.uint8))))
    with pytest.raises(DataError, match=r"train-labels.*4 labels, but there are 5 images in train-images"):
        tg.data.mnist(folder)
    labels.write_bytes(gzip.compress(idx(np.array([0, 1, 2, 3, 10], np.uint8))))
    with pytest.raises(DataError, match="labels go from 0 to 10, not from 0 to 9"):
        tg.data.mnist(folder)
    labels.write_bytes((folder / "train-images-idx3-ubyte.gz").read_bytes())
    with pytest.raises(DataError, match=r"should hold labels.*1 dimensions, but holds uint8 of shape \(5, 28, 28\)"):
        tg.data.mnist(folder)


# --- cats -------------------------------------------------------------------------------------------------------------


def write_cats(folder, **change):
    h5py = pytest.importorskip("h5py", reason="h5py, which writes HDF5, is not installed")
    for part, m in (("train", 6), ("test", 4)):
        arrays = {
            f"{part}_set_x": np.arange(m * 48, dtype=np.uint8).reshape(m, 4, 4, 3),
            f"{part}_set_y": np.arange(m) % 2,
            "list_classes": np.array([b"non-cat", b"cat"]),
        }
        with h5py.File(folder / f"{part}_catvnoncat.h5", "w") as file:
            for key, array in {**arrays, **change}.items():
                if array is not None:
                    file[key] = array


def test_cats(folder, monkeypatch):
    (folder / "cat").mkdir()
    write_cats(folder / "cat")
    monkeypatch.setenv(VARIABLE, str(folder))
    train, test, classes = tg.data.cats()
    assert (train.images.shape, test.images.shape) == ((6, 4, 4, 3), (4, 4, 4, 3))
    assert (train.images.dtype, train.labels.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(train.images.ravel(), np.arange(288, dtype=np.uint8))
    assert test.labels.tolist() == [0, 1, 0, 1]
    assert classes == ("non-cat", "cat")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train_set_y": None}, "it has no train_set_y, only list_classes, train_set_x"),
        ({"train_set_x": np.zeros((6, 48), np.uint8)}, r"should be \(m, h, w, c\) of uint8; it is \(6, 48\) of uint8"),
        ({"train_set_x": np.zeros((6, 4, 4, 3))}, "of float64"),
        ({"train_set_y": np.ones(6)}, "train_set_y should be whole numbers; it is float64"),
        ({"train_set_y": np.arange(5) % 2}, "5 labels, but there are 6 images"),
        ({"train_set_y": np.arange(6)}, "labels go from 0 to 5"),
    ],
)
def test_cats_that_are_something_else(folder, change, words):
    write_cats(folder, **change)
    with pytest.raises(DataError, match=rf"train_catvnoncat\.h5: .*{words}"):
        tg.data.cats(folder)


@pytest.mark.parametrize("cut", [0, 3, 600, -1])
def test_cats_cut_short(folder, cut):
    write_cats(folder)
    path = folder / "test_catvnoncat.h5"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"test_catvnoncat\.h5: it is no whole HDF5 file .*Get the file again"):
        tg.data.cats(folder)


def test_cats_with_a_damaged_byte(folder):
    """Wherever it is, the file is read or refused as damaged; h5py itself raises half a dozen kinds of errors."""
    write_cats(folder)
    path = folder / "train_catvnoncat.h5"
    good, read, refused = path.read_bytes(), 0, 0
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            tg.data.cats(folder)
            read += 1
        except DataError:
            refused += 1
    assert read > 50
    assert refused > 50


def test_cats_missing(folder):
    pytest.importorskip("h5py", reason="h5py is not installed")
    with pytest.raises(MissingDataError, match=r"no file .*train_catvnoncat\.h5.*exercises of the course"):
        tg.data.cats(folder)


@pytest.mark.parametrize(("module", "load"), [("h5py", tg.data.cats), ("sklearn.datasets", tg.data.iris)])
def test_a_missing_library_is_named(monkeypatch, module, load):
    monkeypatch.setitem(sys.modules, module, None)
    package = {"h5py": "h5py", "sklearn.datasets": "scikit-learn"}[module]
    with pytest.raises(MissingExtraError, match=f"pip install {package}`, or `pip install"):
        load()


# --- text -------------------------------------------------------------------------------------------------------------


@given(st.text(min_size=1))
def test_vocabulary_round_trip(text):
    vocabulary = tg.data.Vocabulary(text)
    codes = vocabulary.encode(text)
    assert codes.dtype == np.int64
    assert vocabulary.decode(codes) == text
    assert vocabulary.characters == "".join(sorted(set(text)))
    assert set(codes.tolist()) == set(range(len(vocabulary)))
    np.testing.assert_array_equal(tg.data.Vocabulary(vocabulary.characters).encode(text), codes)


def test_vocabulary_refuses_what_it_does_not_know():
    vocabulary = tg.data.Vocabulary("abc")
    with pytest.raises(DataError, match="character 2 is 'é'"):
        vocabulary.encode("abé")
    for codes in ([3], [-1], [0.5]):
        with pytest.raises(DataError, match="from 0 to 2"):
            vocabulary.decode(codes)
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode([]) == ""
    assert len(tg.data.Vocabulary("")) == 0
    assert repr(vocabulary) == "Vocabulary('abc')"


@given(text=st.text(max_size=50), valid=st.floats(0, 0.99))
def test_characters_keep_all_of_the_text(text, valid):
    train, held, vocabulary = tg.data.characters(text, valid=valid)
    assert vocabulary.decode(train) + vocabulary.decode(held) == text
    assert len(held) == round(len(text) * valid)


def test_read_text(folder, monkeypatch):
    (folder / "text").mkdir()
    (folder / "text" / "a.txt").write_bytes("één\r\ntwee\n".encode())
    assert tg.data.read_text("a.txt", folder) == "één\ntwee\n"
    assert tg.data.read_text(folder / "text" / "a.txt") == "één\ntwee\n"
    monkeypatch.setenv(VARIABLE, str(folder))
    assert tg.data.read_text("a.txt") == "één\ntwee\n"
    (folder / "latin.txt").write_bytes("één".encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.txt: it is not utf-8: byte 0 is 0xe9\. Pass encoding"):
        tg.data.read_text(folder / "latin.txt")
    assert tg.data.read_text(folder / "latin.txt", encoding="latin-1") == "één"
    with pytest.raises(MissingDataError, match=r"the text b\.txt: there is no file"):
        tg.data.read_text("b.txt")
    with pytest.raises(MissingDataError, match="there is no file"):
        tg.data.read_text(folder / "b.txt")
    with pytest.raises(DataError, match="valid"):
        tg.data.characters("abc", valid=1.0)


@given(count=st.integers(2, 60), length=st.integers(1, 12), stride=st.none() | st.integers(1, 15))
def test_sequences(count, length, stride):
    if count <= length:
        with pytest.raises(DataError, match="too few"):
            tg.data.Sequences(np.arange(count), length, stride)
        return
    data = tg.data.Sequences(np.arange(count), length, stride)
    pieces = [data[i] for i in range(len(data))]
    for i, (x, y) in enumerate(pieces):
        np.testing.assert_array_equal(x, i * data.stride + np.arange(length))
        np.testing.assert_array_equal(y, x + 1)
    assert pieces[-1][1][-1] + data.stride > count - 1  # no room for one more
    x, y = data.batch(np.arange(len(data)))
    np.testing.assert_array_equal(x, [a for a, _ in pieces])
    np.testing.assert_array_equal(y, [b for _, b in pieces])
    with pytest.raises(IndexError):
        data[len(data)]


@given(count=st.integers(2, 80), batch=st.integers(1, 6), length=st.integers(1, 12))
def test_streams_continue(count, batch, length):
    if count <= batch:
        with pytest.raises(DataError, match="too few"):
            tg.data.Streams(np.arange(count), batch, length)
        return
    streams = tg.data.Streams(np.arange(count), batch, length)
    batches = list(streams)
    assert len(batches) == len(streams)
    x, y = (np.concatenate(side, axis=1) for side in zip(*batches, strict=True))
    np.testing.assert_array_equal(x.ravel(), np.arange(x.size))  # each stream goes on, and then the next one
    np.testing.assert_array_equal(y, x + 1)
    assert count - batch <= x.size < count
    assert all(piece.shape == (batch, length) for piece, _ in batches[:-1])


@pytest.mark.parametrize(
    "make", [lambda: tg.data.Sequences(np.arange(9), 0), lambda: tg.data.Streams(np.arange(9), 1, 0)]
)
def test_a_sequence_has_a_length(make):
    with pytest.raises(DataError, match="at least 1"):
        make()


# --- tables -----------------------------------------------------------------------------------------------------------


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    return path


@IN_TMP
@given(hnp.arrays(float, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(allow_nan=False)))
def test_csv_round_trip(tmp_path, values):
    names = [f"c{i}" for i in range(values.shape[1])]
    lines = [",".join(names), *(",".join(map(repr, row)) for row in values.tolist())]
    table = tg.data.read_csv(write(tmp_path / "t.csv", "\n".join(lines)))
    assert table.names == tuple(names)
    assert len(table) == len(values)
    np.testing.assert_array_equal(table.matrix(), values)
    np.testing.assert_array_equal(table[names[-1]], values[:, -1])


def test_csv_kinds_of_columns(tmp_path):
    text = '\ufeffname; size ;n\r\n"Smith; ""J"" ";1e3;1_0\r\n\r\nÉva; -2 ;3\r\n'
    table = tg.data.read_csv(write(tmp_path / "t.csv", text), delimiter=";")
    assert table.names == ("name", "size", "n")
    assert table["name"].tolist() == ['Smith; "J"', "Éva"]
    assert table["size"].tolist() == [1000, -2]
    assert table["n"].tolist() == ["1_0", "3"]
    assert table.matrix("size").shape == (2, 1)
    assert repr(table) == "<Table of 2 rows: name, size, n>"
    with pytest.raises(DataError, match=r"line 2: name is 'Smith.*no number"):
        table.matrix()
    with pytest.raises(DataError, match="no column 'age'; there are name, size, n"):
        table["age"]


def test_csv_names(tmp_path):
    path = write(tmp_path / "t.csv", "1,2\n3,4\n")
    with pytest.raises(DataError, match=r"line 1: 1, 2 is data, not names of columns; pass names=.*header=False"):
        tg.data.read_csv(path)
    with pytest.raises(DataError, match=r"pass names=\[\.\.\.\]$"):
        tg.data.read_csv(path, header=False)
    assert tg.data.read_csv(path, names=["a", "b"], header=False)["a"].tolist() == [1, 3]
    assert tg.data.read_csv(path, names=["a", "b"])["a"].tolist() == [3]
    with pytest.raises(DataError, match="several columns are called 'a'"):
        tg.data.read_csv(path, names=["a", "a"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n\n3\n", "line 4: 1 cells, but there are 2 columns"),
        ("a,b\n1,2,3\n", "line 2: 3 cells, but there are 2"),
        ("a,b\n1,2\n3,\n,5\n", "line 3: b is missing, and 1 more lines have gaps"),
        ("a,b\nNA,2\n", "line 2: a is missing; fill it in"),
        ('a,b\n"x\ny",1\n2,\n', "line 4: b is missing"),  # a cell over two lines
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
    ],
)
def test_csv_damaged(tmp_path, text, words):
    with pytest.raises(DataError, match=rf"t\.csv.*{words}"):
        tg.data.read_csv(write(tmp_path / "t.csv", text))


def test_csv_missing_cells(tmp_path):
    path = write(tmp_path / "t.csv", "a,b,c\n1,x,\n,y,\n3,?,\n")
    table = tg.data.read_csv(path, missing="nan")
    np.testing.assert_array_equal(table["a"], [1, np.nan, 3])
    assert table["b"].tolist() == ["x", "y", ""]
    path = write(tmp_path / "t.csv", "a,b\n1,x\n,y\n3,z\n4,?\n")
    table = tg.data.read_csv(path, missing="drop")
    assert (table["a"].tolist(), table["b"].tolist()) == ([1, 3], ["x", "z"])
    table = tg.data.read_csv(path, missing="nan", missing_values=[""])
    assert table["b"].tolist() == ["x", "y", "z", "?"]
    with pytest.raises(DataError, match='"error", "nan" or "drop"'):
        tg.data.read_csv(path, missing="skip")


def test_csv_without_rows(tmp_path):
    table = tg.data.read_csv(write(tmp_path / "t.csv", "a,b\n"))
    assert table.matrix().shape == (0, 2)


def test_csv_that_is_not_text(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\xe9\n")
    with pytest.raises(DataError, match="it is not utf-8-sig; pass encoding"):
        tg.data.read_csv(tmp_path / "t.csv")
    with pytest.raises(MissingDataError, match="there is no file"):
        tg.data.read_csv(tmp_path / "u.csv")


# --- collections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [
        ("digits", (1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        ("breast_cancer", (569, 30), [212, 357]),
        ("iris", (150, 4), [50, 50, 50]),
    ],
)
def test_collections(name, shape, counts):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    found = getattr(tg.data, name)()
    assert (found.X.shape, found.X.dtype, found.Y.dtype) == (shape, np.float64, np.int64)
    assert np.bincount(found.Y).tolist() == counts
    assert len(found.features) == shape[1]
    assert len(found.classes) == len(counts)
    columns = getattr(tg.data, name)(examples="columns")
    assert (columns.X.shape, columns.Y.shape) == (shape[::-1], (1, shape[0]))


def test_diabetes():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    X, Y, features, classes = tg.data.diabetes()
    assert (X.shape, Y.shape, Y.dtype, classes) == ((442, 10), (442,), np.float64, ())
    np.testing.assert_allclose((X**2).sum(axis=0), 1)
    bmi = X[:, features.index("bmi")]
    assert bmi @ (Y - Y.mean()) / (bmi @ bmi) == pytest.approx(949.435, abs=1e-3)  # least squares on all 442
    assert tg.data.diabetes(scaled=False).X[:, 0].min() == 19  # years


# --- real files -------------------------------------------------------------------------------------------------------

REAL = os.environ.get(VARIABLE)
real = pytest.mark.skipif(not REAL, reason=f"{VARIABLE} does not name a folder with the real files")


@real
def test_real_mnist():
    train, test, _ = tg.data.mnist()
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]


@real
def test_real_cats():
    pytest.importorskip("h5py", reason="h5py, which reads HDF5, is not installed")
    train, test, classes = tg.data.cats()
    assert (train.images.shape, test.images.shape) == ((209, 64, 64, 3), (50, 64, 64, 3))
    assert (train.labels.sum(), test.labels.sum(), classes) == (72, 33, ("non-cat", "cat"))
    flat = tg.data.flatten_images(train.images)
    assert flat.shape == (12288, 209)
    assert flat[:5, 0].tolist() == [17, 31, 56, 22, 33]  # the check printed in the course


@real
def test_real_text():
    text = tg.data.read_text("tinyshakespeare.txt")
    assert len(text) == 1115394
    train, valid, vocabulary = tg.data.characters(text)
    assert (len(vocabulary), len(train), len(valid)) == (65, 1003855, 111539)
    assert vocabulary.decode(train[:13]) == "First Citizen"


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_on_data_is_true(tmp_path, monkeypatch):
    page = Path(__file__).parent.parent / "docs" / "data.md"
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 10
    assert not found.failed
