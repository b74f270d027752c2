"""A graph made in memory: read, believed where asked, closed and indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from foedus.errors import UnknownName
from foedus.knowledge.days import Days, as_of
from foedus.knowledge.folder import Manifest
from foedus.knowledge.material import Material, build_query, fingerprints, read_material
from foedus.language.names import Name, Names
from foedus.language.spelling import near
from foedus.resources import Folders
from foedus.store.query import QuadStore
from foedus.terms import Triple, split_literal, text_of

if TYPE_CHECKING:
    from foedus.reasoning.closure import Closure
    from foedus.reasoning.witnesses.owlrl_witness import SecondClosure

#: Told what is going on, in a word.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Making:
    """What a graph consists of: what it was made from, its closure, and the view of both."""

    manifest: Manifest
    material: Material
    closure: Closure | SecondClosure
    view: QuadStore


def make(
    here: Folders,
    background: bool,
    believe: tuple[str, ...],
    reasoner: str,
    progress: Progress | None,
    on: str | None = None,
) -> Making:
    """A closed graph from its files; see `KnowledgeGraph.build`."""
    from foedus.reasoning.closure import Closure

    say = progress or (lambda _: None)
    say("reading")
    material = read_material(here, background)
    if believe:
        from foedus.whatif.belief import believed

        store = QuadStore.of(material.triples())
        names = read_names(store, material.prefixes)
        taken = believed(store, names, material.prefixes, believe)
        material = replace(material, quads=(*material.quads, *(c.quad for c in taken)))
    asserted = material.triples()
    say("reasoning")
    closure = _closed(asserted, here, reasoner)
    say("indexing")
    timed = closure if isinstance(closure, Closure) else closure_of(asserted, here)
    view = viewed(asserted, closure.derived, timed, material.prefixes, on)
    counts = _counts(view) | {
        "asserted triples": len(asserted),
        "derived triples": len(view) - len(asserted),
    }
    inputs = fingerprints(here, background)
    manifest = Manifest(inputs, material.prefixes, counts, background, believe, reasoner, on)
    return Making(manifest, material, closure, view)


def viewed(
    asserted: Iterable[Triple],
    derived: Iterable[Triple],
    closure: Closure,
    prefixes: Mapping[str, str],
    on: str | None,
) -> QuadStore:
    """What is asserted and what is derived, without the fluents that do not hold on a day.

    The day is that of which the sources speak, if none is given; without one, all stay. The
    ``closure`` says when they hold.
    """
    view = QuadStore.of(asserted)
    view.add(derived)
    if day := on or as_of(view):
        view.remove(Days(closure, view, prefixes).lapsed(day))
    return view


def read_names(
    view: QuadStore, prefixes: Mapping[str, str], derived: Callable[[Triple], bool] | None = None
) -> Names:
    """What everything in a store is called.

    Of two things that are found to be one, each has the other's names too. A name that is
    ``derived`` in this way finds its thing, but is not the one that is shown for it.
    """
    found = []
    for row in view.query(build_query("names")).dicts():
        label, _, language = split_literal(row["label"])
        rank, kind = int(text_of(row["rank"])), text_of(row["kind"])
        merged = text_of(row["merged"]) == "true"
        if merged and derived and derived((row["thing"], row["naming"], row["label"])):
            rank += 1
        found.append(Name(row["thing"], label, language, rank, kind))
    return Names(found, prefixes)


def closure_of(triples: Iterable[Triple], here: Folders) -> Closure:
    """The closure of some triples under OWL 2 RL and the domain rules."""
    from foedus import reasoning

    return reasoning.close(triples, extra_rules=_rules(here))


def _closed(triples: Iterable[Triple], here: Folders, reasoner: str) -> Closure | SecondClosure:
    if reasoner == "foedus":
        return closure_of(triples, here)
    if reasoner != "owlrl":
        raise UnknownName("reasoner", reasoner, near(reasoner, ["foedus", "owlrl"]))
    from foedus.reasoning.witnesses import owlrl_witness

    return owlrl_witness.close(triples, extra_rules=_rules(here))


def _rules(here: Folders) -> list[Path]:
    """The file of the domain's own rules, where there is one."""
    rules = here.ontology / "rules.toml"
    return [rules] if rules.is_file() else []


def _counts(view: QuadStore) -> dict[str, int]:
    rows = view.query(build_query("counts")).dicts()
    return {text_of(row["what"]): int(text_of(row["many"])) for row in rows}
