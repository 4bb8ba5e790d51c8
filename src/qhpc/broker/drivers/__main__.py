"""``python -m qhpc.broker.drivers < CONFIGURATION``: the driver of a QPU."""

from __future__ import annotations

import logging
import sys

from qhpc.broker.drivers.kinds import driver_of
from qhpc.broker.drivers.place import AlreadyRunning, Place
from qhpc.broker.drivers.process import DriverProcess
from qhpc.broker.drivers.settings import BadOptions, configuration_in

EXIT_BAD_OPTIONS, EXIT_ALREADY_RUNNING = 2, 3


def main(data: bytes) -> int:
    """Run a driver until it is over; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    try:
        configuration = configuration_in(data)
        with Place(configuration.socket) as listener:
            driver = driver_of(configuration.driver, configuration.options)
            sys.setswitchinterval(
                5e-4
            )  # whoever has to answer the broker does not wait long for a thread that computes
            DriverProcess(configuration, driver, listener).run()
    except BadOptions as error:
        print(f"qhpc.broker.drivers: {error}", file=sys.stderr)
        return EXIT_BAD_OPTIONS
    except AlreadyRunning as error:
        print(f"qhpc.broker.drivers: {error}", file=sys.stderr)
        return EXIT_ALREADY_RUNNING
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer.read()))
