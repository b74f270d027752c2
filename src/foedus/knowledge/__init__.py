"""The knowledge graph: built from its files or opened from a folder, asked, checked, exported."""

from foedus.knowledge.graph import Answer, KnowledgeGraph

__all__ = ["Answer", "KnowledgeGraph"]
