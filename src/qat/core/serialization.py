"""Files and bytes of the published values. How a value is encoded is the codec's business, not the core's."""

from __future__ import annotations

import os
from errno import ENOENT
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, cast

from qat.core.display_hook import renderer
from qat.core.errors import WireError

__all__ = ["Codec", "Serializable", "set_codec", "write_atomically"]

Value = TypeVar("Value", bound="Serializable")


class Codec(Protocol):
    """A module that turns values into bytes and back."""

    def encode(self, value: Any) -> bytes:
        """The bytes of a value."""

    def decode(self, data: bytes, cls: type[Any]) -> Any:
        """The value of class ``cls`` in ``data``; raises :class:`WireError` when there is none."""


_codec_module = "qat.comm.wire"


def set_codec(module: str) -> None:
    """Names the module that encodes and decodes; it is imported at its first use."""
    global _codec_module
    _codec_module = module


def _codec() -> Codec:
    return cast(Codec, import_module(_codec_module))


class Serializable:
    """A value with files and bytes. Subclasses name their ``file_extension``.

    >>> from qat.core.wrappers.result import Result
    >>> Result.from_bytes(Result(value=0.5).to_bytes()).value
    0.5
    """

    file_extension: ClassVar[str] = ""

    def to_bytes(self) -> bytes:
        """The value as bytes."""
        return _codec().encode(self)

    @classmethod
    def from_bytes(cls: type[Value], data: bytes) -> Value:
        """The value in ``data``; raises :class:`WireError` when it does not hold one of this class."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"from_bytes got {data!r:.40} of {type(data)}: give bytes, or use load for a file")
        return cls.from_thrift(_codec().decode(data, cls))

    def dump(self, fname: str | os.PathLike[str]) -> None:
        """Writes the value to a file; the extension is appended when missing. Readers never see half a file."""
        write_atomically(self._file(fname), self.to_bytes())

    @classmethod
    def load(cls: type[Value], fname: str | os.PathLike[str]) -> Value:
        """The value in a file, whose extension may be left out; raises :class:`WireError` when it is not one."""
        path = Path(fname)
        if not path.exists() and cls._file(fname).exists():
            path = cls._file(fname)
        try:
            return cls.from_bytes(path.read_bytes())
        except WireError as error:
            raise WireError(error.found, error.expected, error.cure, source=str(fname)) from None

    def _repr_html_(self) -> str:
        """The value as a notebook shows it."""
        return str(renderer().html(self))

    def to_thrift(self: Value) -> Value:
        """The value itself: wrapper and plain structure are one class."""
        return self

    @classmethod
    def from_thrift(cls: type[Value], tobject: Any) -> Value:
        """``tobject`` as a value of this class: itself, or its fields when it is of a parent class."""
        if isinstance(tobject, cls):
            return tobject
        if not issubclass(cls, type(tobject)):
            raise TypeError(f"{type(tobject).__name__} cannot become a {cls.__name__}: pass a {cls.__name__}.")
        value = cls.__new__(cls)
        value.__dict__.update(vars(tobject))
        return value

    @classmethod
    def _file(cls, fname: str | os.PathLike[str]) -> Path:
        path = Path(fname)
        return path if path.suffix == cls.file_extension else path.with_name(path.name + cls.file_extension)


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file that appears complete or not at all, with the permissions of any new file."""
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    if not path.parent.is_dir():
        raise FileNotFoundError(ENOENT, "There is no such folder to write to; create it first", str(path.parent))
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
