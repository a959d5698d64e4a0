"""A request without the token or from another origin gets nothing; a path outside the project is not served."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from opened import studios

from studio.gate import Tickets


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "secret.txt").write_text("mine")
    with studios(tmp_path_factory.mktemp("home")) as start:
        yield start(folder)


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


def token(address: str) -> str:
    return urlsplit(address).query.removeprefix("token=")


def cookie(address: str) -> str:
    status, body, headers = ask(address, f"/build?token={token(address)}")
    assert status == 200 and b'location.replace("/build")' in body
    given = headers["set-cookie"]
    assert "HttpOnly" in given and "SameSite=Strict" in given
    return given.partition(";")[0]


@pytest.mark.parametrize("path", ["/", "/build", "/studio/thumbnail/MieSphere", "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
                                  "/_nicegui/3.18.0/static/nicegui.js", "/?token=wrong", "/?token="])  # fmt: skip
def test_without_the_token_there_is_nothing(address: str, path: str) -> None:
    status, body, _ = ask(address, path)
    assert (status, body) == (403, b"")


def test_the_token_opens_the_door_once_and_the_cookie_from_then_on(address: str) -> None:
    status, body, _ = ask(address, "/build", Cookie=cookie(address))
    assert status == 200 and b"studio" in body
    status, body, headers = ask(address, "/studio/thumbnail/MieSphere", Cookie=cookie(address))
    assert status == 200 and headers["content-type"] == "image/png" and body.startswith(b"\x89PNG")


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"}, {"Host": "evil.example"}, {"Host": "evil.example:80"},
])  # fmt: skip
def test_from_elsewhere_there_is_nothing_even_with_the_cookie(address: str, headers: dict[str, str]) -> None:
    status, body, _ = ask(address, "/build", Cookie=cookie(address), **headers)
    assert (status, body) == (403, b"")


def test_the_cookie_does_not_tell_the_token(address: str) -> None:
    assert token(address) not in cookie(address)
    name = cookie(address).partition("=")[0]
    assert ask(address, "/build", Cookie=f"{name}={token(address)}")[:2] == (403, b"")


def test_a_ticket_is_good_once_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = Tickets()
    first, second = tickets.new(), tickets.new()
    assert not tickets.take("") and not tickets.take(first[:-1])
    assert tickets.take(first) and not tickets.take(first)
    late = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: late)
    assert not tickets.take(second)


def test_another_host_name_does_not_do_even_with_the_token(address: str) -> None:
    assert ask(address, f"/?token={token(address)}", Host="evil.example")[:2] == (403, b"")


def test_the_token_does_not_open_other_methods(address: str) -> None:
    assert ask(address, f"/?token={token(address)}", "POST")[:2] == (403, b"")


def websocket(address: str, **headers: str) -> str:
    where = urlsplit(address)
    lines = {"Host": where.netloc, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} | headers  # fmt: skip
    words = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(f"GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{words}\r\n".encode())
        return connection.recv(4096).decode("latin-1").partition("\r\n")[0]


def test_websockets_pass_the_same_gate(address: str) -> None:
    ours = f"http://{urlsplit(address).netloc}"
    assert "403" in websocket(address, Origin=ours)
    assert "403" in websocket(address, Origin="http://evil.example", Cookie=cookie(address))
    assert "101" in websocket(address, Origin=ours, Cookie=cookie(address))


@pytest.mark.parametrize("path", ["/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/studio/thumbnail/..%2fsecret.txt",
                                  "/studio/example/%2e%2e%2f%2e%2e%2fapp.py", "/_nicegui/../secret.txt"])  # fmt: skip
def test_no_file_is_served_by_its_path(address: str, path: str) -> None:
    _, body, _ = ask(address, path, Cookie=cookie(address))
    assert b"mine" not in body and b"import" not in body[:200]


def test_only_this_machine_can_connect(address: str) -> None:
    port = urlsplit(address).port
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for other in others:
        if other.startswith("127."):
            continue
        with pytest.raises(OSError), socket.create_connection((other, port), timeout=2):
            pass
