"""What is wrong with a policy, said so that its author finds the row."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, at one row. `refuses`: the policy may not be published with it; else it is a warning."""

    row: str
    message: str
    refuses: bool = True

    def __str__(self) -> str:
        return f"{self.row}: {self.message}"
