"""``serve``: a service offered to other processes. How, is not the core's business."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Servable", "set_server"]

_server_module = "qat.served"


def set_server(module: str) -> None:
    """Names the module with the function ``serve``; it is imported at its first use."""
    global _server_module
    _server_module = module


class Servable:
    """What can be served: QPUs and stacks, plugins, generators, applications."""

    def serve(
        self,
        port: int,
        host_ip: str = "localhost",
        server_type: str | None = None,
        ssl_cert: str | None = None,
        ssl_key: str | None = None,
        ssl_ca: str | None = None,
    ) -> None:
        """Offer this service to other processes; returns when the process is interrupted.

        Its clients are ``RemoteQPU``, ``RemotePlugin``, ``RemoteBatchGenerator`` or ``RemoteApplication``.

        Args:
            port: TCP port.
            host_ip: address to listen on; ``"*"`` for all of this machine. Without TLS whoever reaches it is let in.
            server_type: ``simple`` (one call at a time), ``threaded``, ``pool`` (ten calls at a time), ``fork`` (each
                client has a process) or ``stoppable`` (the same, and the process ends with its client).
            ssl_cert: certificate file (PEM), for TLS.
            ssl_key: file of its key.
            ssl_ca: file of the authority whose clients are let in.

        Raises:
            ValueError: there is no such server type.
            OSError: the port is taken.
        """
        server: Any = import_module(_server_module)
        server.serve(self, port, host_ip, server_type, ssl_cert, ssl_key, ssl_ca)
