"""What a person may not do, in words of the domain; the door turns them into problems."""


class UnknownTicket(LookupError):  # noqa: N818 - named after what is unknown
    """Your tenant has no such ticket here (yet): its events may still be on their way."""


class UnknownRemedy(LookupError):  # noqa: N818 - as above
    """Your tenant has no such remedy."""


class NotNow(RuntimeError):  # noqa: N818 - it says when
    """The remedy's state does not allow this step."""


class NotYours(PermissionError):  # noqa: N818 - it says whose it is not
    """Somebody else has to do this: the amount is above the limit, or it is one's own proposal."""


class NotPossible(ValueError):  # noqa: N818 - it says what it is not
    """The proposal cannot be carried out as it stands. `field` names what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
