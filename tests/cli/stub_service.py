"""Stands in for a service under the supervisor's test: answers what the supervisor asks, and writes down what it was told."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = os.environ["CLIENT_ID"].removeprefix("amends-")
PUBLISHED = json.dumps({"type": "amends.policy.published.v1"}) + "\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(PUBLISHED if self.path.startswith("/v1/events") else "{}")

    def do_POST(self) -> None:
        self._note()
        self._answer('{"version": 1}')

    def do_PUT(self) -> None:
        self._note()
        self._answer('{"mode": "automatic"}')

    def log_message(self, *args: object) -> None:
        return

    def _note(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with Path(os.environ["STUB_NOTES"]).open("a", encoding="utf-8") as notes:
            notes.write(f"{NAME} {self.command} {self.path}\n")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["LISTEN_PORT"])), Handler).serve_forever()
