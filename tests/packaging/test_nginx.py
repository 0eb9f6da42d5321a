"""The front door, by nginx itself: what it lets through, what it sets, what it refuses."""

import datetime
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from tests.packaging.tools import DEPLOY, program

SPOOFED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "X_Forwarded_For": "6.6.6.6",
    "X-Request-ID": "mine",
}


class Echo(BaseHTTPRequestHandler):
    """Answers every request with what arrived."""

    def answer(self):
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        body = json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "size": size})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = answer  # noqa: N815 the names that the standard library calls
    do_POST = answer  # noqa: N815

    def log_message(self, *_):
        """Say nothing."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "help.example.com")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def configuration(folder, *, plain, tls, web, ws):
    """The shipped configuration with this machine's addresses and folders in it, and nothing else changed."""
    text = (DEPLOY / "nginx" / "nginx.conf").read_text()
    changes = {
        "/etc/nginx/tls": str(folder),
        "pid /var/run/nginx.pid;": f"pid {folder}/nginx.pid;",
        "listen 80 default_server;": f"listen 127.0.0.1:{plain} default_server;",
        "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
        "http://web:8000": f"http://127.0.0.1:{web}",
        "http://ws:8000": f"http://127.0.0.1:{ws}",
        # A test's folder is closed to the workers' own account.
        "worker_processes auto;": "worker_processes 1;" + ("user root root;" if os.geteuid() == 0 else ""),
        "worker_connections 16384;": "worker_connections 256;",
        "worker_rlimit_nofile 40000;": "",
        "http {\n": "http {\n"
        + "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ),
    }
    for shipped, here in changes.items():
        assert text.count(shipped) >= 1, shipped
        text = text.replace(shipped, here)
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A running nginx: the base addresses of its two sides."""
    nginx = program("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    self_signed(folder)
    web = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    sockets = serve(
        lambda link: link.send(json.dumps({k.lower(): v for k, v in link.request.headers.raw_items()})), "127.0.0.1", 0
    )
    threading.Thread(target=sockets.serve_forever, daemon=True).start()
    plain, tls = free_port(), free_port()
    ws_port = sockets.socket.getsockname()[1]
    path = configuration(folder, plain=plain, tls=tls, web=web.server_address[1], ws=ws_port)
    process = subprocess.Popen(
        [nginx, "-p", folder, "-c", path, "-g", "daemon off;"], stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", tls)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}"
    process.terminate()
    process.wait(10)
    sockets.shutdown()
    web.shutdown()


@pytest.fixture
def client(door):
    with httpx.Client(base_url=door[1], verify=False, headers={"Host": "help.example.com"}) as made:
        yield made


def test_the_configuration_is_valid(tmp_path):
    self_signed(tmp_path)
    path = configuration(tmp_path, plain=free_port(), tls=free_port(), web=1, ws=2)
    checked = subprocess.run(
        [program("nginx"), "-t", "-p", tmp_path, "-c", path], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "test is successful" in checked.stderr
    assert "[warn]" not in checked.stderr


def test_plain_http_is_sent_to_https(door):
    answer = httpx.get(f"{door[0]}/console/?a=1", headers={"Host": "help.example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://help.example.com/console/?a=1")


def test_what_a_client_claims_about_itself_ends_here(client):
    seen = client.get("/widget/exchange/?a=1", headers=SPOOFED).json()
    headers = seen["headers"]
    assert seen["path"] == "/widget/exchange/?a=1"
    assert (headers["host"], headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (
        "help.example.com",
        "127.0.0.1",
        "https",
    )
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert not {"x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded", "x_forwarded_for"} & set(headers)


def test_a_socket_reaches_the_socket_service_with_clean_headers(door):
    with connect(
        door[1].replace("https", "wss") + "/ws/chat/",
        ssl=ssl._create_unverified_context(),
        origin="https://help.example.com",
        additional_headers=SPOOFED,
    ) as link:
        headers = json.loads(link.recv())
    assert headers["origin"] == "https://help.example.com"
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert not {"x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded", "x_forwarded_for"} & set(headers)


def test_sockets_open_nowhere_else(door):
    with pytest.raises(InvalidStatus) as refused:
        connect(door[1].replace("https", "wss") + "/chat/", ssl=ssl._create_unverified_context()).close()
    assert refused.value.response.status_code == 200


def test_the_socket_address_takes_no_posts(client):
    assert client.post("/ws/chat/", content=b"x").status_code == 403


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/chat/messages", 1024 * 1024, 200),
        ("/api/chat/messages", 1024 * 1024 + 1, 413),
        ("/api/chat/attachments", 10 * 1024 * 1024 + 4096, 200),
        ("/api/chat/attachments", 12 * 1024 * 1024, 413),
    ],
)
def test_bodies_have_a_size(client, path, size, status):
    assert client.post(path, content=b"x" * size).status_code == status


@pytest.mark.parametrize(("path", "status"), [("/metrics", 404), ("/healthz/ready", 404), ("/healthz/live", 200)])
def test_the_inside_stays_inside(client, path, status):
    assert client.get(path).status_code == status
