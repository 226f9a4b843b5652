"""Pictures that programs on the pages draw: each is a link to itself in full size, and says what it shows."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

IMAGE = re.compile(r'<img (?=[^>]*src="([^"]*_images/[^"]+)")[^>]*>')


class Described(SphinxPostTransform):
    """What a screen reader says of a picture that a cell drew: the title of the section it stands in."""

    default_priority = 950  # after the outputs of cells have become images

    def run(self, **kwargs):
        for image in self.document.findall(nodes.image):
            if not image.get("alt"):
                section = image
                while section is not None and not isinstance(section, nodes.section):
                    section = section.parent
                title = section[0].astext() if section is not None else self.document.get("title", "")
                image["alt"] = f"Picture drawn by the program above: {title}"


def link(app, page, template, context, doctree):
    """Wrap every picture in a link to its file: wide graphs are shown reduced."""
    if body := context.get("body"):
        context["body"] = IMAGE.sub(r'<a class="picture" href="\1">\g<0></a>', body)


def setup(app):
    app.add_post_transform(Described)
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
