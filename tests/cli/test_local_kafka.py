"""The local Kafka: its jars are the locked ones, and it comes back with its messages, whatever ended it."""

import hashlib
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from amends_cli.local.jars import LockedJar, class_path, locked_jars
from amends_cli.local.kafka import LocalKafka, cluster_id
from amends_cli.local.process import ServerFailed


async def _send(server: LocalKafka, texts: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap, enable_idempotence=True)
    await producer.start()
    for text in texts:
        await producer.send_and_wait("kept", text, partition=0)
    await producer.stop()


async def _read(server: LocalKafka, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition("kept", 0)])
    await consumer.seek_to_beginning()
    values = [(await consumer.getone()).value for _ in range(count)]
    await consumer.stop()
    return values


@pytest.mark.kafka
async def test_a_broker_killed_and_started_again_keeps_messages_and_port(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    server = LocalKafka(folder / "kafka")
    server.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    await _send(server, [b"before the crash"])
    bootstrap = server.bootstrap

    server.kill()
    assert not server.alive()
    server.start()
    await _send(server, [b"after it"])

    assert server.bootstrap == bootstrap
    assert await _read(server, 2) == [b"before the crash", b"after it"]
    server.stop()
    assert not server.alive()


def test_the_lock_names_every_jar_once_with_version_hash_and_size() -> None:
    jars = locked_jars()

    assert len({jar.file_name for jar in jars}) == len(jars) == 92
    assert all(jar.coordinate.endswith("!") and jar.coordinate.count(":") == 2 for jar in jars)
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 0 for jar in jars)


def test_jars_that_are_whole_are_not_fetched_again(tmp_path: Path) -> None:
    content = b"a jar"
    jar = LockedJar(hashlib.sha256(content).hexdigest(), len(content), "org.example:thing:1!")
    (tmp_path / "thing-1.jar").write_bytes(content)

    assert class_path([jar], tmp_path) == [tmp_path / "thing-1.jar"]


def test_a_damaged_jar_is_fetched_again_and_one_that_is_not_the_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"a jar"
    jar = LockedJar(hashlib.sha256(content).hexdigest(), len(content), "org.example:thing:1!")
    (tmp_path / "thing-1.jar").write_bytes(b"half")
    arrives = [b"other", content]

    def download(_jar: LockedJar, folder: Path, _report: object) -> Path:
        file = folder / "thing-1.jar"
        file.write_bytes(arrives.pop(0))
        return file

    monkeypatch.setattr("amends_cli.local.jars._download", download)

    with pytest.raises(ServerFailed, match="is not the file of our lock"):
        class_path([jar], tmp_path)
    assert (tmp_path / "thing-1.jar").read_bytes() == b"half"

    assert class_path([jar], tmp_path) == [tmp_path / "thing-1.jar"]
    assert (tmp_path / "thing-1.jar").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["thing-1.jar"]


def test_no_cluster_id_begins_with_a_dash() -> None:
    drawn = iter([b"\xf8" + bytes(15), b"\xfb" + bytes(15), bytes(16)])  # in base64: "-A…", "-w…", "AA…"
    assert cluster_id(lambda _: next(drawn)) == "A" * 22
