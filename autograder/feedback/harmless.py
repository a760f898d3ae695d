"""Strangers' HTML with an allow-list: elements that show text, links to the web, nothing that acts or lays itself over.

Whatever a learner's text was made into, Markdown, a formula, the two inside one another, passes here *last*.
"""

import re
from collections.abc import Sequence

import nh3

TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h3 h4 h5 h6 hr i kbd li mark ol p pre s small span strong "
    "sub summary sup table tbody td th thead tr u ul".split()
)
# MathML Core (https://www.w3.org/TR/mathml-core/), less what links or moves things about
MATH = frozenset(
    "math menclose merror mfrac mi mmultiscripts mn mo mover mphantom mprescripts mroot mrow ms mspace msqrt mstyle "
    "msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "math": {"display"},
    "menclose": {"notation"},
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mo": {"accent", "fence", "form", "largeop", "maxsize", "minsize", "movablelimits", "separator", "stretchy",
           "symmetric"},
    "mover": {"accent"},
    "mspace": {"width"},
    "mstyle": {"displaystyle", "mathvariant", "scriptlevel"},
    "mtable": {"columnalign", "columnspacing", "rowspacing"},
    "mtd": {"columnalign"},
    "mtext": {"mathvariant"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}  # fmt: skip
_PLAIN = re.compile(r"[a-z]+(-[a-z]+)*( [a-z]+)*|-?\d{1,2}(\.\d{1,4})?(em|ex|px|pt|%)?")  # words, or a small measure
# with a host: `http:page.html` leads to a file beside the open page, and in the formgrader that is the learner's
_LEADS = re.compile(r"\s*(https?://[^\s/\\?#]|mailto:)", re.IGNORECASE)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute, or None for one that goes."""
    if tag in MATH:
        return value if _PLAIN.fullmatch(value) else None
    return None if name == "href" and not _LEADS.match(value) else value


_CLEANER = nh3.Cleaner(
    tags=set(TAGS | MATH),
    clean_content_tags={"script", "style", "template", "title"},
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)


def clean(html: str) -> str:
    """HTML with harmless elements only; of other elements the text stays, of scripts and styles nothing."""
    return _CLEANER.clean(html)


def clean_all(texts: Sequence[str]) -> list[str]:
    """`clean` for each."""
    return [clean(text) for text in texts]
