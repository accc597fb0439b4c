"""A member of a group in a process of its own, which a test can freeze or kill. One command a line, one answer a line."""

import asyncio
import json
import sys

import structlog

from amends.bus.connect import connect
from amends.bus.port import BusError, TopicPartition
from amends.bus.settings import BusSettings

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout carries answers


async def obey(consumer, command, words):
    if command == "poll":
        found = await consumer.poll(words["max_records"], words["timeout_s"])
        return [
            [*where, [[record.offset, record.value.decode()] for record in records]] for where, records in found.items()
        ]
    if command == "commit":
        await consumer.commit({TopicPartition(topic, number): offset for topic, number, offset in words["positions"]})
    return sorted(consumer.assigned())


async def main():
    order = json.loads(sys.argv[1])
    bus = connect(order["url"], BusSettings(**order["settings"]))
    await bus.start()

    async def from_the_start(_partitions):
        return {}

    consumer = await bus.consumer(order["group"], order["topics"], from_the_start)
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        words = json.loads(line)
        try:
            answer = await obey(consumer, words["command"], words)
        except BusError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201
    await bus.stop()


asyncio.run(main())
