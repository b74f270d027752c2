"""The knowledge graph: built from its files or opened from a folder, asked, checked, exported."""

from foedus.knowledge.answer import Answer
from foedus.knowledge.graph import KnowledgeGraph

__all__ = ["Answer", "KnowledgeGraph"]
