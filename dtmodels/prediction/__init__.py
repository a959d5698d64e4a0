"""A trained network on measured frames: numbers, particles, counts, masks, images."""

from dtmodels.prediction.predict import predict, predict_to

__all__ = ["predict", "predict_to"]
