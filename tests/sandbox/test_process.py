"""The sandbox as its own process: killed, stopped, and started before its database."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.sandbox.conftest import CLIENTS, Shop, bearer, until_ready

pytestmark = pytest.mark.servers


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@asynccontextmanager
async def running(database_url: str, port: int, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    environment |= {"DATABASE_URL": database_url, "LISTEN_PORT": str(port), "AMENDS_ENV": "test"}
    environment |= {"AMENDS_CLIENTS": json.dumps(CLIENTS), **more}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "amends_sandbox.main", env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_kill_loses_neither_the_ledger_nor_faults_nor_tokens(fresh_database: str, port: int):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        shop = Shop(client)
        async with running(fresh_database, port) as process:
            await until_ready(client)
            client.headers.update(await bearer(client))
            await shop.order("O-1", 10_000)
            await shop.fault({"endpoint": "refunds", "kind": "error", "rate": 0.5})
            assert (await shop.pay("refunds", "R-1", 4_000)).status_code == 201
            ledger = await shop.ledger()
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with running(fresh_database, port):
            await until_ready(client)
            assert await shop.ledger() == ledger
            assert (await shop.pay("refunds", "R-1", 4_000)).status_code == 500  # the second call, as before the kill
            assert (await shop.pay("refunds", "R-1", 4_000)).status_code == 200
            assert (await client.get("/orders/O-1")).json()["left_amount"] == 6_000


async def test_sigterm_stops_it_cleanly_though_a_call_is_held(fresh_database: str, port: int):
    async with (
        running(fresh_database, port, SANDBOX_HOLD_S="60") as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client,
    ):
        await until_ready(client)
        client.headers.update(await bearer(client))
        shop = Shop(client)
        await shop.fault({"endpoint": "vouchers", "kind": "timeout_after_success"})
        held = asyncio.create_task(shop.pay("vouchers", "V-1", 500))
        while (await shop.ledger())["items"] == []:
            assert not held.done()
        process.terminate()
        async with asyncio.timeout(15):
            assert await process.wait() == 0
        with pytest.raises(httpx.TransportError):
            await held


async def test_without_its_database_it_lives_says_so_and_waits(port: int):
    async with (
        running("postgresql://nobody:x@127.0.0.1:1/amends_sandbox", port) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        async with asyncio.timeout(20):
            while True:
                try:
                    answer = await client.get("/readyz")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/livez")).status_code == 200
        assert (await client.post("/token", data={})).status_code == 503
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_in_production_it_does_not_start(port: int):
    async with running("postgresql://nobody:x@127.0.0.1:1/x", port, AMENDS_ENV="production") as process:
        async with asyncio.timeout(20):
            assert await process.wait() == 2
