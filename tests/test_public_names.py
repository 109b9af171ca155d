"""What is offered: sorted names that exist, typed as they load, each function documented."""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import customerops

PACKAGES = [
    "customerops",
    *(
        f"customerops.{name}"
        for name in ("model", "lifecycle", "metrics", "journey", "testing", "engines", "plotting")
    ),
    "customerops.metrics.catalogue",
]
MODULES = [
    *PACKAGES,
    "customerops.engines.dask",
    "customerops.engines.spark",
    "customerops.errors",
]


def typed_imports(module: ModuleType) -> dict[str, str]:
    """Return what an ``__init__`` imports for type checkers: name to home."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name: str(node.module) for node in imports for alias in node.names
    }


def eager_imports(module: ModuleType) -> set[str]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


@pytest.mark.parametrize("name", MODULES)
def test_what_is_offered_exists(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(set(module.__all__))
    assert [x for x in module.__all__ if not hasattr(module, x)] == []
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("name", PACKAGES)
def test_type_checkers_see_what_loads(name: str) -> None:
    module = importlib.import_module(name)
    typed = typed_imports(module)
    assert set(typed) | eager_imports(module) >= set(module.__all__)
    assert [x for x in typed if x not in module.__all__] == []
    for public, home in typed.items():
        source = importlib.import_module(home)
        if not hasattr(source, public):  # a package among its parent's names
            importlib.import_module(f"{home}.{public}")
        assert getattr(module, public) is getattr(source, public)


@pytest.mark.parametrize("name", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        importlib.import_module(name).nothing  # noqa: B018 - the access is the test


def test_the_errors_are_at_hand() -> None:
    assert customerops.InvalidInputError is customerops.errors.InvalidInputError


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for package in MODULES:
        module = importlib.import_module(package)
        for name in module.__all__:
            offered = getattr(module, name)
            if inspect.isfunction(offered):
                yield f"{package}.{name}", offered


def sections(function: Callable[..., Any]) -> dict[str, str]:
    """Return the numpydoc sections of a docstring: title to text."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(text: str) -> set[str]:
    """Return the parameter names a section explains: its unindented lines, ``a, b : type``."""
    heads = [line.partition(" :")[0] for line in text.splitlines() if line[:1].strip()]
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def raises_itself(function: Callable[..., Any]) -> bool:
    try:
        source = inspect.getsource(function)
    except OSError:  # hypothesis makes it: a composite strategy, which raises nothing itself
        return False
    tree = ast.parse(textwrap.dedent(source))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


@pytest.mark.parametrize(
    "function", [pytest.param(f, id=name) for name, f in dict(public_functions()).items()]
)
def test_documented(function: Callable[..., Any]) -> None:
    found = sections(function)
    signature = inspect.signature(function)
    assert set(signature.parameters) - documented(found.get("Parameters", "")) == set()
    returns = signature.return_annotation not in (None, "None")
    assert "Returns" in found or "Yields" in found or not returns
    assert ">>>" in found.get("Examples", "")
    assert "Raises" in found or not raises_itself(function)
