"""How well networks do on examples that they were not trained on."""

from dtmodels.evaluation.evaluate import compare, evaluate
from dtmodels.evaluation.report import Report

__all__ = ["Report", "compare", "evaluate"]
