"""Write docs/conformance.md and print it: what comes out, beside the peers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from conformance_cases import engines, excused, tally, total
from sparql_cases import RULES, cases, comes_out

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
COLUMNS = [
    ("w3c", "positive-entailment"),
    ("w3c", "negative-entailment"),
    ("w3c", "consistency"),
    ("w3c", "inconsistency"),
    ("rdf-based", "positive-entailment"),
    ("rdf-based", "inconsistency"),
]
#: Measured on the same checks; the better of two settings where there were two.
PEERS = {
    "owlrl 7.6.2": ("10", "4", "53", "12", "172", "58"),
    "reasonable 0.4.4": ("2", "4", "53", "0", "48", "0"),
    "Jena Mini": ("9", "4", "53", "5", "", ""),
}


def page() -> str:
    """The page as Markdown."""
    _, close = list(engines().items())[-1]
    lines = ["# Conformance", ""]
    lines += ["Written by `make conformance`; what is counted is in `tests/conformance`.", ""]
    rows = []
    for title, trials in (("the stored closure", False), ("`entails()`", True)):
        suites = {suite: tally(suite, close, trials) for suite in ("w3c", "rdf-based")}
        cells = [str(suites[suite][kind][0]) for suite, kind in COLUMNS]
        sums = [total(suites[suite]) for suite in ("w3c", "rdf-based")]
        of = [suites[suite][kind][1] for suite, kind in COLUMNS]
        rows.append([f"foedus, {title}", *cells, *(f"{right} of {all_}" for right, all_ in sums)])
    for name, cells in PEERS.items():
        numbers = [int(cell) if cell else 0 for cell in cells]
        sums = [sum(numbers[:4]), sum(numbers[4:])]
        whole = [f"{sums[0]} of {sum(of[:4])}", f"{sums[1]} of {sum(of[4:])}" if cells[4] else ""]
        rows.append([name, *cells, *whole])
    titles = [f"{suite} {kind} /{n}" for (suite, kind), n in zip(COLUMNS, of, strict=True)]
    lines += _table(["", *titles, "w3c", "rdf-based"], rows)
    lines += [
        "",
        "The W3C cases are those of the OWL 2 test suite in profile RL that have an RDF form and "
        "apply to RDF-based semantics; the RDF-based collection is that of Schneider and Mainzer. "
        "Blank nodes of a conclusion are existential. *The stored closure* counts what is stored "
        "and what is true of everything; `entails()` also tries what no rule concludes.",
        "",
        "## SPARQL 1.1 entailment",
        "",
    ]
    counts: Counter[tuple[str, bool]] = Counter()
    for case in cases():
        counts[case.regime, comes_out(case, close)] += 1
    regimes = [(r, counts[r, True], counts[r, True] + counts[r, False]) for r in RULES]
    lines += _table(["regime", "as expected", "of"], [[str(c) for c in row] for row in regimes])
    lines += ["", "## Not as expected", ""]
    lines += [f"- `{name}`: {reason}." for name, reason in sorted(excused().items())]
    return "\n".join(lines) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]


if __name__ == "__main__":
    text = page()
    PAGE.write_text(text, encoding="utf-8")
    print(text, end="")
