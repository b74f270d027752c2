"""The closure: triples with all that follows from them, and the questions it answers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from foedus.errors import LimitReached
from foedus.locking import locked, once
from foedus.reasoning.encoding.dictionary import TYPED
from foedus.reasoning.encoding.reading import following, parts_of, read, read_known, strings
from foedus.reasoning.encoding.reading import triples as read_as_strings
from foedus.reasoning.encoding.values import declared
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.materialization import Materialization
from foedus.reasoning.incremental import compaction
from foedus.reasoning.incremental.unmerge import Rebuild
from foedus.reasoning.incremental.withdrawal import Withdrawal
from foedus.reasoning.proofs.history import Fact, History
from foedus.reasoning.rules.proof import Clash, Proof
from foedus.reasoning.rules.table import RuleSet, ruleset
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    holds,
    minus,
    pieces,
    union,
    within,
)
from foedus.reasoning.storage.partition import partition, rows_of
from foedus.reasoning.storage.tuning import DEFAULT, Tuning
from foedus.store.given import canonical, triple_of
from foedus.terms import Term, Triple

if TYPE_CHECKING:
    from foedus.reasoning.entailment.entails import Entailment
    from foedus.reasoning.entailment.unsupported import Unsupported
    from foedus.reasoning.proofs.derivations import EngineDerivations
    from foedus.reasoning.proofs.sentences import Told


class Closure:
    """Asserted triples and all that follows from them by the rules.

    Several threads may read one closure. While one changes it, what another is still iterating
    over may be of before or after.
    """

    def __init__(
        self, engine: Engine, asserted: dict[int, Ids], timeout: float = float("inf")
    ) -> None:
        started = time.perf_counter()
        self._lock = threading.RLock()  # what is read is put in order when it is first asked for
        self._timeout = timeout
        #: The ontologies that were read because they are imported, and their files.
        self.imported: Mapping[Term, Path] = {}
        self._start(engine, asserted)
        self._seconds = time.perf_counter() - started

    def _start(self, engine: Engine, asserted: dict[int, Ids]) -> None:
        started = time.thread_time()
        engine.load(asserted)
        engine.run()
        self._built = time.thread_time() - started
        self._engine, self._materialization = engine, Materialization(engine, asserted)
        self._compacted = self._fresh = compaction.count_deltas(engine)

    @property
    def rules(self) -> RuleSet:
        """The rules that were applied."""
        return self._engine.rules

    # For other parts of the reasoner

    @property
    def engine(self) -> Engine:
        """The engine behind this closure: its terms, relations and plans. Not to be changed."""
        return self._engine

    @property
    def asserted_keys(self) -> Mapping[int, Ids]:
        """The asserted keys by the code of their relation, sorted and unique; not to be changed."""
        return self._materialization.asserted

    @locked
    def derived_keys(self, code: int) -> Ids:
        """The derived keys of a relation, sorted and unique; not to be changed."""
        return self._materialization.derived(code)

    @locked
    def coded(self, triple: Triple) -> tuple[int, int] | None:
        """The relation code and key of a triple; None if one of its terms does not occur."""
        row = self._row(triple)
        return self._history.coded(row) if row is not None else None

    # What is in it

    @property
    def asserted(self) -> Iterator[Triple]:
        """The asserted triples, each once."""
        for code, keys in sorted(self._materialization.asserted.items()):
            yield from self._tokens(code, keys)

    @property
    def derived(self) -> Iterator[Triple]:
        """The stored triples that were not asserted, each once."""
        for code in self._codes():
            yield from self._tokens(code, self._derived_keys(code))

    @locked
    def _codes(self) -> tuple[int, ...]:
        return tuple(self._materialization)

    @locked
    def _derived_keys(self, code: int) -> Ids:
        return self._materialization.derived(code)

    def __iter__(self) -> Iterator[Triple]:
        yield from self.asserted
        yield from self.derived

    @locked
    def __len__(self) -> int:
        materialization = self._materialization
        return sum(
            materialization.count(code) + len(materialization.asserted.get(code, NONE))
            for code in materialization
        )

    def __repr__(self) -> str:
        asserted = sum(map(len, self._materialization.asserted.values()))
        return f"<Closure of {asserted:,} asserted and {len(self) - asserted:,} derived triples>"

    @locked
    def __contains__(self, triple: Any) -> bool:
        row = self._row(triple)
        return row is not None and self._materialization.holds(*self._history.coded(row))

    @locked
    def holds(self, triple: Any) -> bool:
        """Whether a triple is asserted or derived, stored or not."""
        row = self._row(triple)
        return row is not None and self._materialization.true(*self._history.coded(row))

    def triples(
        self,
        s: Any | None = None,
        p: Any | None = None,
        o: Any | None = None,
        *,
        derived: bool = True,
    ) -> Iterator[Triple]:
        """The stored triples that match a pattern; None matches any term.

        Without ``derived``, only the asserted ones. Raises NotRdf for what is no term.
        """
        wanted = [None if term is None else self._number(term) for term in (s, p, o)]
        return self._found(wanted, derived)

    def _found(self, numbers: Iterable[int | None], derived: bool = True) -> Iterator[Triple]:
        """The stored triples that match a pattern of term numbers; -1 matches nothing."""
        ns, np_, no = numbers
        if -1 in (ns, np_, no):
            return
        type_ = self._engine.vocabulary.type
        codes: Iterable[int] = self._codes()
        if np_ is not None and np_ != type_:
            codes = (np_,)
        elif np_ == type_ and no is not None:
            codes = (~no,)
        for code in codes:
            if np_ is not None and (type_ if code < 0 else code) != np_:
                continue
            if code < 0 and no is not None and ~code != no:
                continue
            held = self._materialization.asserted.get(code, NONE)
            for keys in (held, self._derived_keys(code)) if derived else (held,):
                if code < 0:
                    found = keys if ns is None else keys[keys == ns]
                else:
                    found = keys
                    if ns is not None:
                        a, b = keys.searchsorted([ns << SHIFT, (ns + 1) << SHIFT])
                        found = keys[a:b]
                    if no is not None:
                        found = found[found & LOW == no]
                yield from self._tokens(code, found)

    def _row(self, triple: Any) -> Fact | None:
        terms = triple if type(triple) is tuple and len(triple) == 3 else triple_of(triple)
        s, p, o = map(self._number, terms)
        return None if s < 0 or p < 0 or o < 0 else (s, p, o)

    def _number(self, term: Any) -> int:
        """The number of a term, -1 if it does not occur; NotRdf if it is no term."""
        find = self._engine.terms.find
        if type(term) is str:
            try:
                found = find(term)
            except UnicodeEncodeError:  # a lone surrogate: the parser will report it
                found = None
            if found is not None:
                return found
        found = find(canonical(term))  # it may be spelled differently
        return -1 if found is None else found

    def _tokens(self, code: int, keys: Ids) -> Iterator[Triple]:
        return strings(self._engine.terms, code, keys, self._engine.vocabulary.type)

    # Provenance

    @once
    def _history(self) -> History:
        return History(self._engine)

    @once
    def _prover(self) -> EngineDerivations:
        from foedus.reasoning.proofs.derivations import EngineDerivations

        def asserted(row: Fact) -> bool:
            code, key = self._history.coded(row)
            return holds(self._materialization.asserted.get(code, NONE), key)

        return EngineDerivations(self._history, asserted)

    @locked
    def proof(self, triple: Any) -> Proof | None:
        """One proof of a triple that the rules derive; None if they do not."""
        row = self._row(triple)
        if row is None or not self._materialization.true(*self._history.coded(row)):
            return None
        self._engine.begin(self._timeout)
        return self._prover.prove(row)

    def proofs_of(self, triples: Iterable[Triple]) -> Iterator[Proof]:
        """One proof of each triple that the rules give; what they share is proved once."""
        rows = [row for triple in triples if (row := self._row(triple))]
        self._engine.begin(self._timeout)
        return self._prover.prove_all(rows)

    def proofs(self, triple: Any, limit: int | None = None) -> Iterator[Proof]:
        """Proofs of a triple that differ in their last inference, smallest first."""
        from foedus.reasoning.proofs.alternatives import all_proofs

        row = self._row(triple)
        if row is None or not self.holds(triple):
            return
        self._engine.begin(self._timeout)
        found = all_proofs(self._prover, row, limit)
        while True:
            with self._lock:
                proof = next(found, None)
            if proof is None:
                return
            yield proof

    def explain(self, triple: Any) -> Told:
        """Why a triple follows, in sentences to `print`; or that it does not.

        Things are called by their ``rdfs:label``, else by the last part of their IRI. Raises
        `LimitReached` for a proof that is more than 200 steps deep.
        """
        from foedus.reasoning.proofs.sentences import tell

        s, p, o = map(canonical, triple_of(triple))
        return tell((s, p, o), self.proof(triple), self.rules, self.triples)

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """The contradictions, sorted; at most a hundred of each rule, see ``clash_counts``.

        Fewer where they have very many premises: a clash about a list has each of its cells.
        """
        return self._clashed[0]

    @property
    def clash_counts(self) -> dict[str, int]:
        """The number of contradictions by rule, those missing from ``clashes`` included."""
        return dict(sorted(self._clashed[1].items()))

    @once
    def _clashed(self) -> tuple[tuple[Clash, ...], Counter[str]]:
        from foedus.reasoning.proofs.clashes import clashes

        self._engine.begin(self._timeout)
        return clashes(self._engine, self._prover)

    @property
    @locked
    def malformed(self) -> tuple[str, ...]:
        """A sentence for each OWL construct that no rule can read, because a part is missing."""
        from foedus.reasoning.entailment.malformed import malformed

        return tuple(malformed(self))

    @property
    @locked
    def unsupported(self) -> tuple[Unsupported, ...]:
        """What was asserted and is not read by the rules, sorted; ``malformed`` included."""
        from foedus.reasoning.entailment.unsupported import unsupported

        asserted = partial(self.triples, derived=False)
        return tuple(sorted(unsupported(self, asserted, self._foreign(), self.imported)))

    def _foreign(self) -> dict[Term, Triple]:
        """A triple with a literal of each unknown datatype."""
        terms = self._engine.terms
        typed = np.flatnonzero(terms.kinds == TYPED)
        others = minus(typed[declared(terms, typed) < 0], [self._engine.literals.absent])
        first: dict[Term, int] = {}
        for part in pieces(len(others)):
            numbers = others[part]
            for number, token in zip(numbers.tolist(), terms.tokens(numbers), strict=True):
                first.setdefault(token[token.rindex("^^") + 2 :], number)
        found = {}
        for datatype, number in first.items():
            triple = next(self._found((None, None, number), derived=False), None)
            if triple:
                found[datatype] = triple
        return found

    @property
    @locked
    def statistics(self) -> dict[str, object]:
        """Rounds, seconds, asserted triples, and derived triples by the rule that was first."""
        from foedus.reasoning.evaluation.statistics import by_rule

        return {
            "asserted": sum(map(len, self._materialization.asserted.values())),
            "rounds": self._engine.round,
            "seconds": self._seconds,
            "derived": by_rule(self._materialization),
        }

    @locked
    def entails(
        self, triples: Any, *, clashes: Literal["explode", "ignore"] = "explode"
    ) -> Entailment:
        """Whether the triples are entailed, beyond what is stored; as true as that bool.

        Premises that contradict one another entail everything: what follows for no other reason
        names the clash. With ``clashes="ignore"`` it is not entailed.
        """
        from foedus.reasoning.entailment.entails import entailment

        return entailment(self, read_as_strings(triples), clashes=clashes)

    def supposing(self, triples: Any) -> Closure:
        """Another closure, of what is asserted here and of more triples; nothing changes here."""
        return self.changed(adding=triples)

    @locked
    def changed(self, without: Any = (), adding: Any = ()) -> Closure:
        """The closure of what is asserted here, less and more; this one stays as it is.

        What was not asserted cannot be taken away, and is passed over. `withdraw` and `add` change
        a closure itself, in a time that depends on what changes and not on all that is there.
        """
        old = self._engine
        end = time.monotonic() + self._timeout
        engine = Engine(self.rules, old.terms.copy(), limit=old.limit, end=end, tuning=old.tuning)
        type_ = engine.vocabulary.type
        asserted = dict(self._materialization.asserted)
        for code, keys in partition([read_known(without, engine.terms)], type_).items():
            asserted[code] = minus(asserted.get(code, NONE), [keys])
        for code, keys in partition([read(adding, engine.terms)], type_).items():
            asserted[code] = union([asserted.get(code, NONE), keys])
        asserted = {code: keys for code, keys in asserted.items() if len(keys)}
        made = Closure(engine, asserted, self._timeout)
        made.imported = self.imported
        return made

    # Incremental maintenance

    def add(self, triples: Any) -> None:
        """Assert more triples; if a limit is reached, the closure stays as it was."""
        self._change(read(triples, self._engine.terms), self._add)

    def withdraw(self, triples: Any) -> None:
        """Retract triples; those that were not asserted are ignored."""
        self._change(read_known(triples, self._engine.terms), self._withdraw)

    @locked
    def _change(self, numbers: Ids, how: Callable[[dict[int, Ids]], None]) -> None:
        started = time.perf_counter()
        engine = self._engine
        engine.begin(self._timeout)
        parts = partition([numbers], engine.vocabulary.type)
        before = dict(self._materialization.asserted)
        try:
            how(parts)
            self._compact()
        except Rebuild:
            self._restart(self._materialization.asserted)
        except LimitReached:
            engine.limit, engine.end = None, float("inf")
            self._restart(before)
            raise
        self._forget()
        self._seconds = time.perf_counter() - started

    def _compact(self) -> None:
        """Keep look-ups as fast as at first, however many changes there are."""
        tuning = self._engine.tuning
        most = self._compacted + tuning.compaction * self._fresh
        if compaction.count_deltas(self._engine) > most:
            compaction.compact(self._engine)
            self._compacted = compaction.count_deltas(self._engine)
            if self._compacted > tuning.growth * self._fresh:
                self._restart(self._materialization.asserted)

    def _add(self, parts: dict[int, Ids]) -> None:
        engine, materialization = self._engine, self._materialization
        new = {
            code: minus(keys, [materialization.asserted.get(code, NONE)])
            for code, keys in parts.items()
        }
        new = {code: keys for code, keys in new.items() if len(keys)}
        for code, keys in new.items():
            materialization.put(code, keys)
            engine.assert_known(code, keys)
        links = len(engine.equality.forest)
        engine.load(new)
        engine.run()
        if engine.frozen is not None and links != len(engine.equality.forest):
            raise Rebuild  # the second stratum depends on equality

    def _withdraw(self, parts: dict[int, Ids]) -> None:
        materialization = self._materialization
        gone: dict[int, Ids] = {}
        for code, keys in parts.items():
            if code in materialization.asserted:
                gone[code] = keys[within(keys, materialization.asserted[code])]
                materialization.cancel(code, gone[code])
        seconds = max(self._engine.tuning.patience, self._built)
        Withdrawal(self._engine, materialization, seconds).run(gone)

    def _restart(self, asserted: dict[int, Ids]) -> None:
        """Compute the closure anew, with the same dictionary."""
        old = self._engine
        engine = Engine(
            self.rules,
            old.terms,
            limit=old.limit,
            end=old.end,
            progress=old.progress,
            tuning=old.tuning,
        )
        self._start(engine, asserted)

    def _forget(self) -> None:
        """Drop what is cached about the closure before a change."""
        self._materialization.forget()
        for name in ("_clashed", "_history", "_prover"):
            self.__dict__.pop(name, None)

    # Export
    def write(
        self,
        target: Any,
        format: str | None = None,
        derived_only: bool = False,
        prefixes: Mapping[str, str] | None = None,
    ) -> None:
        """Write the triples to a path or an open binary file; see :mod:`writing`."""
        from foedus.reasoning.encoding import writing

        writing.write(self._engine.terms, self._parts(derived_only), target, format, prefixes)

    def _parts(self, derived_only: bool) -> Iterator[Ids]:
        for code in self._codes():
            keys = self._derived_keys(code)
            if not derived_only:
                keys = union([self._materialization.asserted.get(code, NONE), keys])
            yield rows_of(code, keys, self._engine.vocabulary.type)


def close(
    data: Any,
    *,
    rules: str | Iterable[str] | RuleSet = "owl2rl",
    extra_rules: Iterable[str | Path] = (),
    limit_triples: int | None = None,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    imports: str | Path | Iterable[str | Path] | None = None,
    format: str | None = None,
    tuning: Tuning = DEFAULT,
) -> Closure:
    """The closure of triples under the rules; the data is not changed.

    ``data``: a path or several, bytes of N-Triples, an rdflib graph, a pyoxigraph store, or an
    iterable of triples, of N-Triples strings or of terms of rdflib or pyoxigraph. ``limit_triples``
    bounds the triples that take part, ``timeout`` is in seconds; either raises LimitReached.
    ``progress`` is called with messages. ``imports`` are folders or XML catalogs in which
    ``owl:imports`` are looked up, and the imports of what is found there; nothing is fetched.
    ``format`` (``ttl``, ...) is that of files and bytes whose name does not say it. ``tuning``
    chooses among equivalent algorithms. Raises ParseFailure, NotRdf or UnknownName for bad input.

    >>> a, p, b = "<http://a>", "<http://p>", "<http://b>"
    >>> domain = "<http://www.w3.org/2000/01/rdf-schema#domain>"
    >>> list(close([(a, p, b), (p, domain, "<http://C>")]).derived)
    [('<http://a>', '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>', '<http://C>')]
    """
    chosen = rules if isinstance(rules, RuleSet) else ruleset(rules, extra_rules)
    end = time.monotonic() + timeout if timeout is not None else float("inf")
    engine = Engine(chosen, limit=limit_triples, end=end, progress=progress, tuning=tuning)

    def watch(told: str) -> None:
        engine.tick()
        if progress:
            progress(told)

    found: dict[Term, Path] = {}
    if imports is None:
        parts = parts_of(data, engine.terms, watch, format)
    else:
        from foedus.store.imports import Imports

        places = [imports] if isinstance(imports, str | Path) else imports
        library = Imports(map(Path, places))
        parts = following(data, engine.terms, library, found, watch, format)
    asserted = partition(parts, engine.vocabulary.type, limit_triples)
    closure = Closure(engine, asserted, timeout if timeout is not None else float("inf"))
    closure.imported = found
    return closure
