"""Servers that tests share: started at first use, once per run, in a folder that goes away with it."""

import itertools
from collections.abc import Callable, Iterator
from functools import cache

import pytest
import structlog
from hypothesis import settings

from amends_cli.local.kafka import LocalKafka
from amends_cli.local.postgres import LocalPostgres

# No test is timed: what a property takes says more of the machine than of the code.
settings.register_profile("whole", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=10)
settings.load_profile("whole")

# structlog's own way of showing an exception writes out every local variable of every frame: seconds, for a policy, within
# the transaction whose failure is logged.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

_COUNTER = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """A running PostgreSQL 18. Not durable against a crash of the machine, which no test makes."""
    server = LocalPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fresh_database(postgres_server: LocalPostgres) -> Iterator[str]:
    """The URL of a new, empty database, dropped after the test with whoever is still connected."""
    name = f"test_{next(_COUNTER)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def database_named(postgres_server: LocalPostgres) -> Callable[[str], str]:
    """The URL of a database that tests share, made at first use; `tests.databases` brings it back to what it was."""

    @cache
    def url(name: str) -> str:
        postgres_server.create_database(name)
        return postgres_server.url(name)

    return url


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A running Apache Kafka: one broker, its own controller."""
    server = LocalKafka(tmp_path_factory.mktemp("kafka"))
    server.start()
    yield server
    server.stop()
