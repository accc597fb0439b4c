"""Rules B3 and B4: goods that must come back first, and goods that are missing."""

from typing import Final

from amends.events.parts import Party
from amends_cli.demo.cases.steps import (
    ask,
    assess,
    find_liable,
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

_WAREHOUSE: Final = Party(kind="department", id="warehouse")
_PACKING: Final = Party(kind="department", id="packing")
_REPLY: Final = Breach(clock="dept_reply", within=hours(12))
_EXECUTE: Final = Breach(clock="refund_execute", within=hours(12))

B3: Final = (
    Case(
        key="B3-held",
        rule="B3",
        title="exchange out of stock, goods back late: held, then refunded",
        kind="after_sales",
        case_type="exchange_out_of_stock",
        order=Order((Item("1", "登山鞋", 1, 25900, affected=True),), shipping_fee=1200),
        steps=(assess("缺货"), Take("goods-returns", wait=hours(16)), resolve_after_opening(24)),
        expected=Expected(
            breaches=(_EXECUTE,),
            held=True,
            remedies=(
                Remedy(clock="refund_execute", remedy="full_refund", amount=25900, because="the boots, ¥259.00"),
            ),
        ),
        lasts=hours(24),
    ),
    Case(
        key="B3-returned",
        rule="B3",
        title="goods back at once, not refunded in 12 h: refunded",
        kind="after_sales",
        case_type="return_filed_as_exchange",
        order=Order((Item("1", "台灯", 1, 13900, affected=True),)),
        steps=(assess("误选换货"), Take("goods-returns"), resolve_after_opening(14)),
        expected=Expected(
            breaches=(_EXECUTE,),
            remedies=(Remedy(clock="refund_execute", remedy="full_refund", amount=13900, because="the lamp, ¥139.00"),),
        ),
        lasts=hours(14),
    ),
    Case(
        key="B3-executed",
        rule="B3",
        title="an agent refunds in time: nothing follows",
        kind="after_sales",
        case_type="exchange_out_of_stock",
        order=Order((Item("1", "雨伞", 1, 8800, affected=True),)),
        steps=(
            assess("缺货"),
            Take("executions", {"remedy": {"type": "full_refund", "amount": 8800}}),
            resolve_after_opening(14),
        ),
        expected=Expected(met=("assess", "refund_execute", "complete")),
        lasts=hours(14),
    ),
)

B4: Final = (
    Case(
        key="B4-short",
        rule="B4",
        title="one of three missing: a third, and the warehouse pays",
        kind="after_sales",
        case_type="short_shipment",
        order=Order(
            (Item("1", "咖啡豆", 3, 10000, affected=True, missing_quantity=1), Item("2", "滤纸", 1, 4500)),
            shipping_fee=800,
        ),
        steps=(find_liable(_WAREHOUSE), ask("warehouse"), resolve_after_asking(14)),
        expected=Expected(
            breaches=(_REPLY,),
            met=("assess", "complete"),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="partial_refund",
                    amount=3333,  # 10000 x 1 / 3 = 3333.3, half-up
                    payer=_WAREHOUSE,
                    because="¥100.00 × 1 of 3 = ¥33.33",
                ),
            ),
        ),
        lasts=hours(14),
    ),
    Case(
        key="B4-useless",
        rule="B4",
        title="the missing part makes it useless: the whole price; packing pays later",
        kind="complaint",
        case_type="missed_shipment",
        order=Order((Item("1", "书架", 4, 32000, affected=True, missing_quantity=1, impairs_use=True),)),
        steps=(ask("warehouse"), resolve_after_asking(14), find_liable(_PACKING, wait=hours(18))),
        expected=Expected(
            breaches=(_REPLY,),
            remedies=(
                Remedy(
                    clock="dept_reply",
                    remedy="partial_refund",
                    amount=32000,
                    charged_to=_PACKING,
                    because="one of four parts missing, and the shelf cannot stand: all of ¥320.00",
                ),
            ),
        ),
        lasts=hours(19),
    ),
)
