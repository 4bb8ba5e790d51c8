"""What ``import qat`` sets up: the service modules, and what the core leaves to the packages around it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qat.core.contexts import set_default_qpu
from qat.core.display_hook import set_renderer
from qat.core.serialization import set_codec
from qat.core.service_modules import Kind, ServiceFinder, UnknownNames
from qat.core.serving import set_server
from qat.core.travelling import set_record_modules

if TYPE_CHECKING:
    from qat.core.qpu import CommonQPU

__all__ = ["get_default_qpu", "register_modules"]

CLOSED_DISTRIBUTIONS = ("qat_core", "qat_comm", "qat_lang", "qat_variational", "qlmaas")
"""Distributions of the closed implementation that install the same packages as this one."""


def register_modules() -> None:
    """Make ``qat.qpus``, ``qat.plugins`` and ``qat.generators`` importable; calling it again does nothing more.

    Distributions that extend ``qat`` call it from a ``qat/__init__.py`` of their own.

    Raises:
        ImportError: the closed implementation of the same packages is installed beside this one.
    """
    if any(isinstance(finder, ServiceFinder) for finder in sys.meta_path):
        return
    refuse_closed_distributions(sys.modules["qat"].__path__)
    set_codec("qat.comm.wire")
    set_record_modules({"qat.opt": "qat.opt.records"})
    set_renderer("qat.display")
    set_server("qat.served")
    set_default_qpu(get_default_qpu)
    sys.meta_path.insert(0, ServiceFinder(KINDS, service_folders))
    sys.meta_path.append(UnknownNames(kind.module for kind in KINDS))


def service_folders(module: str) -> list[str]:
    """All folders of a service module, e.g. ``qat/qpus``, on the path of ``qat``."""
    kind = module.rpartition(".")[2]
    folders = [Path(folder, kind) for folder in sys.modules["qat"].__path__]
    return [str(folder) for folder in folders if folder.is_dir()]


def refuse_closed_distributions(qat_path: Any) -> None:
    """Check that no distribution is installed that owns the same packages.

    Args:
        qat_path: the folders that ``qat`` is made of.

    Raises:
        ImportError: there is one; the message says what to do.
    """
    for site in dict.fromkeys(Path(folder).parent for folder in qat_path):
        found = [
            info.name.removesuffix(".dist-info")
            for name in CLOSED_DISTRIBUTIONS
            for info in sorted(site.glob(f"{name}-[0-9]*.dist-info"))
        ]
        if found:
            names = " ".join(name.rpartition("-")[0].replace("_", "-") for name in found)
            raise ImportError(
                f"openqat and {', '.join(found)} are installed in the same environment ({site}), and both provide the "
                "Python package 'qat'. Keep them in separate environments, or run: "
                f"pip uninstall {names} && pip install --force-reinstall --no-deps openqat. (Packages that ask for "
                "them, such as myqlm-fermion, work on openqat when installed with pip install --no-deps.)"
            )


def get_default_qpu(*args: Any, **kwargs: Any) -> CommonQPU:
    """The stack that jobs run on where no QPU is given: variational jobs are optimised, others simulated.

    There is no FusionPlugin in it, as there is in the published package: the engine does its own fusing.

    Args:
        *args: passed to ``LinAlg``.
        **kwargs: passed to ``LinAlg``.

    >>> print(get_default_qpu(seed=1))
    ScipyMinimizePlugin | LinAlg
    """
    from qat.plugins import ScipyMinimizePlugin
    from qat.qpus import LinAlg

    stack: CommonQPU = ScipyMinimizePlugin() | LinAlg(*args, **kwargs)
    return stack


def _qpu_classes() -> tuple[type, ...]:
    from qat.core.qpu import CommonQPU

    return (CommonQPU,)


def _plugin_classes() -> tuple[type, ...]:
    from qat.core.junction import Junction
    from qat.core.plugins import AbstractPlugin

    return (AbstractPlugin, Junction)


def _generator_classes() -> tuple[type, ...]:
    from qat.core.generator import AbstractGenerator

    return (AbstractGenerator,)


KINDS = (
    Kind("qat.qpus", _qpu_classes),
    Kind("qat.plugins", _plugin_classes),
    Kind("qat.generators", _generator_classes),
)
