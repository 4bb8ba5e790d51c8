"""The client of an access server: connection, remote services, asynchronous results.

::

    from qat.qlmaas import QLMaaSConnection

    connection = QLMaaSConnection("qlm.example.org")
    LinAlg = connection.get_qpu("qat.qpus:LinAlg")
    future = LinAlg().submit(job)
    result = future.join()
"""

from typing import TYPE_CHECKING

from qat.core.lazy import lazy_exports

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection as QLMaaSConnection
    from qat.qlmaas.result import AsyncResult as AsyncResult

__all__ = ["AsyncResult", "QLMaaSConnection"]

__getattr__, __dir__ = lazy_exports(
    __name__, {"AsyncResult": "qat.qlmaas.result", "QLMaaSConnection": "qat.qlmaas.connection"}
)
