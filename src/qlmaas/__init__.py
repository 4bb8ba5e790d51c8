"""The services of an access server under the names they have locally: ``from qlmaas.qpus import LinAlg``.

Importing this package connects to the server that the configuration names (or takes the connection made last), and
raises ImportError if that fails.
"""

import sys

from qat.core.service_modules import UnknownNames
from qat.qlmaas.names import connected

connected()

sys.meta_path.append(UnknownNames(("qlmaas.qpus", "qlmaas.plugins", "qlmaas.generators")))
