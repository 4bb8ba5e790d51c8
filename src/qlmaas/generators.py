"""The generators of the server; ``dir(qlmaas.generators)`` lists them."""

from qat.qlmaas.names import service_names

__path__: list[str] = []  # as of a package, so that an unknown name is explained
__getattr__, __dir__, hint = service_names("qat.generators")
