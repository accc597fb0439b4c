"""How a decision says no. Doors translate these; nothing else is raised on purpose."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of a request; `field` is a path such as `order.items[0].paid_amount`."""

    field: str
    problem: str


class Refused(ValueError):  # noqa: N818 - named after what happened
    """The request is not valid. `problems` are all of them, each with its field."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{found.field}: {found.problem}" for found in self.problems))


class WrongState(ValueError):  # noqa: N818 - named after what happened
    """The ticket's state does not allow the step. `allowed` are the nouns that it does."""

    def __init__(self, detail: str, allowed: Iterable[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class NotYours(ValueError):  # noqa: N818 - named after what happened
    """Whoever asks may not do this: another role's step, or another department's request."""


class NoSuchTicket(LookupError):  # noqa: N818 - named after what happened
    """There is no such ticket, as far as whoever asks may know."""


class AlreadyOpened(ValueError):  # noqa: N818 - named after what happened
    """The storefront opened a ticket under this `external_id` before."""

    def __init__(self, external_id: str, ticket_id: str) -> None:
        super().__init__(f"external_id {external_id} is already that of ticket {ticket_id}")
        self.ticket_id = ticket_id
