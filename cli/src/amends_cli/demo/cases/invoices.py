"""Rules B8 and B9: an invoice that does not come is a voucher, then a refund that a supervisor approves."""

from typing import Final

from amends_cli.demo.cases.breaches import NOT_CONTACTED, OWNERS_PENALTY, STILL_UNRESOLVED, UNRESOLVED
from amends_cli.demo.cases.steps import (
    ask,
    assess,
    own,
    reply,
    resolve_after_asking,
)
from amends_cli.demo.model import (
    LEADER,
    MANAGER,
    Approve,
    Breach,
    Case,
    Expected,
    Extend,
    Item,
    Order,
    Remedy,
    hours,
)

B8: Final = (
    Case(
        key="B8-silent",
        rule="B8",
        title="paper invoice, silent twice: voucher, then a refund that a leader approves",
        kind="complaint",
        case_type="paper_invoice",
        severity="medium",
        order=Order((Item("1", "办公椅", 1, 120000, affected=True),)),
        steps=(own(), ask("finance")),
        alongside=(Approve("dept_reply_second", LEADER),),
        expected=Expected(
            breaches=(
                Breach(clock="dept_reply", within=hours(36)),
                Breach(clock="dept_reply_second", within=hours(36), step=2),
                UNRESOLVED,
                STILL_UNRESOLVED,
                NOT_CONTACTED,
            ),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="cash_voucher",
                    amount=6000,  # 120000 x 5 %
                    because="severity medium: 5 % of ¥1,200.00",
                ),
                Remedy(
                    clock="dept_reply_second",
                    step=2,
                    remedy="full_refund",
                    amount=120000,
                    approval="required",
                    because="the chair, ¥1,200.00; within the team leader's limit of ¥2,000.00",
                ),
            ),
            escalations=("team_leader", "manager"),
            penalty=OWNERS_PENALTY,
        ),
        lasts=hours(74),
    ),
    Case(
        key="B8-answered",
        rule="B8",
        title="invoice sent with waybill, deadline extended: no breach, no escalation",
        kind="complaint",
        case_type="paper_invoice",
        order=Order((Item("1", "打印机", 1, 89900, affected=True),)),
        steps=(
            own(),
            ask("finance"),
            reply("finance", invoice={"delivery_method": "courier"}),  # no carrier, no waybill: stops nothing
            reply("finance", invoice={"delivery_method": "courier", "carrier": "carrier-yuan", "waybill": "YT2001"}),
        ),
        alongside=(Extend("escalate", hours(120), "纸质发票在途，客户同意等待", MANAGER),),
        expected=Expected(met=("dept_reply",), breaches=(NOT_CONTACTED,)),
        lasts=hours(49),
    ),
)

B9: Final = (
    Case(
        key="B9-silent",
        rule="B9",
        title="e-invoice, silent twice: capped voucher, refund by the manager",
        kind="after_sales",
        case_type="e_invoice",
        severity="high",
        order=Order((Item("1", "单反相机", 1, 260000, affected=True),)),
        steps=(
            assess("发票未开具"),
            own(),
            ask("finance"),
            resolve_after_asking(54),
        ),
        alongside=(Approve("dept_reply_second", MANAGER, beyond=LEADER),),
        expected=Expected(
            breaches=(
                Breach(clock="dept_reply", within=hours(24)),
                Breach(clock="dept_reply_second", within=hours(24), step=2),
                Breach(clock="complete", within=hours(48), rule="B12"),
                UNRESOLVED,
                NOT_CONTACTED,
            ),
            met=("assess",),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="cash_voucher",
                    amount=10000,  # 260000 x 10 % = 26000, at most 10000
                    because="severity high: 10 % of ¥2,600.00 = ¥260.00, at most ¥100.00",
                ),
                Remedy(
                    clock="dept_reply_second",
                    step=2,
                    remedy="full_refund",
                    amount=260000,
                    approval="required",
                    because="the camera, ¥2,600.00, above the team leader's limit",
                ),
            ),
            escalations=("team_leader",),  # two clocks escalate at 48 h; nobody is escalated to twice
            penalty=OWNERS_PENALTY,
        ),
        lasts=hours(54),
    ),
    Case(
        key="B9-answered",
        rule="B9",
        title="e-invoice mailed in time: no breach",
        kind="complaint",
        case_type="e_invoice",
        order=Order((Item("1", "显示器", 1, 99900, affected=True),)),
        steps=(
            ask("finance"),
            reply("finance", invoice={"email_sent_to": "customer@example.com"}),
            resolve_after_asking(26),
        ),
        expected=Expected(met=("dept_reply",)),
        lasts=hours(26),
    ),
)
