"""One measurement in a process of its own; prints one line of JSON.

    python benchmarks/measure.py ENGINE TASK FILE [WORK]

Tasks: ``engine`` (parsed terms to closure, nothing else), ``file-in`` (path to a result in Python),
``every`` (the same, and every triple as a Python tuple), ``graph-in`` (rdflib graph to a result),
``file`` (file to file), and for foedus alone ``parsed`` (what comes before ``engine``).
Imports, and for ``engine`` and ``graph-in`` the parsing, come before the clock starts; peak memory
is the whole process's.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CLOCK: dict[str, float] = {}


@contextmanager
def clock() -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    CLOCK["wall"] = CLOCK.get("wall", 0.0) + time.perf_counter() - wall
    CLOCK["cpu"] = CLOCK.get("cpu", 0.0) + time.process_time() - cpu


def parsed(file: str) -> Any:
    import rdflib

    graph = rdflib.Graph()
    graph.parse(file, format="nt")
    return graph


def written_out(closure: Any) -> int:
    """The number of triples, each made under every name; ``len`` would only count them."""
    stored = closure._materialization
    return sum(len(stored.derived(code)) + len(stored.asserted.get(code, ())) for code in stored)


def foedus(task: str, file: str, work: Path) -> int:
    from foedus.reasoning import close, ruleset
    from foedus.reasoning.closure import Closure
    from foedus.reasoning.encoding.reading import parts_of
    from foedus.reasoning.evaluation.engine import Engine
    from foedus.reasoning.planning.compilation import compiled
    from foedus.reasoning.storage.partition import partition

    rules = ruleset()  # read and taken apart once in a process, as modules are
    _, terms = compiled(rules)
    if task in ("parsed", "engine"):
        parts = list(parts_of(file, terms))
        if task == "parsed":
            return sum(map(len, parts))
        with clock():
            engine = Engine(rules, terms)
            used_up = (parts.pop() for _ in range(len(parts)))  # as where they are being read
            return written_out(Closure(engine, partition(used_up, engine.vocabulary.type)))
    data = parsed(file) if task == "graph-in" else file
    with clock():
        closure = close(data)
        if task == "file":
            closure.write(work / "out.nt")
        return len(list(closure)) if task == "every" else written_out(closure)


def reasonable(task: str, file: str, work: Path) -> int:
    import rdflib
    import reasonable as library

    turtle = work / "in.ttl"  # it knows N-Triples by the ending of Turtle alone
    turtle.unlink(missing_ok=True)
    turtle.symlink_to(Path(file).resolve())
    reasoner = library.PyReasoner()
    if task == "engine":
        # Its fixpoint alone: the collector off, rdflib's constructors replaced by cheap ones, and
        # what is left of the hand-over taken off again: a second call that derives nothing.
        gc.disable()
        stub: Callable[..., Any] = lambda *_, **__: None  # noqa: E731
        for module in (rdflib, rdflib.term):
            module.URIRef = module.BNode = str  # type: ignore[misc, assignment]
            module.Literal = stub  # type: ignore[assignment, misc]
        reasoner.load_file(str(turtle))
        with clock():
            found = reasoner.reason()
        count = len(found)
        del found
        wall, cpu = CLOCK.pop("wall"), CLOCK.pop("cpu")
        with clock():
            found = reasoner.reason()
        CLOCK["wall"], CLOCK["cpu"] = wall - CLOCK["wall"], cpu - CLOCK["cpu"]
        return count
    graph = parsed(file) if task == "graph-in" else None
    with clock():
        if graph is None:
            reasoner.load_file(str(turtle))
        else:
            reasoner.from_graph(graph)
        found = reasoner.reason()  # a list of triples of rdflib terms
        if task == "file":
            with (work / "out.nt").open("w", encoding="utf-8") as out:
                out.writelines(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in found)
    return len(found)


def owlrl(task: str, file: str, work: Path) -> int:
    import owlrl as library

    graph = parsed(file) if task in ("graph-in", "engine") else None
    with clock():
        graph = graph if graph is not None else parsed(file)
        library.DeductiveClosure(library.OWLRL_Semantics).expand(graph)
        if task == "file":
            graph.serialize(work / "out.nt", format="nt", encoding="utf-8")
    return len(graph)


def nemo(task: str, file: str, work: Path) -> int:
    import nmo_python as library

    rules = (Path(__file__).parent / "rules" / "owl2rl.rls").read_text(encoding="utf-8")
    rules = rules.replace("FILE", str(Path(file).resolve()))
    with clock():
        engine = library.NemoEngine(library.load_string(rules))
        engine.reason()
        if task == "file":
            manager = library.NemoOutputManager(str(work), overwrite=True)
            engine.write_result("triple", manager)
        elif task == "every":
            found = [tuple(row) for row in engine.result("triple")]
    return len(found) if task == "every" else -1


ENGINES: dict[str, Callable[[str, str, Path], int]] = {
    "foedus": foedus,
    "reasonable": reasonable,
    "owlrl": owlrl,
    "nemo": nemo,
}


def main() -> None:
    engine, task, file = sys.argv[1:4]
    work = Path(sys.argv[4] if len(sys.argv) > 4 else ".")
    count = ENGINES[engine](task, file, work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**CLOCK, "mb": round(peak), "triples": count}))


if __name__ == "__main__":
    main()
