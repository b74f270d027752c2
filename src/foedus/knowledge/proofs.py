"""One proof of each derived triple, kept with a build so that why needs no reasoner."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from foedus.knowledge.folder import kept
from foedus.reasoning.rules.proof import Proof
from foedus.terms import Term, Triple


def dump(proofs: Iterable[Proof]) -> str:
    """Proofs of triples, with all that they rest on, as JSON.

    ``terms`` are the terms by number; a step is a triple, its rule (null: asserted), what the
    rule's variables stand for, and the numbers of the steps that it rests on, all earlier ones.
    """
    terms: dict[Term, int] = {}
    steps: list[list[Any]] = []
    done: dict[Triple, int] = {}

    def number(term: Term) -> int:
        return terms.setdefault(term, len(terms))

    for proof in proofs:
        for step in proof.walk() if proof.triple not in done else ():
            if step.triple is None or step.triple in done:
                continue
            bindings = {name: number(term) for name, term in sorted(step.bindings.items())}
            premises = [done[p.triple] for p in step.premises if p.triple]
            done[step.triple] = len(steps)
            steps.append([*map(number, step.triple), step.rule, bindings, premises])
    return json.dumps({"terms": list(terms), "steps": steps}, separators=(",", ":")) + "\n"


class KeptProofs:
    """The proofs of a build, read from its file when the first is asked for."""

    def __init__(self, path: Path) -> None:
        with kept(path) as text:
            read = json.loads(text)
            self._terms: list[Term] = read["terms"]
            self._steps: list[list[Any]] = read["steps"]
            self._number = {self._triple(step): n for n, step in enumerate(self._steps)}
        self._made: dict[int, Proof] = {}

    def proof(self, triple: Triple) -> Proof | None:
        """The kept proof of a triple; None for one that has none."""
        number = self._number.get(triple)
        return None if number is None else self._proof(number)

    def _triple(self, step: list[Any]) -> Triple:
        return self._terms[step[0]], self._terms[step[1]], self._terms[step[2]]

    def _proof(self, number: int) -> Proof:
        waiting = [number]
        while waiting:
            step = self._steps[waiting[-1]]
            below = [n for n in step[5] if n not in self._made]
            if below:
                waiting += below
                continue
            bindings = {name: self._terms[term] for name, term in step[4].items()}
            premises = tuple(self._made[n] for n in step[5])
            self._made[waiting.pop()] = Proof(self._triple(step), step[3], bindings, premises)
        return self._made[number]
