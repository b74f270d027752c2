"""``python -m foedus.owlfiles FOLDER`` writes the files for OWL tools into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from foedus.knowledge import KnowledgeGraph
from foedus.owlfiles import write

if __name__ == "__main__":
    for path in write(KnowledgeGraph.build(), Path(sys.argv[1])):
        print(f"{path}  {path.stat().st_size:,} bytes")
