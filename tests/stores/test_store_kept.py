"""What a store shows beside what it was sent: nothing missing, and what became of its literals."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from servers import Server

from foedus.errors import Unreachable
from foedus.remote import load
from foedus.remote.batches import Lines
from foedus.remote.holding import Holding
from foedus.remote.kept import Kept
from foedus.terms import Term, Triple

XSD = "http://www.w3.org/2001/XMLSchema#"
#: What a store makes of literals; it keeps the others, and those that it knows of equal value.
MADE = {
    "virtuoso": {
        f'"P1Y"^^<{XSD}duration>': f'"12"^^<{XSD}duration>',
        f'"-0044-03-15"^^<{XSD}date>': f'"-044-03-15"^^<{XSD}date>',
        f'"9223372036854775808"^^<{XSD}integer>': f'"9223372036854775808"^^<{XSD}decimal>',
    },
}
SENT = [
    f'"P1Y"^^<{XSD}duration>',
    f'"-0044-03-15"^^<{XSD}date>',
    f'"2021-07-11"^^<{XSD}date>',
    f'"9223372036854775808"^^<{XSD}integer>',
    f'"1.50"^^<{XSD}decimal>',
    '"x"@en-GB',
]


def written(folder: Path, *literals: str) -> Path:
    path = folder / "literals.nt"
    path.write_text("".join(f"<urn:s> <urn:p{n}> {term} .\n" for n, term in enumerate(literals)))
    return path


def test_literals_that_a_store_alters(store: Server, tmp_path: Path) -> None:
    report = load(written(tmp_path, *SENT), store.to, store.wire())
    made = MADE.get(store.name, {})
    assert list(report.notes) == [
        f"the store made {made[term]} of {term} (in <urn:s> <urn:p{n}>)"
        for n, term in enumerate(SENT)
        if term in made
    ]


class Showing:
    """A store that shows these triples, whatever it was sent."""

    def __init__(self, *triples: Triple) -> None:
        self.triples = triples

    def objects(self, graph: Term | None, pairs: set[tuple[Term, Term]]) -> frozenset[Triple]:
        return frozenset(t for t in self.triples if t[:2] in pairs)


ONE, ZERO_ONE = f'"1"^^<{XSD}integer>', f'"01"^^<{XSD}integer>'
A = f"<urn:s> <urn:p> {ONE} .\n"


@pytest.mark.parametrize(
    ("content", "shown", "notes"),
    [
        (A, 1, []),
        (f"# a remark\n\n{A}", 1, []),
        (A + A.replace(" ", "\t"), 1, ["1 triple stands in the file more than once"]),
        (
            A + A.replace(ONE, ZERO_ONE),
            1,
            ["1 triple stands in the default graph by another of equal value"],
        ),
        (A + A.replace("<urn:s>", "<urn:t>"), 1, None),
        (A + A.replace(ONE, '"1"'), 1, None),
        (A + A.replace(ONE, ZERO_ONE), 0, None),
    ],
)
def test_fewer_than_were_sent(
    tmp_path: Path, content: str, shown: int, notes: list[str] | None
) -> None:
    path = tmp_path / "sent.nt"
    path.write_text(content)
    there = Showing(("<urn:s>", "<urn:p>", ONE))
    kept = Kept(Lines(path), {None: None}, cast(Holding, there))
    if notes is not None:
        assert list(kept.compare({None: shown})) == notes
        return
    with pytest.raises(Unreachable, match=f"shows {shown} of the 2 triples that were sent"):
        kept.compare({None: shown})
