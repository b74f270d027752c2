"""Graphs that hang other reasoners: each must end, correct, within seconds.

    python benchmarks/hard.py            # all cases, one process each
    python benchmarks/hard.py keys       # one case

A case is some triples, and how many must be in the closure (or which clash must be found).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from foedus.reasoning import close
from foedus.terms import Triple

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
TYPE, SUB = f"<{RDF}type>", f"<{RDFS}subClassOf>"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out: triples of one property (None: any) and rules that clash."""

    predicate: str | None
    triples: int
    clashes: tuple[str, ...] = ()


def ex(name: object) -> str:
    return f"<http://example.org/{name}>"


def owl(name: str) -> str:
    return f"<{OWL}{name}>"


def as_list(head: str, members: list[str]) -> Iterator[Triple]:
    for n, member in enumerate(members):
        cell = head if n == 0 else f"{head[:-1]}/{n}>"
        rest = f"{head[:-1]}/{n + 1}>" if n + 1 < len(members) else f"<{RDF}nil>"
        yield cell, f"<{RDF}first>", member
        yield cell, f"<{RDF}rest>", rest


def self_chain(n: int = 400) -> tuple[list[Triple], Expected]:
    """A property that is a chain of itself: as hard as a transitive one."""
    triples = [(ex(f"n{i}"), ex("p"), ex(f"n{i + 1}")) for i in range(n)]
    triples += [(ex("p"), owl("propertyChainAxiom"), ex("chain"))]
    triples += as_list(ex("chain"), [ex("p"), ex("p")])
    return triples, Expected(ex("p"), n * (n + 1) // 2)


def transitive(n: int = 3000) -> tuple[list[Triple], Expected]:
    """A chain of a transitive property."""
    triples = [(ex(f"n{i}"), ex("p"), ex(f"n{i + 1}")) for i in range(n - 1)]
    triples += [(ex("p"), TYPE, owl("TransitiveProperty"))]
    return triples, Expected(ex("p"), n * (n - 1) // 2)


def one_by_one(n: int = 1000, heads: int = 1000) -> tuple[list[Triple], Expected]:
    """A chain that leads on from what it gave: each round goes one link further."""
    triples = [(ex(f"n{i}"), ex("q"), ex(f"n{i + 1}")) for i in range(n)]
    triples += [(ex(f"h{i}"), ex("p"), ex("n0")) for i in range(heads)]
    triples += [(ex("p"), owl("propertyChainAxiom"), ex("chain"))]
    triples += as_list(ex("chain"), [ex("p"), ex("q")])
    return triples, Expected(ex("p"), heads * (n + 1))


def clique(n: int = 2000) -> tuple[list[Triple], Expected]:
    """Names that are all the same, of which each knows one other thing."""
    triples = [(ex(f"n{i}"), owl("sameAs"), ex(f"n{i + 1}")) for i in range(n - 1)]
    triples += [(ex("n0"), ex("p"), ex("thing"))]
    return triples, Expected(ex("p"), n)


def keys(n: int = 100_000) -> tuple[list[Triple], Expected]:
    """Individuals with a key of two properties; every tenth pair has the same values."""
    triples: list[Triple] = [(ex("C"), owl("hasKey"), ex("key"))]
    triples += as_list(ex("key"), [ex("p"), ex("q")])
    for i in range(n):
        value = i - 1 if i % 20 == 1 else i
        triples.append((ex(f"n{i}"), TYPE, ex("C")))
        triples.append((ex(f"n{i}"), ex("p"), f'"{value}"'))
        triples.append((ex(f"n{i}"), ex("q"), f'"{value % 7}"'))
    return triples, Expected(owl("sameAs"), n // 20 * 2)


def all_different(n: int = 2000) -> tuple[list[Triple], Expected]:
    """Individuals that are all different, save two that are the same."""
    triples: list[Triple] = [(ex("a"), TYPE, owl("AllDifferent"))]
    triples += [(ex("a"), owl("members"), ex("list"))]
    triples += as_list(ex("list"), [ex(f"n{i}") for i in range(n)])
    triples += [(ex("n0"), owl("sameAs"), ex(f"n{n - 1}"))]
    return triples, Expected(owl("sameAs"), 2, ("eq-diff2",))


def intersection(n: int = 500) -> tuple[list[Triple], Expected]:
    """An intersection of many; one individual is in all of them, one in all but the last."""
    triples: list[Triple] = [(ex("C"), owl("intersectionOf"), ex("list"))]
    triples += as_list(ex("list"), [ex(f"C{i}") for i in range(n)])
    triples += [(ex("x"), TYPE, ex(f"C{i}")) for i in range(n)]
    triples += [(ex("y"), TYPE, ex(f"C{i}")) for i in range(n - 1)]
    return triples, Expected(TYPE, 2 * n)


def deep(n: int = 5000) -> tuple[list[Triple], Expected]:
    """A hierarchy that is one long line."""
    triples = [(ex(f"C{i}"), SUB, ex(f"C{i + 1}")) for i in range(n - 1)]
    triples += [(ex("x"), TYPE, ex("C0"))]
    return triples, Expected(SUB, n * (n - 1) // 2)


CASES: dict[str, Callable[[], tuple[list[Triple], Expected]]] = {
    "self-chain": self_chain,
    "transitive": transitive,
    "one-by-one": one_by_one,
    "clique": clique,
    "keys": keys,
    "all-different": all_different,
    "intersection": intersection,
    "deep": deep,
}


def run(name: str) -> dict[str, object]:
    """Close one case and hold the result against what is expected."""
    triples, expected = CASES[name]()
    wall, cpu = time.perf_counter(), time.process_time()
    closure = close(triples)
    clashes = tuple(sorted({clash.rule for clash in closure.clashes}))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = sum(1 for _ in closure.triples(p=expected.predicate))
    return {
        "case": name,
        "wall": round(wall, 3),
        "cpu": round(cpu, 3),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "in": len(triples),
        "out": len(closure),
        "right": found == expected.triples and clashes == expected.clashes,
        "found": found,
        "clashes": clashes,
    }


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    wrong = 0
    for name in CASES:
        done = subprocess.run(
            [sys.executable, __file__, name], capture_output=True, text=True, check=False
        )
        print(done.stdout.strip() or f"{name}: {done.stderr.strip().splitlines()[-1]}", flush=True)
        wrong += '"right": true' not in done.stdout
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
