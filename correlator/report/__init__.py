"""The report of an incident: what a post-mortem needs, as one document that is then written in a format.

What lives here: the contents (`postmortem`), their form without a format (`document`), a writer for each format
(`markdown`, `html`), which alone escapes. The same values give the same text.
What must not: I/O, clocks, drawing. Whoever asks brings the picture's address.
Who imports it: web; later whatever sends an incident to people.
"""

from correlator.report.document import Document
from correlator.report.html import as_html
from correlator.report.markdown import as_markdown
from correlator.report.material import Material
from correlator.report.postmortem import postmortem

__all__ = ["Document", "Material", "as_html", "as_markdown", "postmortem"]
