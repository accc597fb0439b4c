"""TLS, a client's certificate, and a password: as settings, against a real broker (DESIGN, decision 6)."""

import pytest
import pytest_asyncio
from tests.conformance.secure_kafka import SecureKafka, write_certificates
from tests.conformance.steps import FAST, from_the_start, numbers, read, read_all, send, values

from amends.bus.connect import connect
from amends.bus.port import BusError, TopicSpec
from amends.bus.settings import BusSettings

pytestmark = [pytest.mark.servers, pytest.mark.kafka]


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    write_certificates(folder)
    server = SecureKafka(folder)
    server.start()
    yield server, folder
    server.stop()


@pytest_asyncio.fixture
async def start(secure):
    """Start a bus over the secure listener; keywords change the right settings into wrong ones."""
    server, folder = secure
    buses = []

    async def begin(**changed):
        right = {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_ssl_ca_file": folder / "authority.pem",
            "kafka_ssl_cert_file": folder / "client.pem",
            "kafka_sasl_mechanism": "PLAIN",
            "kafka_sasl_username": "amends",
            "kafka_sasl_password": "right",
        }
        buses.append(connect(f"kafka://127.0.0.1:{server.secure_port}", BusSettings(**FAST | right | changed)))
        await buses[-1].start()
        return buses[-1]

    yield begin
    for bus in buses:
        await bus.stop()


async def test_everything_works_over_tls_with_certificate_and_password(start, group):
    bus = await start()
    topic = f"conformance.{next(numbers)}"
    assert await bus.apply_topics([TopicSpec(topic, 2, None)]) == [topic]
    await send(bus, topic, ["1", "2"])
    assert values(await read(await bus.consumer(group, [topic], from_the_start), 2, commit=True)) == ["1", "2"]
    assert values(await read_all(await bus.reader(topic, "earliest"), 2)) == ["1", "2"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka_sasl_password": "wrong"},
        {"kafka_ssl_ca_file": None},
        {"kafka_ssl_cert_file": None},
        {"kafka_security_protocol": "PLAINTEXT"},
    ],
    ids=["password", "authority", "no-certificate", "no-tls"],
)
async def test_wrong_settings_are_errors_not_silence(start, wrong):
    bus = await start(**wrong)
    with pytest.raises(BusError):
        await bus.topics()
