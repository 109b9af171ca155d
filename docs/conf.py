"""Build the docs: ``sphinx-build -W docs docs/_build``."""

from importlib.metadata import version as installed_version

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
