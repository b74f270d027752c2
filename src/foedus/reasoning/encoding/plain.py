"""Recognize canonical terms in bulk, without parsing.

Only texts that are certainly canonical are accepted. A false negative costs time, never
correctness: such a text goes through pyoxigraph.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from foedus.reasoning.encoding.spans import (
    PAD,
    Bytes,
    Ids,
    Mask,
    copy_spans,
    firsts,
    hash_spans,
    same_spans,
)
from foedus.store import convert

# For each byte a 64-bit word of eight 8-bit counters, summed over a text of up to 255 bytes.
_QUOTES, _COLONS, _HASHES, _NOT_IRI, _NOT_LITERAL, _NOT_LABEL = range(0, 48, 8)
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LONGEST: Final = 255


def _counters() -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    table = np.zeros(256, np.uint64)
    iri = _LETTERS + b"-._~!$&'()*+,;=:/?#"  # RFC 3986, without what is rare: % @ [ ]
    for byte in range(256):
        marks = [_QUOTES] * (byte == ord('"')) + [_COLONS] * (byte == ord(":"))
        marks += [_HASHES] * (byte == ord("#")) + [_NOT_IRI] * (byte not in iri)
        marks += [_NOT_LITERAL] * (byte < 32 or byte >= 127 or byte == ord("\\"))
        marks += [_NOT_LABEL] * (byte not in _LETTERS + b"_.-:")
        table[byte] = sum(1 << mark for mark in marks)
    return table


_COUNTERS: Final = _counters()
_HTTP, _HTTPS = (np.uint64(int.from_bytes(text, "little")) for text in (b"<http://", b"<https:/"))
_URN: Final = np.uint64(int.from_bytes(b"<urn:", "little")), np.uint64((1 << 40) - 1)
_ESCAPE: Final = re.compile(r'\\[tbnrf"\\]')
_CANONICAL: Final = re.compile(
    r'"[^"\\\x00-\x1f\x7f\ufffe\uffff]*"(?P<tail>[@^].*)?', re.DOTALL
)  # a literal without its escapes: a repeated alternation would take 128 bytes a time
_LANGUAGE: Final = re.compile(r"@[a-z]{1,8}(-[a-z0-9]{1,8})*")
_UNCANONICAL: Final = {
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString",
}


def plainly_right(buffer: Bytes, starts: Ids, lengths: Ids) -> Mask:
    """A mask: whether each text is certainly a term in canonical form."""
    right = np.zeros(len(starts), np.bool_)
    short = np.flatnonzero((lengths > 1) & (lengths <= _LONGEST))
    right[short] = _short(buffer, starts[short], lengths[short])
    for i in np.flatnonzero(~right & (lengths > 1)).tolist():
        right[i] = _careful(buffer[starts[i] : starts[i] + lengths[i]].tobytes())
    return right


def _short(buffer: Bytes, starts: Ids, lengths: Ids) -> Mask:
    """The same for texts of 2 to 255 bytes, by counting classes of bytes."""
    if not len(starts):
        return np.zeros(0, np.bool_)
    size = int(lengths.sum())
    places = np.cumsum(lengths) - lengths
    text = np.empty(size + PAD, np.uint8)
    copy_spans(buffer, starts, lengths, text, places)
    counts = np.add.reduceat(_COUNTERS[text[:size]], places)
    counter = counts.view(np.uint8).reshape(-1, 8)
    quotes, colons, hashes, not_iri, not_literal, not_label = counter.T[:6]
    ends = places + lengths
    first, second, last = text[places], text[places + 1], text[ends - 1]

    heads = np.ndarray((size + PAD - 7,), "V8", text, 0, (1,))[places].view(np.uint64)
    http = ((heads == _HTTP) | (heads == _HTTPS)) & (colons == 1)
    urn = heads & _URN[1] == _URN[0]
    right: Mask = (first == ord("<")) & (last == ord(">")) & (not_iri == 2) & (hashes <= 1)
    right &= (http | urn) & (lengths > 8)

    third = text[places + 2]
    label = (first == ord("_")) & (second == ord(":")) & (colons == 1) & (not_label == 0)
    label &= (lengths > 2) & (third != ord("-")) & (third != ord(".")) & (last != ord("."))
    right |= label

    literal = (first == ord('"')) & (quotes == 2) & (not_literal == 0)
    right |= literal & (last == ord('"'))
    tailed = np.flatnonzero(literal & (last != ord('"')))
    if len(tailed):
        marks = np.flatnonzero(text[:size] == ord('"'))
        close = marks[np.searchsorted(marks, ends[tailed]) - 1] + 1
        right[tailed] = _tails(text, close, ends[tailed] - close)
    return right


def _tails(text: Bytes, starts: Ids, lengths: Ids) -> Mask:
    """Whether the suffix behind each literal's quotes is right, told once for each distinct one."""
    hashes = hash_spans(text, starts, lengths)
    kinds = firsts(hashes)
    order = kinds[np.argsort(hashes[kinds])]
    which = np.searchsorted(hashes[order], hashes)
    verdicts = np.array(
        [_tail(text[starts[i] : starts[i] + lengths[i]].tobytes().decode()) for i in order.tolist()]
    )
    chosen = order[which]
    alike = lengths[chosen] == lengths
    alike &= same_spans(text, starts[chosen], text, starts, np.where(alike, lengths, 0))
    right: Mask = verdicts[which] & alike
    return right


def _tail(tail: str) -> bool:
    if tail.startswith("^^<") and tail.endswith(">"):
        return tail[3:-1] not in _UNCANONICAL and convert.is_valid_iri(tail[3:-1])
    return _LANGUAGE.fullmatch(tail) is not None


def _careful(raw: bytes) -> bool:
    """The same for one text in Python: rare characters, escapes, long texts."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    if text.startswith("<"):
        return text.endswith(">") and convert.is_valid_iri(text[1:-1])
    if text.startswith('"'):
        found = _CANONICAL.fullmatch(_ESCAPE.sub("", text))
        if found is None or found["tail"] is None:
            return found is not None
        return text.endswith(f'"{found["tail"]}') and _tail(found["tail"])
    return False
