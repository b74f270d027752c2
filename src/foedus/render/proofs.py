"""An explanation as text, JSON, Markdown or a diagram."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from foedus.explain.steps import Explanation, Passage, Step
from foedus.language.phrases import listed
from foedus.language.prose import ended, full
from foedus.render.safe import for_markdown, for_mermaid, for_text
from foedus.terms import Triple

#: Name and version of the JSON form, which ``docs/proof.schema.json`` describes.
FORMAT = "foedus-proof/1"


# -- as text -----------------------------------------------------------------------------------


def as_text(found: Explanation, dim: Callable[[str], str] = str) -> str:
    """The explanation as an indented tree of sentences; ``dim`` styles what stands beside them."""
    found = for_text(found)
    lines: list[str] = []
    several = len(found.proofs) > 1
    for number, proof in enumerate(found.proofs, 1):
        if several:
            lines += [dim(f"Proof {number} of {len(found.proofs)}"), ""]
        lines += _tree(proof, dim)
        lines.append("")
    if several:
        lines += [_count(found), ""]
    lines += [full(remark) for remark in found.remarks] if found.proofs else _absent(found, dim)
    return "\n".join(lines).strip() + "\n"


def _absent(found: Explanation, dim: Callable[[str], str]) -> Iterator[str]:
    """Why there is no proof: who claims it, the nearest misses, and what is stated instead."""
    if found.when:
        yield full(found.when)
        yield from map(full, found.remarks)
        return
    yield f"Nothing states that {found.sentence}, and nothing that is stated entails it."
    yield from map(full, found.remarks)
    yield ""
    if found.misses:
        yield "It would follow if more were known:"
    for miss in found.misses:
        yield f"- {full(miss.says)} {dim(f'({miss.rule})')}"
        yield from (f"    found: {ended(step.sentence)}" for step in miss.found)
        yield from (f"    missing: {text}." for text in miss.missing)
    if not found.misses:
        yield "No rule gives it from anything else: it would have to be stated itself."
    yield ""
    if found.known:
        yield "What is known:"
        quoted: set[str] = set()
        for step in found.known:
            yield f"- {full(step.sentence)}"
            if step.rule:
                yield f"    it follows {dim(f'({step.rule})')}"
            yield from (f"    {words}" for words in _words(step, quoted))
        yield ""


def _count(found: Explanation) -> str:
    total, apart = len(found.proofs), found.independent
    words = f"{apart} rest on statements of their own" if apart > 1 else "all rest on the same"
    return f"{total} proofs; {words}."


def _tree(root: Step, dim: Callable[[str], str]) -> list[str]:
    seen: set[Triple] = set()
    quoted: set[str] = set()
    lines: list[str] = []

    def tell(step: Step, first: str, rest: str) -> None:
        shown = step.shown()
        known = step.rule is not None and step.triple in seen
        if known:
            lines.append(first + full(f"{step.sentence} {dim('(as shown above)')}"))
            return
        if step.triple:
            seen.add(step.triple)
        lines.append(first + _line(step, dim))
        bar = "│  " if shown else "   "
        for words in _words(step, quoted):
            lines.append(rest + bar + words)
        for i, premise in enumerate(shown, 1):
            last = i == len(shown)
            tell(premise, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    tell(root, "", "")
    return lines


def _line(step: Step, dim: Callable[[str], str]) -> str:
    if step.rule:
        return f"{full(step.because)} {dim(f'({step.rule})')}"
    if step.origin and step.origin.kind == "meaning":
        return f"{dim('by definition:')} {ended(step.sentence)}"
    return full(step.sentence)


def _words(step: Step, quoted: set[str]) -> Iterator[str]:
    """The lines under a leaf: whose words it rests on."""
    origin = step.origin
    if origin is None or origin.kind == "meaning":
        return
    if origin.kind == "background":
        yield f"background: {'; '.join(origin.sources)}"
    elif origin.kind == "added":
        yield f"supposed: {'; '.join(origin.sources)}"
    elif origin.kind == "belief" and origin.sources:
        yield f"{listed(origin.believed)}: {'; '.join(origin.sources)}"
    elif origin.kind == "record":
        yield "noted when the text was read"
    for passage in origin.passages:
        again = passage.quote in quoted
        quoted.add(passage.quote)
        yield passage.quoted(again=again)


# -- as data, Markdown, a diagram --------------------------------------------------------------


def as_json(found: Explanation) -> dict[str, Any]:
    """The explanation as plain data, as ``docs/proof.schema.json`` describes it."""
    return {
        "format": FORMAT,
        "triple": list(found.triple),
        "sentence": found.sentence,
        "holds": bool(found.proofs),
        "independent": found.independent,
        "proofs": [_step_json(p) for p in found.proofs],
        "misses": [
            {
                "rule": m.rule,
                "says": m.says,
                "found": [_step_json(s) for s in m.found],
                "missing": list(m.missing),
            }
            for m in found.misses
        ],
        "known": [_step_json(s) for s in found.known],
        "remarks": list(found.remarks),
        **({"when": found.when} if found.when else {}),
    }


def _step_json(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {
        "triple": list(step.triple) if step.triple else None,
        "sentence": step.sentence,
    }
    if step.rule:
        return told | {
            "rule": step.rule,
            "because": step.because,
            "premises": [_step_json(p) for p in step.premises],
        }
    origin = step.origin
    if origin:
        told["origin"] = {
            "kind": origin.kind,
            "sources": list(origin.sources),
            "believed": list(origin.believed),
            "passages": passages_json(origin.passages),
        }
    return told


def passages_json(passages: Iterable[Passage]) -> list[dict[str, Any]]:
    """Words with their place and speakers as plain data, the same wherever they are told."""
    return [
        {
            "iri": p.iri[1:-1],
            "place": p.place,
            "quote": p.quote,
            "start": p.start,
            "end": p.end,
            "source": p.source,
            "speakers": list(p.speakers),
        }
        for p in passages
    ]


def as_markdown(found: Explanation) -> str:
    """The explanation as nested Markdown lists."""
    found = for_markdown(found)
    head = full(found.sentence) if found.proofs else f"{_not(found)}: {found.sentence}"
    lines = [f"## {head}", ""]

    for number, proof in enumerate(found.proofs, 1):
        if len(found.proofs) > 1:
            lines += [f"### Proof {number}", ""]
        quoted: set[str] = set()
        for step, depth in proof.tree():
            pad = "  " * depth
            lines.append(f"{pad}- {_line(step, lambda text: f'*{text}*')}")
            lines += (f"{pad}  > {words}" for words in _words(step, quoted))
        lines.append("")
    if len(found.proofs) > 1:
        lines += [_count(found), ""]
    if not found.proofs:
        lines += _absent(found, lambda text: f"*{text}*")
    else:
        lines += map(full, found.remarks)
    return "\n".join(lines).rstrip() + "\n"


def as_mermaid(found: Explanation) -> str:
    """The first proof as a Mermaid flow chart: words at the bottom, the conclusion on top.

    Without a proof, what is missing stands there instead.
    """
    found = for_mermaid(found)
    lines = ["flowchart BT"]
    names: dict[Triple | None, str] = {}

    def tell(step: Step) -> str:
        if step.triple in names:
            return names[step.triple]
        name = names[step.triple] = f"t{len(names)}"
        lines.append(f'  {name}["{full(step.sentence)}"]')
        for number, words in enumerate(_words(step, set())):
            lines.append(f'  {name}w{number}>"{words}"] -.-> {name}')
        for premise in step.shown():
            lines.append(f"  {tell(premise)} -->|{step.rule}| {name}")
        return name

    for proof in found.proofs[:1]:
        tell(proof)
    if not found.proofs:
        lines.append(f'  t0["{_not(found)}: {found.sentence}"]')
    for number, miss in enumerate(found.misses):
        missing = "; ".join(miss.missing)
        lines.append(f'  m{number}["missing: {missing}"] -.->|{miss.rule}| t0')
    return "\n".join(lines) + "\n"


def _not(found: Explanation) -> str:
    return "Not at this time" if found.when else "Not stated"
