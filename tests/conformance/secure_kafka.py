"""A real Kafka that also listens with TLS, a client's certificate and a password, and the files that this takes."""

from datetime import timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amends.clock import real_now
from amends_cli.local.kafka import LocalKafka
from amends_cli.local.ports import choose_port

SECURE = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},SASL_SSL://127.0.0.1:{secure_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure_port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_amends="right";
listener.name.sasl_ssl.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/authority.pem
"""


class SecureKafka(LocalKafka):
    """LocalKafka with one more listener, at `secure_port`."""

    def __init__(self, data_dir):
        super().__init__(data_dir)
        self.secure_port = choose_port()

    def _write_settings(self):
        settings = super()._write_settings()
        more = SECURE.format(
            port=self.port,
            controller_port=(self._dir / "controller-port").read_text().strip(),
            secure_port=self.secure_port,
            folder=self._dir,
        )
        settings.write_text(settings.read_text() + more)
        return settings


def write_certificates(folder):
    """Write authority.pem, and broker.pem and client.pem (key and certificate) that it signed."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = certificate("test authority", authority_key, "test authority", authority_key, is_authority=True)
    (folder / "authority.pem").write_bytes(authority)
    for name in ("broker", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate(name, key, "test authority", authority_key, is_authority=False)
        )


def certificate(name, key, issuer, issuer_key, *, is_authority):
    now = real_now()
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return built.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
