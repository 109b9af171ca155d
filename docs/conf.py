"""Build the docs: ``sphinx-build -W docs docs/_build``."""

import sys
from functools import cache
from importlib import import_module
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

project = "customerops"
release = version = installed_version("customerops")
copyright = "the customerops authors"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples/data"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = f"customerops {release}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # `names` in docstrings lead to their pages
autosummary_generate = True
autosummary_ignore_module_all = False  # what a package offers is its __all__
autosummary_imported_members = True
autodoc_default_options = {"exclude-members": "set"}  # matplotlib's, in every subclass of its axes
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say meaning, unit and shape
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_param = False  # types are prose here ("ndarray, shape (n,)"), not links
napoleon_custom_sections = [("Attributes", "params_style")]  # and so for attributes
napoleon_use_rtype = False


_SIDEBARS: dict[str, str] = {}


def _with_tables(app: Any, name: str, source: list[str]) -> None:
    if name == "reference/catalogue":
        from catalogue_tables import filled

        source[0] = filled(source[0])


def _to_the_packages(
    app: Any, page: str, template: str, context: dict[str, Any], tree: Any
) -> None:
    # with all names, the sidebar of each of 700 pages takes most of the time of a build
    if (whole := context.get("toctree")) is None:
        return
    packages = app.env.toctree_includes.get("reference/index", [])
    parent = page.rpartition(".")[0]
    key = f"in {parent}" if parent in packages and page not in packages else page

    def sidebar(**options: Any) -> str:
        if key not in _SIDEBARS:  # names of one package have the same
            _SIDEBARS[key] = whole(**{**options, "maxdepth": 2})
        return _SIDEBARS[key]

    context["toctree"] = sidebar


@cache
def _homes() -> dict[str, str]:
    """Return the package of every public name that only one of them has."""
    packages = (
        "model",
        "lifecycle",
        "metrics",
        "journey",
        "engines",
        "plotting",
        "testing",
        "errors",
    )
    found: dict[str, list[str]] = {}
    for package in (f"customerops.{name}" for name in packages):
        for name in import_module(package).__all__:
            found.setdefault(name, []).append(package)
    return {name: homes[0] for name, homes in found.items() if len(homes) == 1}


def _in_another_package(app: Any, env: Any, node: Any, shown: Any) -> Any:
    target = node["reftarget"]
    home = _homes().get(target.partition(".")[0])
    if node["reftype"] != "obj" or home is None:
        return None
    domain, page = env.get_domain("py"), node["refdoc"]
    return domain.resolve_xref(env, page, app.builder, "obj", f"{home}.{target}", node, shown)


def setup(app: Any) -> dict[str, bool]:
    """Fill in the catalogue, keep the sidebar short, and find names in other packages."""
    app.connect("source-read", _with_tables)
    app.connect("html-page-context", _to_the_packages, priority=400)  # before that of the theme
    app.connect("missing-reference", _in_another_package)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
