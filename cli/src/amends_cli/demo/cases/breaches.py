"""Breaches that many tickets of different rules have in common."""

from typing import Final

from amends_cli.demo.model import Breach, hours

UNRESOLVED: Final = Breach(clock="escalate", within=hours(48), rule="G1")
STILL_UNRESOLVED: Final = Breach(clock="escalate", within=hours(72), step=2, rule="G1")
"""24 h after the first step: 48 h + 24 h after the opening."""
NOT_CONTACTED: Final = Breach(clock="contact_interval", within=hours(48), rule="H1")
OWNERS_PENALTY: Final = 200
"""CNY 2, in fen (G2)."""
