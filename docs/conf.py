"""Sphinx: `make docs` builds the site into build/docs, warnings are errors."""

project = "Shrinkage"
author = "the Shrinkage authors"
copyright = "2026, the Shrinkage authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "Shrinkage"
exclude_patterns = ["fr"]
autodoc_mock_imports = ["keras", "tensorflow"]
autodoc_typehints = "none"
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "ref.python"]
