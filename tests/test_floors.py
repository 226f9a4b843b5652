"""The house has floors: a module imports only from floors below its own. (A room may use what is inside itself.)"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tinygrad_course"

# From the ground up. Rooms on one floor do not know each other either.
FLOORS = [
    ["core"],
    ["ops"],
    ["values", "reprs"],
    ["linalg", "losses"],
    ["numpy_protocol", "operations"],
    ["tensor"],
    ["creation"],
    ["derivatives", "functional"],
    ["transforms"],
    ["checkpoint"],
    ["check"],
    ["show"],
    ["emit"],
    ["optim"],
    ["nn"],
    ["data"],
    ["plots"],
    ["train"],
    ["__init__"],  # `import tinygrad_course as tg`, which gathers the public names of everything below
    ["course", "demo"],  # programs, written as a user writes them
    ["cli"],
    ["__main__"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
NO_FLOOR = len(FLOORS)


def imports(path, package=PACKAGE):
    """Every module of the package that the file names in an import, wherever in the file, as (line, parts)."""
    inside = path.relative_to(package).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = [package.name, *inside[: len(inside) + 1 - node.level], *(node.module or "").split(".")]
            names = [[*filter(None, base), alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [[*node.module.split("."), alias.name] for alias in node.names]
        else:
            continue
        yield from ((node.lineno, parts[1:]) for parts in names if parts[0] == package.name)


def room(parts, package=PACKAGE):
    """The file or folder, directly under the package, that an import reaches: the package itself if none."""
    name = parts[0] if parts else "__init__"
    return name if (package / name).is_dir() or (package / f"{name}.py").is_file() else "__init__"


def climbs(package=PACKAGE):
    """Every import that goes up or sideways, as text."""
    for path in sorted(package.rglob("*.py")):
        own = room(path.relative_to(package).with_suffix("").parts, package)
        for line, parts in imports(path, package):
            other = room(parts, package)
            if other != own and FLOOR.get(other, NO_FLOOR) >= FLOOR.get(own, NO_FLOOR):
                yield f"{path.relative_to(package)}:{line}: {own} imports {other}"


def test_every_room_has_a_floor():
    rooms = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in PACKAGE.rglob("*.py")}
    rooms -= {"benchmarks"}  # in a wheel they lie inside the package
    assert rooms <= set(FLOOR), f"give these a floor in FLOORS: {sorted(rooms - set(FLOOR))}"


def test_nothing_imports_upwards():
    assert list(climbs()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from .. import tensor",
        "from ..tensor import Tensor",
        "def f():\n    from ..show.dot import write",
        "import tinygrad_course.tensor",
        "import tinygrad_course",
        "from tinygrad_course import Tensor",
        "from tinygrad_course.ops import reduce",
        "from .. import Tensor",
    ],
)
def test_a_climb_is_seen(tmp_path, line):
    package = tmp_path / PACKAGE.name
    for folder in ("core", "show", "ops"):
        (package / folder).mkdir(parents=True)
    for file in ("__init__.py", "tensor.py"):
        (package / file).write_text("")
    (package / "core" / "node.py").write_text(f"import ast\nfrom .state import state\n{line}\n")
    assert len(list(climbs(package))) == 1
