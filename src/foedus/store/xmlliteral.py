"""XML literals as pyoxigraph reads them out of RDF/XML, mended.

It writes the namespaces that an element declares for itself a second time, with all that are in
scope, and the quotes in an attribute as they are: neither is XML.
"""

from __future__ import annotations

import re

_NAME = r'[^\s=<>"/]+'
_VALUE = rf'"((?:[^"<]|"(?!\s+{_NAME}="|\s*/?>))*)"'  # up to what an attribute or the end follows
_ATTRIBUTE = re.compile(rf"\s+({_NAME})={_VALUE}")
_START = re.compile(rf"(<{_NAME})((?:\s+{_NAME}={_VALUE})+)(\s*/?>)")


def mended(text: str) -> str:
    """The XML with each namespace of an element declared once, and quotes in attributes escaped.

    >>> mended('<p xmlns="http://a" class="b" xmlns="http://a">"c"</p>')
    '<p xmlns="http://a" class="b">"c"</p>'
    """
    return _START.sub(_tag, text)


def _tag(found: re.Match[str]) -> str:
    attributes: list[tuple[str, str]] = []
    for name, value in _ATTRIBUTE.findall(found[2]):
        declares = name == "xmlns" or name.startswith("xmlns:")
        if not (declares and (name, value) in attributes):
            attributes.append((name, value))
    told = (f' {name}="{value.replace(chr(34), "&quot;")}"' for name, value in attributes)
    return f"{found[1]}{''.join(told)}{found[4]}"
