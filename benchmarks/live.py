"""What a live closure costs: proofs on demand, adding and withdrawing a thousandth.

python benchmarks/live.py FILE [SAMPLES]
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice

from foedus.reasoning import check_proof, close, ruleset


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    file, samples = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    rng = random.Random(7)
    start = time.perf_counter()
    closure = close(file)
    size = len(closure)
    built = time.perf_counter() - start
    derived = list(closure.derived)
    asserted = set(closure.asserted)
    chosen = rng.sample(derived, min(samples, len(derived)))
    first = seconds(lambda: closure.proof(chosen[0]))  # prepares what the others share
    took = [seconds(lambda t=t: closure.proof(t)) for t in chosen]  # type: ignore[misc]
    for triple in islice(chosen, 200):
        check_proof(closure.proof(triple), asserted, ruleset())
    part = rng.sample(sorted(asserted), max(1, len(asserted) // 1000))
    before = len(closure)
    withdrawn = seconds(lambda: (closure.withdraw(part), len(closure)))
    less = len(closure)
    added = seconds(lambda: (closure.add(part), len(closure)))
    found = {
        "triples": size,
        "build": round(built, 3),
        "first proof": round(first, 4),
        "proof median": round(statistics.median(took), 5),
        "proof worst": round(max(took), 5),
        "withdraw": round(withdrawn, 4),
        "add": round(added, 4),
        "withdrawn": before - less,
        "back": len(closure) == before,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
