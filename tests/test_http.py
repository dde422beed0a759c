"""One HTTP call: what is waited for, what is sent again, and what becomes of a request nobody answered."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.base import ConfigError, Unavailable
from connectors.http import Http, Reply, Unanswered, checked_url
from tests.scripted import Answer, Request, Scripted

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OK = Answer(200, {"fine": True})


class Waits(list[float]):
    """Stands in for sleeping: keeps how long it should have been."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def scripted(answers: Iterable[Answer]) -> Scripted:
    """The answers one after the other, the last one for ever."""
    remaining = list(answers)
    return Scripted(lambda _: remaining.pop(0) if len(remaining) > 1 else remaining[0])


def client(url: str, waits: Waits | None = None) -> Http:
    return Http(url, lambda: NOW, waits if waits is not None else Waits())


def test_a_busy_vendor_is_waited_for_as_long_as_it_asks() -> None:
    """429 with Retry-After: the wait is the vendor's, then the answer comes."""
    waits = Waits()
    with scripted([Answer(429, headers={"Retry-After": "7"}), OK]) as vendor:
        reply = client(vendor.url, waits).send("GET", f"{vendor.url}/x", resends=0)
    assert reply.body == {"fine": True}
    assert [round(wait) for wait in waits] == [7]


def test_a_retry_after_may_be_a_date() -> None:
    """The header's second spelling is understood as well."""
    waits = Waits()
    later = Answer(503, headers={"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT"})
    with scripted([later, OK]) as vendor:
        client(vendor.url, waits).send("GET", f"{vendor.url}/x")
    assert [round(wait) for wait in waits] == [9]


def test_a_vendor_that_asks_for_an_hour_is_left_for_the_next_run() -> None:
    """Seconds are ours, minutes are the flow's: no attempt waits for an hour."""
    waits = Waits()
    with (
        scripted([Answer(429, headers={"Retry-After": "3600"})]) as vendor,
        pytest.raises(Unavailable, match="next run"),
    ):
        client(vendor.url, waits).send("GET", f"{vendor.url}/x")
    assert waits == []


def test_waits_grow_and_end() -> None:
    """A vendor that stays busy is asked seven times, with growing pauses."""
    waits = Waits()
    with scripted([Answer(429)]) as vendor:
        with pytest.raises(Unavailable):
            client(vendor.url, waits).send("GET", f"{vendor.url}/x")
        assert len(vendor.requests) == 7
    assert waits == sorted(waits)
    assert 0.3 < waits[0] < 0.7
    assert waits[-1] > 10


def test_where_nobody_listens_is_not_waited_for_long() -> None:
    """A refused connection is tried four times within seconds; who started us hears of it soon."""
    waits = Waits()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Unavailable, match="cannot be reached"):
        client(url, waits).send("GET", f"{url}/x")
    assert len(waits) == 3
    assert sum(waits) < 5


@pytest.mark.parametrize(
    "broken",
    [
        Answer(500),
        Answer(502, b"<html>Bad Gateway"),
        Answer(503),
        Answer(drop=True),
        Answer(200, {"long": "x" * 99}, cut=20),
    ],
    ids=["500", "502", "503", "dropped", "truncated"],
)
def test_a_broken_answer_to_a_read_is_asked_for_again(broken: Answer) -> None:
    """Reads do no harm twice."""
    with scripted([broken, broken, OK]) as vendor:
        assert client(vendor.url).send("GET", f"{vendor.url}/x").body == {"fine": True}
        assert len(vendor.requests) == 3


@pytest.mark.parametrize("broken", [Answer(503), Answer(drop=True), Answer(201, {"long": "x" * 99}, cut=20)])
def test_a_write_that_may_not_be_repeated_is_sent_once(broken: Answer) -> None:
    """A broken answer to it is reported as unanswered, never as not done."""
    with scripted([broken, OK]) as vendor:
        with pytest.raises(Unanswered):
            client(vendor.url).send("POST", f"{vendor.url}/x", resends=0)
        assert len(vendor.requests) == 1


def test_an_unanswered_request_stays_unanswered_when_its_repetition_is_refused() -> None:
    """Dropped, then busy until patience ends: it may have been done the first time."""
    with scripted([Answer(drop=True), Answer(429)]) as vendor, pytest.raises(Unanswered):
        client(vendor.url).send("PATCH", f"{vendor.url}/x", resends=1)


def test_a_reply_after_an_unanswered_attempt_says_so() -> None:
    """Whoever reads a refusal must know that an earlier attempt may have been done."""
    with scripted([Answer(drop=True), Answer(400, [])]) as vendor:
        reply = client(vendor.url).send("PATCH", f"{vendor.url}/x", resends=1)
    assert (reply.status, reply.unsure) == (400, True)


def test_a_200_that_is_not_what_was_asked_for_is_no_data() -> None:
    """The caller says what data looks like; anything else is asked for again, and in the end an error."""

    def is_page(reply: Reply) -> bool:
        return isinstance(reply.body, dict) and "records" in reply.body

    with scripted([Answer(200, b"{}"), Answer(200, b""), Answer(200, {"records": []})]) as vendor:
        assert client(vendor.url).send("GET", f"{vendor.url}/x", readable=is_page).body == {"records": []}
    with scripted([Answer(200, b"<html>maintenance")]) as vendor, pytest.raises(Unanswered):
        client(vendor.url).send("GET", f"{vendor.url}/x", readable=is_page)


def test_a_server_that_is_not_there_was_not_sent_anything() -> None:
    """A refused connection is Unavailable, not unanswered: nothing was done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unavailable) as caught:
        client(url).send("POST", f"{url}/x", resends=0)
    assert not isinstance(caught.value, Unanswered)


def test_every_request_goes_to_the_configured_place() -> None:
    """A client library that insists on https and a host of its own is led to the configured one."""
    with scripted([OK]) as vendor:
        client(vendor.url).send("GET", "https://acme.my.salesforce.com/services/data/?q=a%2Bb")
        assert vendor.requests[0].path == "/services/data/"
        assert vendor.requests[0].query == {"q": "a+b"}


def test_a_redirect_is_a_wrong_address() -> None:
    """A token does not follow a redirect to somewhere else."""
    moved = Answer(302, headers={"Location": "https://elsewhere.example/"})
    with scripted([moved]) as vendor, pytest.raises(ConfigError, match=r"elsewhere\.example"):
        client(vendor.url).send("GET", f"{vendor.url}/x")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody else has signed, in one PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
    made = made.add_extension(here, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
    raw = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "server.pem"
    file.write_bytes(raw + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


def test_certificates_are_verified(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody vouches for is a configuration error at once; a company's own authority can be named."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with Scripted(lambda _: OK, tls=tls) as vendor:
        with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE"):
            client(vendor.url).send("GET", f"{vendor.url}/x")
        assert vendor.requests == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert client(vendor.url).send("GET", f"{vendor.url}/x").status == 200


def test_a_proxy_has_no_business_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is not asked for loopback."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with scripted([OK]) as vendor:
        assert client(vendor.url).send("GET", f"{vendor.url}/x").status == 200


def test_a_netrc_file_does_not_replace_our_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests would put its password over the header that we set."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with scripted([OK]) as vendor:
        client(vendor.url).send("GET", f"{vendor.url}/x", headers={"Authorization": "Bearer ours"})
        assert vendor.requests[0].headers["Authorization"] == "Bearer ours"


def test_calls_are_counted_as_the_vendor_counts_them() -> None:
    """Every attempt that went out is a call."""
    with scripted([Answer(503), Answer(429), OK]) as vendor:
        http = client(vendor.url)
        http.send("GET", f"{vendor.url}/x")
    assert http.calls == 3


def test_errors_hold_no_secrets() -> None:
    """Neither a query, nor a header, nor a body of ours is repeated in a message."""

    def refuse(_: Request) -> Answer:
        return Answer(drop=True)

    with Scripted(refuse) as vendor, pytest.raises(Unanswered) as caught:
        client(vendor.url).send(
            "POST",
            f"{vendor.url}/token?q=hush",
            resends=0,
            headers={"Authorization": "Bearer hush"},
            data={"secret": "hush"},
        )
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_addresses_that_may_be_used(given: str, base: str) -> None:
    """https anywhere, plain http to this machine only."""
    assert checked_url("X_INSTANCE_URL", given) == base


@pytest.mark.parametrize(
    "given",
    ["http://acme.my.salesforce.com", "http://127.0.0.1.example.com", "ftp://acme", "https://me:hush@acme", "https://"],
)
def test_addresses_that_may_not_be_used(given: str) -> None:
    """The error names the variable, and never repeats a password."""
    with pytest.raises(ConfigError, match="X_INSTANCE_URL") as caught:
        checked_url("X_INSTANCE_URL", given)
    assert "hush" not in str(caught.value)
