"""What is wrong with something that claims to be an event."""


class NotAnEvent(ValueError):  # noqa: N818 - named after what it says of the input
    """This cannot be read as an event of ours. Reading it again will not heal it.

    `where` names the attribute, header or data field (`time`, `data.order.items.0.quantity`); `what` says what is wrong
    with it.
    """

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what
