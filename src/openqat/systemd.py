"""What systemd is told of a server that it has started."""

from __future__ import annotations

import os
import socket

__all__ = ["notify_systemd"]


def notify_systemd(state: str) -> None:
    """Tell systemd, if it has started us and wants to know."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.connect("\0" + address[1:] if address.startswith("@") else address)
        link.sendall(state.encode())
