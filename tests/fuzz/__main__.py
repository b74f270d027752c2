"""Fuzz foedus: ``make fuzz``, or ``python tests/fuzz --minutes 10 --seed 7``."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the strategies that the tests share

import campaign
from targets import TARGETS


def main() -> int:
    """Run a campaign or one case; exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rounds", type=int, help="Stop after so many rounds instead.")
    parser.add_argument("--seed", default=date.today().isoformat(), help="[default: the date]")
    parser.add_argument("--target", action="append", choices=TARGETS, help="[default: all]")
    parser.add_argument("--case", metavar="SEED/TARGET/NUMBER", help="Try this one again.")
    parser.add_argument("--into", type=Path, default=Path(".fuzz"), help="Where faults are kept.")
    parser.add_argument("--json", action="store_true", help="Print the tally as JSON.")
    given = parser.parse_args()
    into = given.into.resolve()
    campaign.start()
    if given.case:
        failure = campaign.attempt(given.case, cold=True)
        print(failure.says if failure else "nothing is wrong")
        if failure:
            print(campaign.written(failure, into))
        return int(failure is not None)
    rounds = range(given.rounds) if given.rounds else itertools.count()
    minutes = math.inf if given.rounds else given.minutes
    for found in campaign.campaign(given.seed, given.target or TARGETS, rounds, minutes, into):
        if isinstance(found, campaign.Failure):
            print(f"{found.kind}  ({found.name}, in {into})", file=sys.stderr, flush=True)
            continue
        if given.json:
            print(json.dumps({"inputs": found.inputs, "faults": found.kinds}))
        else:
            show(found, given.seed)
        return int(bool(found.kinds))
    return 0


def show(tally: campaign.Tally, seed: str) -> None:
    """Print how many inputs each target took, and the kinds of fault."""
    for name, inputs in tally.inputs.items():
        kinds = sum(kind.startswith(f"{name}: ") for kind in tally.kinds)
        print(f"{name:10}{inputs:10,} inputs {tally.seconds[name]:7.0f} s {kinds:4} faults")
    print(f"{tally.inputs.total():,} inputs, {len(tally.kinds)} kinds of fault, seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
