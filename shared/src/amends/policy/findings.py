"""What is wrong with a policy, said so that its author finds the row."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, at one row. `refuses`: the policy may not be published with it; else it is a warning."""

    row: str
    message: str
    refuses: bool = True

    def shown(self) -> dict[str, str]:
        """Return the finding as JSON, in the shape of a problem's errors: the same in the command line and over HTTP."""
        return {"field": self.row, "row": self.row, "problem": self.message}

    def __str__(self) -> str:
        return f"{self.row}: {self.message}"
