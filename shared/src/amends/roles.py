"""The roles that a token can carry (CONTRACT §6). Who may do what is in `amends.auth`, which brings the web framework."""

ROLES = (
    "storefront",
    "department",
    "merchant",
    "specialist",
    "team_leader",
    "manager",
    "analyst",
    "admin",
    "service",
)
