"""Services offered to other processes, without a centre: ``serve`` on one side, ``RemoteQPU`` on the other."""

from qat.core.lazy import lazy_exports

__all__ = ["RemoteApplication", "RemoteBatchGenerator", "RemotePlugin", "RemoteQPU", "Server", "serve"]

_REMOTE, _SERVER = "qat.served.remote", "qat.served.server"
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "RemoteApplication": _REMOTE,
        "RemoteBatchGenerator": _REMOTE,
        "RemotePlugin": _REMOTE,
        "RemoteQPU": _REMOTE,
        "Server": _SERVER,
        "serve": _SERVER,
    },
)
