"""Build the docs: ``sphinx-build -W docs docs/_build``."""

import sys
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

autosummary_generate = True
autosummary_ignore_module_all = False  # what a package offers is its __all__
autosummary_imported_members = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say meaning, unit and shape
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_param = False  # types are prose here ("ndarray, shape (n,)"), not links
napoleon_custom_sections = [("Attributes", "params_style")]  # and so for attributes
napoleon_use_rtype = False


def _with_tables(app: Any, name: str, source: list[str]) -> None:
    if name == "reference/catalogue":
        from catalogue_tables import filled

        source[0] = filled(source[0])


def setup(app: Any) -> None:
    """Fill in the tables of the catalogue as the page is read."""
    app.connect("source-read", _with_tables)
