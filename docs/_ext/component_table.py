"""``.. component-table:: GROUP``: what an entry-point group offers, read while the docs build."""

from importlib.metadata import entry_points
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import featureprobe as fp


class ComponentTable(SphinxDirective):
    """A table of the library's own components of one group: kind, class, first sentence."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; the page is read anew in every build."""
        self.env.note_reread()
        group = f"featureprobe.{self.arguments[0]}"
        points = [p for p in entry_points(group=group) if p.dist and p.dist.name == "featureprobe"]
        if not points:
            raise self.error(f"No entry points of the group {group!r}. Reinstall featureprobe.")
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
        lines += _row("kind", "class", "what it is")
        for point in sorted(points, key=lambda p: p.name):
            cls = point.load()
            summary = (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
            lines += _row(f"``{point.name}``", _link(cls), " ".join(summary.split()))
        return self.parse_text_to_nodes("\n".join(lines))


def _link(cls: type) -> str:
    public = cls.__name__ in fp.__all__
    return f":class:`featureprobe.{cls.__name__}`" if public else f"``{cls.__name__}``"


def _row(*cells: str) -> list[str]:
    return [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("component-table", ComponentTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
