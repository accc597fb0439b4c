"""More instances beside a running suite: `amends up --only … --data …`, as an operator starts them."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.e2e.suite import Suite

_READY_WITHIN_S = 90.0
_STOP_WITHIN_S = 60.0


@asynccontextmanager
async def second_instances(suite: Suite, services: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """Run one more process of each service while the block runs; gives name → URL of the new ones."""
    words = ["-m", "amends_cli", "up", "--only", ",".join(services), "--data", str(suite.folder.path), "--json"]
    command = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert command.stdout
    assert command.stderr
    told = asyncio.create_task(command.stderr.read())
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            written = b""
            while not written.rstrip().endswith(b"}"):
                more = await command.stdout.read(4096)
                assert more, f"`amends up --only` ended: {(await told).decode()}"
                written += more
        yield dict(json.loads(written))
    finally:
        if command.returncode is None:
            command.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_WITHIN_S):
            await command.communicate()
            await told
