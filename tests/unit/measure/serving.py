"""A tiny server that answers what a test says and writes down what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Tiny:
    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, body."""
    connections: int = 0


@contextmanager
def tiny(
    answer: Callable[[str], tuple[int, str]] = lambda path: (200, "ok"),
    *,
    keeps: bool = True,
    silently: bool = False,
) -> Iterator[Tiny]:
    """``answer`` gives status and body for a path; ``keeps`` says whether connections stay open, ``silently`` closes
    them without having said so."""
    seen = Tiny()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            seen.connections += 1

        def log_message(self, format: str, *values: object) -> None:
            pass

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            seen.asked.append((self.command, self.path, self.rfile.read(length).decode()))
            status, text = answer(self.path)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            if not keeps:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text.encode())
            self.close_connection = self.close_connection or silently

        do_GET = do_POST = do_DELETE = reply

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
