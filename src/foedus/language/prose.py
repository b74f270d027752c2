"""Sentences and quotations as they are printed."""

from __future__ import annotations

from collections.abc import Sequence


def capital(text: str) -> str:
    """The text with a capital at its beginning; the other letters stay.

    >>> capital("the DPRK")
    'The DPRK'
    """
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """The text with a full stop, if nothing else ends it.

    >>> ended("China said “no.”"), ended("China leads")
    ('China said “no.”', 'China leads.')
    """
    return text if text.endswith((".", "?", "!", ".”")) else f"{text}."


def full(text: str) -> str:
    """A sentence with its capital and its full stop."""
    return ended(capital(text))


def said_by(speakers: Sequence[str]) -> str:
    """A chain of speakers in words.

    >>> said_by(["Kim Jong Un", "in a message to Xi", "KCNA", "the article"])
    'Kim Jong Un, in a message to Xi, as told by KCNA, as told by the article'
    """
    text, *rest = speakers
    for step in rest:
        text += f", {step}" if step.startswith("in ") else f", as told by {step}"
    return text


def quotation(place: str, words: str, speakers: Sequence[str] = (), again: bool = False) -> str:
    """A quote after its place and its speakers; words that were shown before are not repeated.

    >>> quotation("sentence 9", "a treaty", ["KCNA", "the article"])
    'sentence 9 (KCNA, as told by the article): “a treaty”'
    >>> quotation("title", "a treaty", again=True)
    'title: as above'
    """
    chain = f" ({said_by(speakers)})" if speakers else ""
    return f"{place}{chain}: " + ("as above" if again else f"“{words}”")
