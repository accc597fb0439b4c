"""Both buses as the conformance tests handle them: start, kill, freeze, and cut off the front of a log."""

import os
import signal
from pathlib import Path

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition as KafkaPartition

from amends_cli.local.kafka import LocalKafka
from amends_cli.local.postgres import LocalPostgres


def stop_family(pid):
    """Stop the process and all its descendants: PostgreSQL serves every connection in a process of its own.

    The parent first, so that it starts no other meanwhile.
    """
    os.kill(pid, signal.SIGSTOP)
    while "\nState:\tT" not in Path(f"/proc/{pid}/status").read_text():
        os.sched_yield()
    stopped = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            stopped += stop_family(int(child))
    return stopped


class Broker:
    """One server and the address of one bus on it."""

    def __init__(self, server, url):
        self.server = server
        self.url = url
        self._frozen = []

    def freeze(self):
        self._frozen = stop_family(self.server.pid)

    def thaw(self):
        for pid in self._frozen:
            os.kill(pid, signal.SIGCONT)
        self._frozen = []


class PostgresBroker(Broker):
    name = "postgres"

    def __init__(self, server: LocalPostgres, database: str):
        server.create_database(database)
        super().__init__(server, server.url(database))

    async def cut_front(self, topic, partition, before):
        connection = await asyncpg.connect(self.url)
        where = "(SELECT id FROM bus_partition WHERE topic = $1 AND number = $2)"
        await connection.execute(
            f'DELETE FROM bus_record WHERE partition_id = {where} AND "offset" < $3', topic, partition, before
        )
        await connection.execute(
            f"UPDATE bus_partition SET start_offset = $3 WHERE id = {where}", topic, partition, before
        )
        await connection.close()


class KafkaBroker(Broker):
    name = "kafka"

    def __init__(self, server: LocalKafka):
        super().__init__(server, f"kafka://{server.bootstrap}")

    async def cut_front(self, topic, partition, before):
        admin = AIOKafkaAdminClient(bootstrap_servers=self.server.bootstrap)
        await admin.start()
        await admin.delete_records({KafkaPartition(topic, partition): RecordsToDelete(before)})
        await admin.close()
