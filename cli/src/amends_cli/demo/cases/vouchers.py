"""Rules B5 to B7: an offer not made; a voucher first, a refund after the second silence; a lost parcel."""

from typing import Final

from amends.events.parts import Party
from amends_cli.demo.cases.breaches import NOT_CONTACTED, OWNERS_PENALTY, UNRESOLVED
from amends_cli.demo.cases.steps import (
    EVIDENCE,
    ask,
    find_liable,
    own,
    reply,
    resolve_after_asking,
    resolve_after_opening,
)
from amends_cli.demo.model import (
    Breach,
    Case,
    Expected,
    Item,
    Order,
    Remedy,
    Take,
    hours,
)

_CARRIER: Final = Party(kind="carrier", id="carrier-yuan")

B5: Final = (
    Case(
        key="B5-silent",
        rule="B5",
        title="no exact offer within the hour: the team leader is warned",
        kind="complaint",
        case_type="price_difference",
        order=Order((Item("1", "电饭煲", 1, 29900, affected=True),)),
        steps=(
            Take("contacts", {"about": "offer", "channel": "app", "amount": 1500}, wait=hours(3)),
            resolve_after_opening(5),
        ),
        expected=Expected(
            breaches=(Breach(clock="goodwill_offer", within=hours(1)),),
            warnings=1,
            contact_runs=2,  # the offer is a contact
        ),
        lasts=hours(5),
    ),
)

B6: Final = (
    Case(
        key="B6-silent",
        rule="B6",
        title="late delivery, silent twice: voucher, then the whole price",
        kind="complaint",
        case_type="late_delivery",
        level=3,
        order=Order((Item("1", "行李箱", 1, 26000, affected=True),), shipping_fee=1000),
        steps=(own(), ask("logistics"), resolve_after_asking(52)),
        expected=Expected(
            breaches=(
                Breach(clock="dept_reply", within=hours(24)),
                Breach(clock="dept_reply_second", within=hours(24), step=2),
                UNRESOLVED,
                NOT_CONTACTED,
            ),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="cash_voucher",
                    amount=520,  # 26000 x 2 %
                    because="level 3 is severity low: 2 % of ¥260.00",
                ),
                Remedy(
                    clock="dept_reply_second",
                    step=2,
                    remedy="full_refund",
                    amount=26000,
                    because="the case, ¥260.00; the voucher stays and lowers nothing",
                ),
            ),
            escalations=("team_leader",),
            penalty=OWNERS_PENALTY,
        ),
        lasts=hours(52),
    ),
    Case(
        key="B6-half",
        rule="B6",
        title="late dispatch, answered after the first deadline: the voucher only",
        kind="complaint",
        case_type="late_dispatch",
        level=3,
        order=Order((Item("1", "毛巾", 3, 9900, affected=True),)),
        steps=(ask("logistics"), reply("logistics", wait=hours(26)), resolve_after_asking(30)),
        expected=Expected(
            breaches=(Breach(clock="dept_reply", within=hours(24)),),
            met=("dept_reply_second",),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="cash_voucher",
                    amount=500,  # 9900 x 2 % = 198, at least 500
                    because="2 % of ¥99.00 = ¥1.98, at least ¥5.00",
                ),
            ),
        ),
        lasts=hours(30),
    ),
    Case(
        key="B6-answered",
        rule="B6",
        title="late delivery, logistics answers in time: no breach",
        kind="complaint",
        case_type="late_delivery",
        order=Order((Item("1", "书包", 1, 16900, affected=True),)),
        steps=(ask("logistics"), reply("logistics"), resolve_after_asking(26)),
        expected=Expected(met=("dept_reply",)),
        lasts=hours(26),
    ),
)

B7: Final = (
    Case(
        key="B7-lost",
        rule="B7",
        title="signed for, never received, carrier liable: all back with shipping",
        kind="complaint",
        case_type="signed_not_received",
        order=Order((Item("1", "机械键盘", 1, 15800, affected=True),), shipping_fee=800),
        steps=(find_liable(_CARRIER), ask("logistics"), resolve_after_asking(26)),
        expected=Expected(
            breaches=(Breach(clock="dept_reply", within=hours(24)),),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=16600,  # 15800 + 800
                    payer=_CARRIER,
                    because="¥158.00 + ¥8.00 shipping, as everything is lost and the carrier liable; no voucher step",
                ),
            ),
        ),
        lasts=hours(26),
    ),
    Case(
        key="B7-capped",
        rule="B7",
        title="returned unasked, part was refunded before: what is left",
        kind="complaint",
        case_type="returned_without_contact",
        order=Order((Item("1", "空气炸锅", 1, 30000, affected=True),), refunded_amount=12000),
        steps=(ask("logistics"), resolve_after_asking(26)),
        expected=Expected(
            breaches=(Breach(clock="dept_reply", within=hours(24)),),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=18000,  # 30000 - 12000
                    because="¥300.00 were paid, ¥120.00 given back before: ¥180.00 are left",
                ),
            ),
        ),
        lasts=hours(26),
    ),
    Case(
        key="B7-refused",
        rule="B7",
        title="refused with reason and evidence: that is a reply, and no breach",
        kind="complaint",
        case_type="signed_not_received",
        order=Order((Item("1", "运动手表", 1, 45900, affected=True),)),
        steps=(
            ask("logistics"),
            reply("logistics", "refused", reason="签收底单与门牌照片齐全，本人签收", evidence=EVIDENCE),
            resolve_after_asking(26),
        ),
        expected=Expected(met=("dept_reply",)),
        lasts=hours(26),
    ),
)
