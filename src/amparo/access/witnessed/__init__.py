"""Checkpoints of others' audit trails come in; what contradicts what was told before goes out."""

from amparo.access.witnessed.model import Contradiction, Trail, Witnessed
from amparo.access.witnessed.store import Trails

__all__ = ["Contradiction", "Trail", "Trails", "Witnessed"]
