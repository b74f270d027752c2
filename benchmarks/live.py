"""What a live closure costs: proofs kept and proofs asked for, a thousandth added and withdrawn.

    python benchmarks/live.py FILE [SAMPLES]

Prints one line of JSON: seconds, medians of five where a thing can be done again.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from itertools import islice
from statistics import median

from foedus.reasoning import check_proof, close, ruleset
from foedus.reasoning.closure import Closure
from foedus.reasoning.encoding.reading import read
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.planning.compilation import compiled
from foedus.reasoning.storage.columns import Ids, union
from foedus.reasoning.storage.partition import partition
from foedus.reasoning.storage.relation import SEVERAL, Relation

TURNS = 5
CHANGES = 200


class Forgetful(Engine):
    """The engine without what only proofs want: which rule was first, and rows of older names."""

    def merge(self, relation: Relation, found: dict[str, list[Ids]]) -> None:
        if relation.code in self.schema:  # there, rules are told apart to save plans
            super().merge(relation, found)
            return
        new = relation.new(union([part for parts in found.values() for part in parts]))
        self.step += 1
        self.take(relation, new, SEVERAL)

    def unite(self, pairs: list[tuple[Ids, Ids, str]]) -> None:
        super().unite(pairs)
        for relation in self.relations.values():
            relation.superseded.clear()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def closed(engine: Engine, triples: Ids) -> Closure:
    return Closure(engine, partition([triples], engine.vocabulary.type))


def main() -> None:
    file, samples = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    rng = random.Random(7)
    rules = ruleset()
    _, terms = compiled(rules)
    triples = read(file, terms)
    alone: dict[type[Engine], list[float]] = {Engine: [], Forgetful: []}
    for _ in range(TURNS):
        for kind, took in alone.items():
            took.append(seconds(lambda k=kind: closed(k(rules, terms), triples)))  # type: ignore[misc]
    built = median(seconds(lambda: close(file)) for _ in range(TURNS))

    closure = close(file)
    count = seconds(lambda: len(closure))
    derived = list(closure.derived)
    asserted = set(closure.asserted)
    chosen = rng.sample(derived, min(samples, len(derived)))
    proofs = [seconds(lambda t=t: closure.proof(t)) for t in chosen]  # type: ignore[misc]
    for triple in islice(chosen, 200):
        assert check_proof(closure.proof(triple), asserted, ruleset())

    ranked = sorted(asserted)
    before = len(closure)
    changes: dict[str, list[float]] = {"withdraw": [], "add": []}
    for _ in range(1 + TURNS):
        part = rng.sample(ranked, max(1, len(ranked) // 1000))
        for name, took in changes.items():
            change = getattr(closure, name)
            took.append(seconds(lambda c=change, p=part: (c(p), p[0] in closure)))  # type: ignore[misc]
    small = [rng.sample(ranked, 20) for _ in range(CHANGES)]
    each = [seconds(lambda p=part: (closure.withdraw(p), closure.add(p))) for part in small]  # type: ignore[misc]
    assert len(closure) == before
    found = {
        "triples": before,
        "build": built,
        "rules": median(alone[Engine]),
        "without proofs": median(alone[Forgetful]),
        "count": count,
        "proof": median(proofs),
        "worst proof": max(proofs),
        "small": median(each[:10]),
        "late small": median(each[-10:]),
        **{name: median(took[1:]) for name, took in changes.items()},
        **{f"first {name}": took[0] for name, took in changes.items()},
    }
    print(json.dumps({key: round(value, 5) for key, value in found.items()}))


if __name__ == "__main__":
    main()
