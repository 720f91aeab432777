"""Text that may stand in HTML and in SVG."""

import html
import re

# Characters that XML cannot hold. (Those that it can take several milliseconds to compile.)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Return a text as it may stand in XML or HTML, in attributes too."""
    return html.escape(_NOT_XML.sub("\ufffd", text))
