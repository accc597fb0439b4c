"""A member of a group in a process of its own, as a test sees it: see member.py."""

import asyncio
import json
import signal
from contextlib import suppress

from tests.conformance.steps import LIMIT_S, until


class Member:
    """A member in a process of its own: see member.py."""

    def __init__(self, process):
        self._process = process

    async def ask(self, command, **words):
        self._process.stdin.write(json.dumps({"command": command, **words}).encode() + b"\n")
        async with asyncio.timeout(LIMIT_S):
            answer = await self._process.stdout.readline()
        return json.loads(answer)

    async def read(self, count, limit_s=LIMIT_S):
        """[topic, partition, [[offset, value], …]] of every batch until `count` records have come."""
        batches = []

        async def enough():
            answer = await self.ask("poll", max_records=100, timeout_s=0.2)
            batches.extend(answer if isinstance(answer, list) else [])
            return sum(len(records) for *_, records in batches) >= count

        await until(enough, limit_s)
        return batches

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    async def kill(self):
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
