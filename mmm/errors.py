"""Errors a caller may want to tell apart. Every message names the place and the remedy."""


class MMMError(Exception):
    """Base class of every error this package raises on purpose; its text may be shown to a person."""


class DataError(MMMError):
    """The data cannot be used as given: a file, a mapping or a panel that breaks a rule."""


class SpecError(MMMError):
    """An analysis specification is wrong: an unknown key, a missing column, an impossible bound."""


class ModelError(MMMError):
    """A model cannot be fitted, stored, read or asked this question."""


class InfeasiblePlanError(MMMError):
    """No plan satisfies the budget and the bounds together."""


class NotAllowedError(MMMError):
    """The person acting may not do this."""


class NotFoundError(MMMError):
    """The thing asked for does not exist in this workspace."""


class ConflictError(MMMError):
    """Somebody or something changed the object first; look again before repeating."""


class IntegrityError(MMMError):
    """Stored bytes, keys or the audit chain do not agree with each other."""
