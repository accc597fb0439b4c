"""Rules B1 and B2: a department that stays silent pays with the whole price."""

from typing import Final

from amends.events.parts import Party
from amends_cli.demo.cases.steps import (
    ask,
    assess,
    find_liable,
    reply,
    resolve_after_asking,
    resolve_after_opening,
    reviews_after_opening,
)
from amends_cli.demo.model import (
    LEADER,
    MANAGER,
    Approve,
    Breach,
    Case,
    Expected,
    Item,
    Order,
    Remedy,
    hours,
)

_MERCHANT: Final = Party(kind="merchant", id="merchant-7")
_REPLY: Final = Breach(clock="dept_reply", within=hours(12))

B1: Final = (
    Case(
        key="B1-silent",
        rule="B1",
        title="return, department silent: the item is refunded",
        kind="after_sales",
        case_type="return_refund",
        description="围巾颜色与页面不符，申请退货退款",
        order=Order((Item("1", "羊毛围巾", 1, 19900, affected=True), Item("2", "棉袜", 2, 2900)), shipping_fee=1000),
        steps=(assess("颜色与页面不符"), ask("after-sales"), resolve_after_asking(14)),
        expected=Expected(
            breaches=(_REPLY,),
            met=("assess", "complete"),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=19900,
                    because="the scarf, ¥199.00; the socks are not affected, so neither they nor the shipping",
                ),
            ),
        ),
        lasts=hours(14),
    ),
    Case(
        key="B1-merchant",
        rule="B1",
        title="exchange, silent, merchant liable: all with shipping, charged back",
        kind="after_sales",
        case_type="exchange",
        description="尺码发错，要求换货",
        order=Order(
            (Item("1", "牛仔裤", 1, 12000, affected=True), Item("2", "皮带", 1, 8000, affected=True)),
            shipping_fee=1500,
        ),
        steps=(find_liable(_MERCHANT), ask("quality"), resolve_after_asking(14)),
        expected=Expected(
            breaches=(_REPLY,),
            met=("assess", "complete"),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=21500,  # 12000 + 8000 + 1500
                    payer=_MERCHANT,
                    because="¥120.00 + ¥80.00, every item affected and the customer not liable: + ¥15.00 shipping",
                ),
            ),
        ),
        lasts=hours(14),
    ),
    Case(
        key="B1-accepted",
        rule="B1",
        title="refund asked for, department answers in time: no breach",
        kind="complaint",
        case_type="refund_only",
        order=Order((Item("1", "保温杯", 1, 8900, affected=True),)),
        steps=(ask("after-sales"), reply("after-sales", "accepted"), resolve_after_asking(14)),
        expected=Expected(met=("dept_reply",)),
        lasts=hours(14),
    ),
    Case(
        key="B1-receipt",
        rule="B1",
        title="only an automatic receipt came: refunded all the same",
        kind="complaint",
        case_type="refund_only",
        order=Order((Item("1", "蓝牙耳机", 1, 15900, affected=True),)),
        steps=(
            ask("after-sales"),
            reply("after-sales", effective=False, reason="已收到，自动回复"),
            resolve_after_asking(14),
        ),
        expected=Expected(
            breaches=(_REPLY,),
            remedies=(
                Remedy(clock="dept_reply", remedy="full_refund", amount=15900, because="the earphones, ¥159.00"),
            ),
        ),
        lasts=hours(14),
    ),
    Case(
        key="B1-dear",
        rule="B1",
        title="¥6,000 are above the automatic limit: a manager approves",
        kind="complaint",
        case_type="return_refund",
        order=Order((Item("1", "笔记本电脑", 1, 600000, affected=True),)),
        steps=(ask("quality"), *reviews_after_opening(28), resolve_after_opening(30)),
        alongside=(Approve("dept_reply", MANAGER, beyond=LEADER),),
        expected=Expected(
            breaches=(_REPLY, Breach(clock="contact_interval", within=hours(24), rule="J1")),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=600000,
                    approval="required",
                    because="the laptop, ¥6,000.00, above the automatic limit of ¥5,000.00",
                ),
            ),
        ),
        lasts=hours(30),
    ),
)

B2: Final = (
    Case(
        key="B2-silent",
        rule="B2",
        title="abnormal refund, silent for 2 h: refunded",
        kind="after_sales",
        case_type="abnormal_refund",
        order=Order((Item("1", "洗衣液", 3, 8997, affected=True),), shipping_fee=600),
        steps=(assess("重复扣款"), ask("payment"), resolve_after_asking(4)),
        expected=Expected(
            breaches=(Breach(clock="dept_reply", within=hours(2)),),
            met=("assess", "complete"),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="full_refund",
                    amount=8997,
                    because="three bottles, ¥89.97; nobody was found liable, so no shipping",
                ),
            ),
        ),
        lasts=hours(4),
    ),
)
