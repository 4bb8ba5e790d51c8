"""Linking: implementations and matrices for the gates of circuits."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
