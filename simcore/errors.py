"""Everything that simcore raises on purpose."""


class SimcoreError(Exception):
    """Base of all errors that simcore raises; the message is one line that says what to do."""


class ParameterError(SimcoreError, ValueError):
    """A value that cannot be: names the property, the value, its unit and what is allowed."""


class RecipeError(SimcoreError, ValueError):
    """Features that do not fit together, or a recipe that cannot be read."""


class UntrustedCodeError(RecipeError):
    """A recipe holds code that was not asked to run; load it with ``trust=True`` or ``--trust``."""


class DatasetError(SimcoreError):
    """A dataset that is missing, foreign, damaged, half-written, or of another recipe."""


class StorageError(DatasetError, OSError):
    """The disk or the object store refused: full, read-only, unreachable."""


class SchedulerError(SimcoreError):
    """The scheduler or its workers were lost, or could not be reached."""


class SimcoreWarning(UserWarning):
    """Something that was done as well as it could be, but not as well as was asked."""
