"""The rows of a tape while they are written: compiled where there is a compiler, otherwise in Python."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qat.kernels.plain_columns import TapeColumns
else:
    try:
        from qat.kernels._native import TapeColumns
    except ImportError:  # there is no compiled engine, or an older one
        from qat.kernels.plain_columns import TapeColumns

__all__ = ["TapeColumns"]
