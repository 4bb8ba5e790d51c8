"""Served objects do what local ones do."""

import numpy as np
import pytest

from qat.core import Batch, BatchResult, Job, Observable
from qat.core.application import Application
from qat.core.errors import ErrorType, GeneratorException, PluginException, QPUException
from qat.core.qpu import CommonQPU
from qat.lang.AQASM import CNOT, RY, H, Program
from qat.plugins import ObservableSplitter, RemotePlugin, ScipyMinimizePlugin
from qat.qpus import LinAlg, RemoteQPU
from qat.served import RemoteApplication, RemoteBatchGenerator
from tests.unit.served.services import Again, Constant, Doubler, Onlooker, Picky, Single, Summing


def bell(**options):
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits)
    return program.to_circ().to_job(**options)


def rotation():
    program = Program()
    RY(program.new_var(float, "theta"))(program.qalloc(1))
    return program.to_circ().to_job(observable=Observable.sigma_z(0, 1))


def test_a_remote_qpu_is_a_qpu(serve):
    remote = RemoteQPU(serve(LinAlg()))
    assert isinstance(remote, CommonQPU)
    assert [(str(s.state), round(s.probability, 9)) for s in remote.submit(bell())] == [("|00>", 0.5), ("|11>", 0.5)]
    results = remote.submit([bell(), bell(observable=Observable.sigma_z(0, 2))], meta_data={"k": "v"})
    assert isinstance(results, BatchResult) and abs(results[1].value) < 1e-12 and results.meta_data["k"] == "v"
    assert len(remote.submit([])) == 0
    assert len(remote.submit_job(bell())) == 2


def test_specs_travel(serve):
    specs = RemoteQPU(serve(Picky())).get_specs()
    assert (specs.nbqbits, specs.description, specs.meta_data) == (9, "served", {"a": "b"})


@pytest.mark.parametrize("name", ["qat.qpus", "qat.core.qpu", "qat.core.qpu.qpu", "qat.served"])
def test_published_addresses_of_the_remote_qpu(name):
    from importlib import import_module

    assert import_module(name).RemoteQPU is RemoteQPU


def test_local_plugins_and_optimizers_on_a_remote_qpu(serve):
    remote = RemoteQPU(serve(LinAlg()))
    assert (ScipyMinimizePlugin(method="COBYLA", x0=[0.5]) | remote).submit(rotation()).value == pytest.approx(-1)
    job = bell(observable=Observable.sigma_z(0, 2) + Observable.sigma_x(1, 2))
    assert (ObservableSplitter() | remote).submit(job).value == pytest.approx(LinAlg().submit(job).value)
    assert RemoteQPU(serve(Constant()), plugins=[Doubler()]).submit(Job()).value == 4.0


def test_a_served_stack_optimises_there(serve):
    stack = RemoteQPU(serve(ScipyMinimizePlugin(method="BFGS", x0=[0.5]) | LinAlg()))
    result = stack.submit(rotation())
    assert result.value == pytest.approx(-1) and result.parameter_map["theta"] == pytest.approx(np.pi, abs=1e-3)


def test_exceptions_of_services_arrive_as_they_are(serve):
    with pytest.raises(QPUException) as caught:
        RemoteQPU(serve(Picky())).submit(bell(nbshots=2))
    assert caught.value == QPUException(ErrorType.ILLEGAL_GATES, "picky", "no such gate", "picky.py", 7)


def test_other_exceptions_arrive_with_their_text(serve):
    remote = RemoteQPU(serve(Picky()))
    with pytest.raises(QPUException, match="ValueError: plain"):
        remote.submit(bell(nbshots=1))
    assert remote.submit(bell(nbshots=3)).meta_data == {"shots": "3"}, "the connection is still good"


def test_remote_plugins(serve):
    stack = RemotePlugin(serve(Doubler())) | Constant()
    assert stack.submit(Job()).value == 4.0
    assert [result.value for result in stack.submit([Job(), Job()])] == [4.0, 4.0]
    assert stack.get_specs().nbqbits == 1
    assert not RemotePlugin(serve(Onlooker())).do_post_processing()
    assert (RemotePlugin(serve(Again())) | Constant()).submit(Job()).value == 6.0


def test_remote_generators_yield_here(serve):
    generator = Summing()
    application = RemoteBatchGenerator(serve(generator)) | Picky()
    assert (RemoteBatchGenerator(serve(Summing())) | Constant()).execute(3, k=5) == {
        "total": 6.0,
        "nbqbits": None,
        "k": 5,
    }
    with pytest.raises(Exception, match=r"NoneType|unsupported"):
        application.execute(2)
    assert generator.is_closed


def test_remote_generators_return_and_post_process(serve):
    remote = RemoteBatchGenerator(serve(Single()))
    assert (remote | Constant()).execute() == ("value", 2.0)
    assert not hasattr(RemoteBatchGenerator(serve(Summing())), "post_process")
    assert not hasattr(remote, "other")


def test_a_generator_that_is_left_in_the_middle_ends_there(serve):
    generator = Summing()
    items = RemoteBatchGenerator(serve(generator, server_type="threaded")).generate(Picky().get_specs(), 5)
    assert isinstance(next(items), Job)
    items.close()
    again = RemoteBatchGenerator(serve(Single()))
    assert isinstance(again.generate(Picky().get_specs()), Job)


def test_remote_applications(serve):
    remote = RemoteApplication(serve(Application(Summing(), Constant())))
    assert remote.execute(2, k="v") == {"total": 4.0, "nbqbits": None, "k": "v"}
    assert remote(1)["total"] == 2.0
    with pytest.raises(TypeError, match="nothing can follow an application"):
        remote | Constant()


def test_arguments_that_cannot_travel_are_named(serve):
    remote = RemoteApplication(serve(Application(Summing(), Constant())))
    with pytest.raises(GeneratorException, match="'k'"):
        remote.execute(1, k=lambda: None)
    assert remote.execute(1)["total"] == 2.0


def test_answers_that_cannot_travel_are_the_servers_failure(serve):
    class Strange(Single):
        def post_process(self, result):
            return object()

    with pytest.raises(GeneratorException, match="the answer"):
        RemoteApplication(serve(Application(Strange(), Constant()))).execute()


def test_a_plugin_where_a_qpu_is_expected(serve):
    with pytest.raises(QPUException, match=r"a plugin is served here.*expected a qpu.*check the port"):
        RemoteQPU(serve(Doubler())).submit(Job())


def test_plugin_exceptions(serve):
    class Broken(Onlooker):
        def compile(self, batch, specs):
            raise RuntimeError("out of order")

    with pytest.raises(PluginException, match="RuntimeError: out of order"):
        (RemotePlugin(serve(Broken())) | Constant()).submit(Batch([Job()]))


def test_clients_share_a_connection(serve):
    remote = RemoteQPU(serve(LinAlg()))
    twin = RemoteQPU(0, connection=remote.connection)
    assert len(twin.submit(bell())) == 2
    assert str(twin) == str(remote) and "localhost" in str(remote)


@pytest.mark.parametrize("port", [0, -1, 65536, "8000", True, None])
def test_wrong_ports(port):
    with pytest.raises(ValueError, match="port is"):
        RemoteQPU(port)
