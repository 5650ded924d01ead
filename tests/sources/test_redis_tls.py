"""Redis by TLS, with certificates of the test's own."""

import subprocess

import pytest
import redis as redis_client

from outside_servers import Redis, free_port


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
            "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}")


def signed(folder, by, name):
    """A certificate for 127.0.0.1 that the authority has signed."""
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.crt", "-CAkey", f"{by}.key", "-CAcreateserial",
            "-days", 2, "-out", f"{name}.crt", "-extfile", "names")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "trusted")
    authority(folder, "other")
    signed(folder, "trusted", "server")
    signed(folder, "trusted", "client")
    return folder


class TlsRedis(Redis):
    """Answers by TLS too (the plain port is for the test alone); with `clients`, to those only who show a certificate."""

    def __init__(self, certificates, clients=False):
        self.certificates = certificates
        self.tls_port = free_port()
        super().__init__(
            "--tls-port", self.tls_port, "--tls-cert-file", certificates / "server.crt", "--tls-key-file", certificates / "server.key",
            "--tls-ca-cert-file", certificates / "trusted.crt", "--tls-auth-clients", "yes" if clients else "no",
        )


@pytest.fixture
def sql(fresh_server, rest_of):
    return rest_of(fresh_server)


def create(sql, redis, options=""):
    sql.sql(f"CREATE SOURCE kv TYPE redis (connection 'rediss://127.0.0.1:{redis.tls_port}', connect_timeout 5s{options})")


def test_rows_go_there_and_come_back(sql, certificates):
    with TlsRedis(certificates) as redis:
        create(sql, redis, f", options (ca_file '{certificates / 'trusted.crt'}')")
        sql.sql("CREATE TABLE kv.main.t (id BIGINT, word VARCHAR)")
        sql.sql("INSERT INTO kv.main.t SELECT i, 'w' || i FROM range(5000) r(i)")
        assert sql.sql("SELECT count(*) AS n, count(DISTINCT word) AS words FROM kv.main.t") == [{"n": 5000, "words": 5000}]
        assert sql.sql("SELECT word FROM kv.main.t WHERE id = 4711") == [{"word": "w4711"}]
        assert redis_client.Redis(port=redis.port).dbsize() > 5000


@pytest.mark.parametrize("authorities", ["", "other"])
def test_a_server_that_nobody_trusted_vouches_for_is_refused(sql, certificates, authorities):
    with TlsRedis(certificates) as redis:
        create(sql, redis, f", options (ca_file '{certificates / authorities}.crt')" if authorities else "")
        answer = sql.post("/v1/query", json={"sql": "SELECT * FROM kv.main.t"})
        assert answer.status_code == 503 and "certificate verify failed" in answer.text, answer.text


def test_a_client_shows_its_certificate_where_it_is_asked_for(sql, certificates):
    with TlsRedis(certificates, clients=True) as redis:
        trusted = certificates / "trusted.crt"
        create(sql, redis, f", options (ca_file '{trusted}')")
        assert sql.post("/v1/query", json={"sql": "SELECT * FROM kv.main.t"}).status_code == 503
        sql.sql(f"ALTER SOURCE kv SET (options (ca_file '{trusted}', cert_file '{certificates / 'client.crt'}', key_file '{certificates / 'client.key'}'))")
        sql.sql("CREATE TABLE kv.main.t (id BIGINT, word VARCHAR)")
        assert sql.sql("SELECT count(*) AS n FROM kv.main.t") == [{"n": 0}]


def test_a_plain_connection_to_tls_is_told_as_unreachable(sql, certificates):
    with TlsRedis(certificates) as redis:
        sql.sql(f"CREATE SOURCE plain TYPE redis (connection 'redis://127.0.0.1:{redis.tls_port}', connect_timeout 5s)")
        answer = sql.post("/v1/query", json={"sql": "SELECT * FROM plain.main.t"})
        assert answer.status_code == 503 and "plain" in answer.text, answer.text
