"""The service modules over folders in all styles of hooks, in processes of their own."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from shutil import copytree, ignore_patterns
from textwrap import dedent

import pytest

import qat

SOURCE = Path(qat.__file__).parent
KINDS = ("qpus", "plugins", "generators")

FILES = {
    "implementation/__init__.py": "",
    "implementation/heavy.py": """
        print("heavy imported")
        from qat.core.qpu import QPUHandler
        class Alpha(QPUHandler):
            def submit_job(self, job): ...
        def helper(): ...
    """,
    "qat/qpus/hook_table.py": """
        __qlm_importables__ = {
            "Alpha": "implementation.heavy:Alpha", "make": "implementation.heavy:helper",
            "NoModule": "missing_module:NoModule", "NoName": "implementation.heavy:NoName",
        }
    """,
    "qat/qpus/hook_computed.py": """
        __qlm_importables__ = {"Com" + "puted": "implementation.heavy:Alpha"}
    """,
    "qat/qpus/hook_all.py": """
        __all__ = ["Beta", "function"]
        from qat.core.qpu import QPUHandler
        class Beta(QPUHandler):
            def submit_job(self, job): ...
        def function(): ...
    """,
    "qat/qpus/plain.py": """
        import numpy as np
        from qat.core import Job
        from qat.core.plugins import AbstractPlugin
        from qat.core.qpu import QPUHandler
        class Delta(QPUHandler):
            def submit_job(self, job): ...
        class _Private(Delta): ...
        class Other: ...
        class NotHere(AbstractPlugin):
            def compile(self, batch, specs): return batch
        instance = Delta()
    """,
    "qat/qpus/package/__init__.py": """
        from qat.core.qpu import QPUHandler
        class InPackage(QPUHandler):
            def submit_job(self, job): ...
    """,
    "qat/qpus/broken.py": "import missing_module\n",
    "qat/qpus/wrong.py": "class Wrong(\n",
    "qat/qpus/unwanted.py": "print('unwanted imported')\n",
    "qat/plugins/adaptive.py": """
        from qat.core.junction import Junction
        from qat.plugins import AbstractPlugin
        class Adaptive(Junction):
            def run(self, initial_object, meta_data): ...
        class Extra(AbstractPlugin):
            def compile(self, batch, specs): return batch
    """,
    "qat/generators/hook.py": """
        from qat.generators import AbstractGenerator
        class Made(AbstractGenerator):
            def generate(self, specs): ...
    """,
    "distribution-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: distribution\nVersion: 1.0\n",
    "distribution-1.0.dist-info/entry_points.txt": """
        [qat.qpus]
        Entered = implementation.heavy:Alpha
        PyLinalg = implementation.heavy:NotAsked
    """,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return root


@pytest.fixture
def run(folder):
    def run_program(text):
        program = f"import sys\nsys.path[:0] = [{str(folder)!r}, {str(SOURCE.parent)!r}]\n" + dedent(text)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done

    return run_program


def test_names_of_every_style(run):
    done = run("""
        import qat.qpus, json, sys
        names = "Alpha make Computed Beta Delta _Private InPackage Entered LinAlg QPUHandler".split()
        found = [getattr(qat.qpus, name).__name__ for name in names]
        missing = [n for n in "function Other NotHere instance np Job heavy Nope".split() if hasattr(qat.qpus, n)]
        print(json.dumps([found, missing]))
    """)
    found, missing = json.loads(done.stdout.splitlines()[-1])
    assert found == [
        "Alpha", "helper", "Alpha", "Beta", "Delta", "_Private", "InPackage", "Alpha", "LinAlg", "QPUHandler",
    ]  # fmt: skip
    assert missing == []


def test_only_what_is_asked_for_is_imported(run):
    done = run("""
        import qat.core, qat.lang.AQASM, qat.qpus, qat.plugins, qat.generators
        from qat.qpus import PyLinalg, QPUHandler, get_default_qpu
        from qat.plugins import Junction
        loaded = {"scipy", "networkx", "matplotlib", "implementation", "missing_module", "importlib.metadata"}
        print(sorted(loaded & set(sys.modules)), sorted(m for m in sys.modules if m.startswith("qat.plugins.")))
        from qat.qpus import Beta
        print("implementation" in sys.modules)
        from qat.qpus import Alpha
    """)
    assert done.stdout.splitlines() == ["[] ['qat.plugins.openqat_services']", "False", "heavy imported"]
    assert done.stderr == ""


def test_dir_lists_what_can_be_had_and_says_what_cannot(run):
    done = run("""
        import qat.qpus, json
        names = dir(qat.qpus)
        dir(qat.qpus)
        print(json.dumps(names))
    """)
    names = json.loads(done.stdout.splitlines()[-1])
    assert {"Alpha", "make", "Computed", "Beta", "Delta", "_Private", "InPackage", "Entered", "LinAlg"} <= set(names)
    assert not {"NoModule", "NoName", "Wrong", "Job", "np", "function", "plain"} & set(names)
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert "Could not import qat.qpus.NoModule from missing_module:NoModule" in done.stderr
    assert "Could not import qat.qpus.NoName from implementation.heavy:NoName" in done.stderr
    assert "Skipped the hook qat.qpus.broken" in done.stderr and "Skipped the hook qat.qpus.wrong" in done.stderr


def test_star_import(run):
    done = run("""
        from qat.qpus import *
        print(Alpha.__name__, _Private.__name__, callable(get_default_qpu), LinAlg.__name__, Entered.__name__)
    """)
    assert done.stdout.splitlines()[-1] == "Alpha _Private True LinAlg Alpha"


def test_wrong_entries_raise_their_own_error(run):
    run("""
        import qat.qpus
        for ask in (lambda: qat.qpus.NoModule, lambda: __import__("qat.qpus", fromlist=["NoModule"])):
            try:
                ask()
            except ModuleNotFoundError as error:
                assert error.name == "missing_module"
            else:
                raise SystemExit("no error")
    """)


def test_unknown_names_have_near_matches(run):
    done = run("""
        import qat.qpus
        try:
            qat.qpus.LinAlgg
        except AttributeError as error:
            print(error)
        try:
            from qat.qpus import linalgg
        except ImportError as error:
            print(error)
        try:
            import qat.plugins.nothing_like_it
        except ModuleNotFoundError as error:
            print(error)
        assert not hasattr(qat.qpus, "__wrapped__")
    """)
    attribute, name, module = done.stdout.splitlines()[-3:]
    assert attribute.startswith("module 'qat.qpus' has no service 'LinAlgg'; did you mean LinAlg")
    assert name.startswith("cannot import name 'linalgg' from 'qat.qpus'") and "LinAlg" in name
    assert module.startswith("cannot import name 'nothing_like_it' from 'qat.plugins'") and "Adaptive" in module


def test_submodules_by_path(run):
    run("""
        from qat.plugins.adaptive import Adaptive
        import qat.plugins, qat.qpus.package
        from qat.qpus import plain
        assert qat.plugins.Adaptive is Adaptive and qat.plugins.adaptive.Adaptive is Adaptive
        assert plain.Delta is qat.qpus.Delta and qat.qpus.package.InPackage is qat.qpus.InPackage
        import copy, pickle
        assert pickle.loads(pickle.dumps(Adaptive)) is Adaptive
    """)


def test_kinds_are_kept_apart(run):
    run("""
        import qat.generators, qat.plugins
        assert {"Adaptive", "Extra", "Junction"} <= set(dir(qat.plugins)) and not hasattr(qat.plugins, "Made")
        assert qat.generators.Made.__name__ == "Made" and "AbstractGenerator" in dir(qat.generators)
        from qat.plugins import Extra
        assert issubclass(Extra, qat.plugins.AbstractPlugin)
    """)


def test_a_package_with_its_own_qat_init(run, folder, tmp_path):
    """As in checkouts of packages that extend qat and are found first on the path."""
    (tmp_path / "qat" / "qpus").mkdir(parents=True)
    (tmp_path / "qat" / "__init__.py").write_text(
        dedent("""
        __path__ = __import__("pkgutil").extend_path(__path__, __name__)
        from .modules import register_modules
        register_modules()
        """)
    )
    (tmp_path / "qat" / "qpus" / "mine.py").write_text(dedent(FILES["qat/qpus/hook_all.py"]).replace("Beta", "Mine"))
    done = run(f"""
        # an editable install resolves qat by a finder of its own, whatever comes first on the path
        sys.meta_path = [finder for finder in sys.meta_path if not hasattr(finder, "known_packages")]
        sys.path.insert(0, {str(tmp_path)!r})
        import qat.modules
        from qat.qpus import Beta, LinAlg, Mine
        from qat.core import Circuit, Result
        assert qat.__file__.startswith({str(tmp_path)!r})
        assert Result.from_bytes(Result(value=1.0).to_bytes()).value == 1.0
        finders = list(sys.meta_path)
        qat.modules.register_modules()
        assert finders == sys.meta_path
        print(Mine.__name__)
    """)
    assert done.stdout.splitlines()[-1] == "Mine"


def test_hooks_of_others_in_the_very_same_folder(tmp_path):
    """As in site-packages, where all distributions install into one qat/qpus."""
    copytree(SOURCE, tmp_path / "qat", ignore=ignore_patterns("__pycache__"))
    (tmp_path / "qat" / "qpus" / "theirs.py").write_text(dedent(FILES["qat/qpus/hook_all.py"]))
    program = """if True:
        import sys, qat.qpus
        assert {"Beta", "LinAlg"} <= set(dir(qat.qpus)) and "qat.qpus.linalg" not in sys.modules
        print(qat.qpus.Beta.__module__)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, env={}
    )
    assert (done.stdout, done.stderr) == ("qat.qpus.theirs\n", "")


def test_importing_is_quick(run):
    done = run("""
        import numpy
        from time import process_time
        start = process_time()
        import qat.core, qat.lang.AQASM, qat.qpus, qat.plugins
        print(process_time() - start)
    """)
    assert float(done.stdout) < 0.25


def table(kind):
    namespace = {}
    exec((SOURCE / kind / "openqat_services.py").read_text(), namespace)
    return namespace["__qlm_importables__"], set(namespace.get("__openqat_helpers__", ()))


@pytest.mark.parametrize("kind", KINDS)
def test_own_services_can_be_had(kind):
    module = import_module(f"qat.{kind}")
    importables, _ = table(kind)
    for name in importables:
        service = getattr(module, name)
        assert service.__doc__ and (not isinstance(service, type) or service.__name__.lower() == name.lower())


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_named_by_the_table(kind):
    """Otherwise it would be taken for a hook, and imported to look for services."""
    importables, helpers = table(kind)
    prefix = f"qat.{kind}."
    named = {target.partition(":")[0].removeprefix(prefix) for target in importables.values() if prefix in target}
    files = {path.stem for path in (SOURCE / kind).glob("*.py")} - {"openqat_services"}
    assert files == named | helpers, "name the module in openqat_services.py, a helper in its __openqat_helpers__"
    assert list(importables) == sorted(importables)


@pytest.mark.parametrize("kind", KINDS)
def test_type_checkers_see_the_same_names(kind):
    stub = ast.parse((SOURCE / kind / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    seen = {alias.asname: f"{node.module}:{alias.name}" for node in imports for alias in node.names}
    assert seen == table(kind)[0], "run python packaging/write_service_stubs.py"
