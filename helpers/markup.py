"""Text that may stand in HTML and in SVG."""

import html
import re

# Characters that XML cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Return a text as it may stand in XML or HTML, in attributes too."""
    return html.escape(_NOT_XML.sub("\ufffd", text))
