"""What tests of models share."""

import socket

import pytest


@pytest.fixture
def no_network(monkeypatch):
    """Let every question to a network fail, although none is forbidden."""

    def refuse(*_, **__):
        raise AssertionError("asked a network")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
