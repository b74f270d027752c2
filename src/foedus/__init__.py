"""Foedus: an article's states, leaders, alliances and treaties, answered with proof and words.

>>> from foedus import KnowledgeGraph
>>> graph = KnowledgeGraph.build()
>>> [graph.names.label(ally) for (ally,) in graph.ask("allies-of", state="DPRK").result.rows]
['China']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foedus.version import __version__

if TYPE_CHECKING:
    from foedus.knowledge import Answer, KnowledgeGraph
    from foedus.reasoning import close
    from foedus.store.query import Result

__all__ = ["Answer", "KnowledgeGraph", "Result", "__version__", "close"]

#: Name -> module that has it; imported when it is first used, so that `import foedus` is quick.
_WHERE = {
    "Answer": "foedus.knowledge",
    "KnowledgeGraph": "foedus.knowledge",
    "Result": "foedus.store.query",
    "close": "foedus.reasoning",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'foedus' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
