"""Rules B11, B12, G1, G2 and H1: who is told, who is asked, and when the customer hears from us again."""

from typing import Final

from amends_cli.demo.cases.breaches import NOT_CONTACTED, OWNERS_PENALTY, STILL_UNRESOLVED, UNRESOLVED
from amends_cli.demo.cases.steps import ask, own, resolve_after_asking, resolve_after_opening
from amends_cli.demo.model import Breach, Case, Expected, Revisit, Take, hours

FOLLOWED_UP: Final = (
    Case(
        key="B11-silent",
        rule="B11",
        title="any other request, department silent: the team leader is warned",
        kind="consultation",
        case_type="other",
        steps=(ask("platform"), resolve_after_asking(26)),
        expected=Expected(breaches=(Breach(clock="dept_reply", within=hours(24)),), warnings=1),
        lasts=hours(26),
    ),
    Case(
        key="B12-silent",
        rule="B12",
        title="repair neither assessed nor completed: warned, then escalated",
        kind="after_sales",
        case_type="repair",
        steps=(resolve_after_opening(52),),
        expected=Expected(
            breaches=(
                Breach(clock="assess", within=hours(24)),
                Breach(clock="complete", within=hours(48)),
                UNRESOLVED,
                NOT_CONTACTED,
            ),
            warnings=1,
            escalations=("team_leader",),
        ),
        lasts=hours(52),
    ),
)

ESCALATED: Final = (
    Case(
        key="G1-left",
        rule="G1",
        title="left alone: team leader at 48 h, manager at 72 h, ¥2 against the owner",
        kind="complaint",
        case_type="other",
        steps=(own(),),
        expected=Expected(
            breaches=(UNRESOLVED, STILL_UNRESOLVED, NOT_CONTACTED),
            escalations=("team_leader", "manager"),
            penalty=OWNERS_PENALTY,
        ),
        lasts=hours(72),
    ),
    Case(
        key="G2-reported",
        rule="G2",
        title="reported by its owner in time: no penalty, nobody escalated to twice",
        kind="complaint",
        case_type="other",
        steps=(own(), Take("escalations", {"to": "team_leader", "reason": "需要跨部门协调"})),
        expected=Expected(breaches=(UNRESOLVED, STILL_UNRESOLVED, NOT_CONTACTED), escalations=("manager",)),
        lasts=hours(72),
    ),
)

CONTACTED: Final = (
    Case(
        key="H1-called",
        rule="H1",
        title="revisit made: the contact clock starts again, the next one is planned",
        kind="complaint",
        case_type="other",
        steps=(Revisit("not_solved"), resolve_after_opening(0)),  # at once after the call
        expected=Expected(met=("contact_interval",), contact_runs=2),
        lasts=hours(4),
    ),
)
