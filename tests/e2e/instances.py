"""More instances beside a running suite: `amends up --only … --data …`, as an operator starts them."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.suite import Suite
from tests.e2e.waiting import eventually

_READY_WITHIN_S = 120.0
_STOP_WITHIN_S = 60.0


@asynccontextmanager
async def second_instances(suite: Suite, services: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """Run one more process of each service while the block runs; gives name → URL of the new ones."""
    answer, told = suite.folder.logs / "second.json", suite.folder.logs / "second.txt"
    command = _start(suite, services, answer, told)

    async def ready() -> bool:
        assert command.poll() is None, f"`amends up --only` ended: {told.read_text()}"
        return _is_whole(answer)

    try:
        await eventually(ready, _READY_WITHIN_S, "the second instances are ready")
        yield dict(json.loads(answer.read_text()))
    finally:
        command.terminate()
        command.wait(_STOP_WITHIN_S)


def _start(suite: Suite, services: Sequence[str], answer: Path, told: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "amends_cli", "up", "--only", ",".join(services), "--json"]
    with answer.open("w") as out, told.open("w") as err:
        return subprocess.Popen([*words, "--data", str(suite.folder.path)], stdout=out, stderr=err)


def _is_whole(answer: Path) -> bool:
    return answer.read_text().rstrip().endswith("}")
