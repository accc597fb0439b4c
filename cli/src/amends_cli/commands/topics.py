"""`amends topics apply|list`."""

from typing import Annotated

import typer

from amends.bus.settings import BusSettings
from amends_cli.commands.options import DEFAULT_DATA, DataOption, JsonOption
from amends_cli.commands.output import result_json, result_table, say
from amends_cli.errors import WrongUse
from amends_cli.suite.folder import DataFolder
from amends_cli.suite.topics import apply_topics, list_topics

app = typer.Typer(help="The topics on the bus.", no_args_is_help=True)

BusUrl = Annotated[
    str | None,
    typer.Option(
        "--bus-url", envvar="BUS_URL", help="The bus; without it, that of the suite in --data.", metavar="URL"
    ),
]


@app.command("apply")
def apply(
    bus_url: BusUrl = None,
    replication: Annotated[
        int | None, typer.Option(help="Copies of each partition; else KAFKA_REPLICATION, 3. A local suite: 1.", min=1)
    ] = None,
    min_insync: Annotated[
        int | None, typer.Option(help="Copies that must confirm; else KAFKA_MIN_INSYNC, 2. A local suite: 1.", min=1)
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Make the topics that are missing, dead-letter topics included. One that is there is never changed.

    Example: amends topics apply --bus-url kafka://broker-1:9092,broker-2:9092
    """
    settings = BusSettings()
    copies = settings.kafka_replication if bus_url else 1
    confirmed = settings.kafka_min_insync if bus_url else 1
    made = apply_topics(
        bus_url or _bus_of(data), replication=replication or copies, min_insync=min_insync or min(confirmed, copies)
    )
    if as_json:
        result_json({"made": made})
    else:
        say("\n".join(f"made {name}" for name in made) or "all topics are there")


@app.command("list")
def list_(bus_url: BusUrl = None, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List the topics with their partitions.

    Example: amends topics list --json
    """
    topics = list_topics(bus_url or _bus_of(data))
    if as_json:
        result_json(topics)
    else:
        result_table(("topic", "partitions"), [{"topic": t, "partitions": n} for t, n in sorted(topics.items())])


def _bus_of(data: DataOption) -> str:
    endpoints = DataFolder(data).endpoints()
    if endpoints is None:
        raise WrongUse(f"no suite is ready in {data}: give --bus-url, or start one with `amends up`")
    return endpoints["bus"]
