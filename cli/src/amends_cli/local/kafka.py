"""Apache Kafka as one child process on the loopback: broker and controller (KRaft), from its own jars (DESIGN 8)."""

import os
import secrets
import signal
import socket
import struct
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from amends.clock import monotonic_s
from amends_cli.local.jars import class_path
from amends_cli.local.java import java
from amends_cli.local.ports import choose_port, remembered_port
from amends_cli.local.process import ChildProcess, RunsAsChild, ServerFailed
from amends_cli.local.surroundings import minimal_environment

_READY_WITHIN_S = 120.0
_STOP_WITHIN_S = 30.0
_POLL_S = 0.1
_HEAP_MIB = 512

_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={logs}
auto.create.topics.enable=false
# one broker can hold one copy
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
# members that join do not wait for more of them
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# after a crash the broker may return once its old session is over: 3 s instead of 9
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# an event has at most 512 KiB; a batch of the producer up to 1 MiB
message.max.bytes=2097152
replica.fetch.max.bytes=2097152
# sized for a laptop
num.network.threads=2
num.io.threads=4
background.threads=4
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
"""

_LOGGING = """\
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c)%n
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = INFO
"""


class LocalKafka(RunsAsChild):
    """A Kafka of our own in `data_dir`, with one broker, on the loopback, without TLS.

    Starting again after a stop, a crash or `kill -9` keeps topics, messages, groups and (unless another program took
    it meanwhile) the port. Acknowledged messages survive a crash of the broker, not always one of the machine: that
    takes replication, which one broker cannot give. The outbox of every service still has them.
    """

    name = "kafka"
    _stop_within_s = _STOP_WITHIN_S

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.resolve()
        self.port = 0
        self._process = ChildProcess("Kafka", self._dir / "kafka.log", stop_signal=signal.SIGTERM)

    def start(self) -> None:
        """Start it (fetching its jars at the first time) and return when it answers requests.

        Raises:
            ServerFailed: it ended or was not ready in time, or its jars cannot be had.
        """
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start it without waiting until it is ready: it takes seconds in which other things can start."""
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        program: list[str | Path] = [java(), *self._jvm_options(), "-cp", os.pathsep.join(map(str, class_path()))]
        self.port = remembered_port(self._dir / "port", served=self.port)
        settings = self._write_settings()
        if not (self._dir / "logs" / "meta.properties").exists():
            self._format(program, settings)
        self._process.start([*program, "kafka.Kafka", settings], minimal_environment(), self._dir)

    @property
    def bootstrap(self) -> str:
        """Where clients connect: `127.0.0.1:<port>`."""
        return f"127.0.0.1:{self.port}"

    def _jvm_options(self) -> list[str]:
        logging = self._dir / "log4j2.properties"
        return [
            f"-Xmx{_HEAP_MIB}m",
            "-Xms128m",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={logging}",
            f"-Dkafka.logs.dir={self._dir}",
        ]

    def _write_settings(self) -> Path:
        controller_port = remembered_port(self._dir / "controller-port")
        while controller_port == self.port:
            controller_port = choose_port()
            (self._dir / "controller-port").write_text(f"{controller_port}\n", encoding="ascii")
        (self._dir / "log4j2.properties").write_text(_LOGGING, encoding="ascii")
        settings = self._dir / "server.properties"
        text = _SETTINGS.format(port=self.port, controller_port=controller_port, logs=self._dir / "logs")
        settings.write_text(text, encoding="utf-8")
        return settings

    def _format(self, program: list[str | Path], settings: Path) -> None:
        """Give the log folder its cluster id."""
        cluster = cluster_id(secrets.token_bytes)
        words = [*program, "kafka.tools.StorageTool", "format", "-g", "-t", cluster, "-c", settings]
        done = subprocess.run(  # noqa: S603 - the words are ours
            words, capture_output=True, text=True, check=False, env=minimal_environment()
        )
        if done.returncode != 0:
            raise ServerFailed(f"Kafka's log folder {self._dir / 'logs'} cannot be made: {done.stdout}{done.stderr}")

    def wait_ready(self) -> None:
        """Return when it answers requests. Raises ServerFailed when it ended or does not in time."""
        limit = monotonic_s() + _READY_WITHIN_S
        while monotonic_s() < limit:
            if not self._process.alive():
                raise self._process.failure(f"ended while it started (exit code {self._process.exit_code}).")
            if answers(self.port):
                return
            time.sleep(_POLL_S)
        self._process.kill()
        raise self._process.failure(f"was not ready within {_READY_WITHIN_S:.0f} s.")


def cluster_id(random_bytes: Callable[[int], bytes]) -> str:
    """Return 16 bytes in URL-safe base64, as Kafka writes its ids: none begins with a dash, which its tools take for an option."""
    while (made := urlsafe_b64encode(random_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass
    return made


def answers(port: int) -> bool:
    """Whether a broker at this port of the loopback answers the protocol's first request (ApiVersions, version 0).

    A listening port is not enough: it accepts connections before the broker handles requests.
    """
    api_versions, version, correlation, no_client = 18, 0, 1, -1
    body = struct.pack(">hhih", api_versions, version, correlation, no_client)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            return len(connection.recv(4)) > 0
    except OSError:
        return False
