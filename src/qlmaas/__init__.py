"""The services of an access server under the names they have locally: ``from qlmaas.qpus import LinAlg``."""
