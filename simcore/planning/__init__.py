"""What a dataset will take before anything of it is made: bytes, files, time, memory."""

from simcore.planning.forecast import Forecast, forecast

__all__ = ["Forecast", "forecast"]
