"""Everything that dtmodels raises or warns of on purpose."""


class DtmodelsError(Exception):
    """Base of all errors that dtmodels raises; the message is one line that says what to do."""


class ConfigurationError(DtmodelsError, ValueError):
    """An argument or a line of a training file that cannot be: names it, its value and what is allowed."""


class DatasetError(DtmodelsError):
    """A dataset that is missing, foreign, damaged, half-written, or does not fit the network."""


class RunError(DtmodelsError):
    """A run directory that is missing, unfinished, or of another training."""


class SourceError(DtmodelsError):
    """Frames that cannot be read, or do not fit the network."""


class TrainedExamplesError(DtmodelsError):
    """An evaluation on examples that the network was trained on."""


class MissingPackageError(DtmodelsError, ImportError):
    """A package that is needed for this step is not installed; the message says which."""


class EqualSeedWarning(UserWarning):
    """A dataset for evaluation drawn with the seed of the training set: not independent of it in every property."""
