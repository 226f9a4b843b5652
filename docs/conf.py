"""Settings of the documentation site: `scripts/docs` builds it, and design-notes/site.md says why it is so."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_sphinx"), str(DOCS.parent)]

from tinygrad_course import __version__ as release  # noqa: E402

project = "tinygrad_course"
author = "the tinygrad_course authors"
copyright = author
version = release

extensions = [
    "myst_nb",  # pages in Markdown; {code-cell} blocks run when the site is built
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",  # this one and the next two: docs/_sphinx
    "names",
    "pictures",
]
root_doc = "index"
# README.md pages are the tables of contents of a file browser; index pages are the site's.
exclude_patterns = ["_build", "README.md", "design-notes/README.md"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_in_temp = True  # programs may write files
nb_execution_timeout = 120
nb_code_prompt_show = "Show the solution"
nb_code_prompt_hide = "Hide the solution"
nb_execution_show_tb = True
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "image/svg+xml", 5)]

napoleon_use_param = napoleon_use_rtype = False  # plain types, not cross references
napoleon_custom_sections = [("Attributes", "params_style")]
autodoc_typehints = "none"  # the docstrings say what an argument is
autodoc_member_order = "bysource"
autosummary_generate = False
default_role = "literal"  # `x` in a docstring is code
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = "tinygrad_course"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
