"""A hook whose table names what is not there."""

__qlm_importables__ = {"Lost": "qat.nowhere:Lost"}
