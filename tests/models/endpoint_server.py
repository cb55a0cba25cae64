"""A server on this machine that answers as a test wants it to, and keeps what it was asked."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "sk-very-secret"


def answer(text, key="message", **choice):
    """Return (status, answer, headers) of a text; `choice` is what else stands beside it."""
    said = {"message": {"content": text}} if key == "message" else {"text": text}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return 200, {"model": "m-1", "choices": [{**said, **choice}], "usage": usage}, {}


class Handler(BaseHTTPRequestHandler):
    """Answers `GET /v1/models` with `server.models`, and a POST with what `server.reply(number, body)` returns."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.looked.append(self.path)
        found = self.server.models is not None and self.path.split("?")[0].endswith("/models")
        self.send(*((200, self.server.models, {}) if found else (404, {"error": "no such page"}, {})))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append((self.path, {name.title(): value for name, value in self.headers.items()}, body))
            number = len(self.server.seen)
        self.send(*self.server.reply(number, body))

    def send(self, status, reply, headers):
        raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        headers = {"Content-Length": str(len(raw)), **headers}
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass
        # A length that was not kept, or none at all: the body is cut off.
        self.close_connection = headers["Content-Length"] != str(len(raw))

    def log_message(self, *_):
        pass


@contextmanager
def serving(reply=lambda _number, _body: answer("hello"), models=None):
    """Yield a running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.lock = True, threading.Lock()
    server.seen, server.looked, server.reply, server.models = [], [], reply, models
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
