"""What users import: every module can be imported first, exports what it says, and is documented with examples."""

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import qat
from qat.core.generator import AbstractGenerator
from qat.core.junction import Junction
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import CommonQPU

SOURCE = Path(qat.__file__).parent
KINDS = {
    "qat.qpus": (CommonQPU,),
    "qat.plugins": (AbstractPlugin, Junction),
    "qat.generators": (AbstractGenerator,),
}
DOCUMENTED = [
    "qat.core", "qat.core.application", "qat.core.assertion", "qat.core.bits", "qat.core.circuit_builder.matrix_util",
    "qat.core.console", "qat.core.exceptions_utils", "qat.core.gate_set", "qat.core.generator", "qat.core.junction",
    "qat.core.optimizer", "qat.core.plugins", "qat.core.qpu", "qat.core.quameleon", "qat.core.simutil",
    "qat.core.spins", "qat.core.task", "qat.core.util", "qat.core.variables", "qat.display", "qat.lang",
    "qat.lang.AQASM", "qat.lang.AQASM.gates", "qat.lang.AQASM.misc", "qat.lang.AQASM.oracles", "qat.lang.AQASM.program",
    "qat.lang.AQASM.qbool", "qat.lang.AQASM.qftarith", "qat.lang.AQASM.qint", "qat.lang.AQASM.routines",
    "qat.lang.AQASM.text", "qat.lang.algorithms", "qat.lang.linking.linker", "qat.lang.linking.util", "qat.lang.models",
    "qat.lang.parser.gates_ast", "qat.lang.vendors", "qat.opt", "qat.vsolve.optimize",
    "qat.vsolve.optimize.pso_algorithm", "qat.vsolve.optimize.spsa_algorithm",
]  # fmt: skip
"""Modules whose names users call, so that each of them has an example."""
FIRST_IMPORTS = """
import os, sys
from importlib import import_module
import numpy
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            import_module(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def run(program, *arguments):
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def module_names():
    folders = (path.parent if path.name == "__init__.py" else path.with_suffix("") for path in SOURCE.rglob("*.py"))
    return sorted(".".join(folder.relative_to(SOURCE.parent).parts) for folder in folders)


def exported(module):
    """Public classes and functions of a module: those of ``__all__``, or those it defines."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, item in vars(module).items() if getattr(item, "__module__", None) == module.__name__]
    items = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {name: item for name, item in items.items() if inspect.isclass(item) or inspect.isfunction(item)}


def has_example(item):
    """Whether the docstring of a class or function, or that of one of a class's own methods, has an example."""
    methods = vars(item).values() if inspect.isclass(item) else ()
    texts = [item.__doc__, *(getattr(getattr(part, "__func__", part), "__doc__", None) for part in methods)]
    return any(">>> " in text for text in texts if isinstance(text, str))


def needs_example(item):
    return not (inspect.isclass(item) and (issubclass(item, Exception) or item.__name__.startswith("Offloaded")))


def test_every_module_can_be_imported_first():
    assert run(FIRST_IMPORTS, *module_names()) == ""


@pytest.mark.parametrize("name", ["qat.core", "qat.lang.AQASM", "qat.qpus", "qat.plugins", "qat.generators"])
def test_importing_loads_nothing_heavy(name):
    program = f"import sys, {name}; print(*{{'scipy', 'networkx', 'matplotlib', 'msgspec'}} & set(sys.modules))"
    assert run(program) == "\n"


@pytest.mark.parametrize("name", module_names())
def test_exports_exist_and_are_documented(name):
    module = import_module(name)
    names = list(getattr(module, "__all__", ()))
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []
    assert module.__doc__
    assert [name for name, item in exported(module).items() if not inspect.getdoc(item)] == []


@pytest.mark.parametrize("name", DOCUMENTED)
def test_exports_have_examples(name):
    items = exported(import_module(name))
    assert items
    assert [name for name, item in items.items() if needs_example(item) and not has_example(item)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_services_are_of_their_kind(kind):
    table = import_module(f"{kind}.openqat_services").__qlm_importables__
    services = {name: getattr(import_module(kind), name) for name in table}
    wrong = [name for name, item in services.items() if inspect.isclass(item) and not issubclass(item, KINDS[kind])]
    assert wrong == []
    assert [name for name, item in services.items() if not (inspect.isclass(item) or inspect.isfunction(item))] == []
    assert [name for name, item in services.items() if not (item.__doc__ and has_example(item))] == []
