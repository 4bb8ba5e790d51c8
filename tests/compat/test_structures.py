"""The addresses at which third-party code looks for structures and enumerations."""

from importlib import import_module

import pytest

ADDRESSES = {
    "qat.comm.datamodel.ttypes": "ComplexNumber GSyntax GateDefinition Matrix Op OpType Param QRegister Variable "
    "AncillaMap Subcircuit Circuit",
    "qat.comm.exceptions.ttypes": "ErrorType PluginException QPUException GeneratorException ResourceManagementError",
    "qat.comm.gate_set.ttypes": "ParamType",
    "qat.comm.hardware.ttypes": "HardwareSpecs Topology TopologyType",
    "qat.comm.qlmaas.ttypes": "JobInfo JobStatus",
    "qat.comm.quops.ttypes": "QuantumChannel RepresentationType",
    "qat.comm.resource.ttypes": "ResourceModel AllocationModel Device DeviceType NodeType",
    "qat.comm.asynchronous.ttypes": "AsyncBatchType",
    "qat.comm.observable.ttypes": "Observable Term",
    "qat.comm.parameter.ttypes": "Parameter",
    "qat.comm.shared.ttypes": "Job Batch ProcessingType Result BatchResult Sample Schedule IntermediateMeasurement "
    "PostProcessedResult ParsedPostProcessedResult",
    "qat.core.wrappers.result": "BatchResult Result Sample State aggregate_data",
    "qat.core.bits": "DefaultRegister",
    "qat.core.console": "display",
    "qat.core.simutil": "wavefunction get_substate",
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in ADDRESSES.items() for name in names.split()]
)
def test_names_are_at_their_addresses(module, name):
    assert isinstance(getattr(import_module(module), name), type) or callable(getattr(import_module(module), name))


def test_wrappers_and_structures_are_the_same_classes():
    from qat import core
    from qat.comm.datamodel import ttypes as datamodel
    from qat.comm.hardware import ttypes as hardware
    from qat.comm.shared import ttypes as shared

    for name in ("Job", "Batch", "Result", "BatchResult", "Sample", "Schedule"):
        assert getattr(shared, name) is getattr(core, name)
    assert (datamodel.Circuit, hardware.HardwareSpecs) == (core.Circuit, core.HardwareSpecs)


@pytest.mark.parametrize(
    ("module", "name", "members"),
    [
        ("datamodel", "OpType", "GATETYPE 0 MEASURE 1 RESET 2 CLASSIC 3 CLASSICCTRL 4 BREAK 5 REMAP 6"),
        ("shared", "ProcessingType", "SAMPLE 0 OBSERVABLE 1"),
        ("hardware", "TopologyType", "ALL_TO_ALL 0 LNN 1 CUSTOM 2"),
        ("gate_set", "ParamType", "INT 0 DOUBLE 1 STRING 2 MATRIX 3 SERIALIZED 4 COMPLEX 5"),
        (
            "exceptions",
            "ErrorType",
            "ABORT 1 INVALID_ARGS 2 NONERESULT 5 BREAK 10 ILLEGAL_GATES 11 NBQBITS 12 NBCBITS 13 NOT_SIMULATABLE 14 "
            "INSUFFICIENT_RESOURCES 15",
        ),
        ("quops", "RepresentationType", "KRAUS 0 PTM 1 CHI 2 CHOI 3 SUPEROP 4"),
        (
            "qlmaas",
            "JobStatus",
            "WAITING 1 RUNNING 2 DONE 3 CANCELLED 4 UNKNOWN_JOB 5 IN_BUCKET 6 DELETED 7 STOPPED 8 FAILED 9 "
            "SLURM_OFFLOAD 10 PENDING 11 SLURM_SENT 12",
        ),
        ("resource", "DeviceType", "QPU 0 GPU 1"),
        ("resource", "NodeType", "QAPTIVA 0 COMMODITY 1"),
        ("asynchronous", "AsyncBatchType", "ONESHOT 0 SESSION_OPEN 1 SESSION_CLOSE 2 SESSION_ITEM 3"),
    ],
)
def test_enumerations_have_their_published_numbers(module, name, members):
    words = members.split()
    expected = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    enumeration = getattr(import_module(f"qat.comm.{module}.ttypes"), name)
    assert expected == enumeration._NAMES_TO_VALUES
    assert all(enumeration._VALUES_TO_NAMES[value] == member for member, value in expected.items())


def test_records_take_their_fields_by_keyword_and_compare():
    from qat.comm.qlmaas.ttypes import JobInfo, JobStatus
    from qat.comm.quops.ttypes import QuantumChannel, RepresentationType
    from qat.comm.resource.ttypes import AddressedResources, AllocationModel, Device, DeviceType, ResourceModel

    assert JobInfo(id="Job1", status=3).status == JobStatus.DONE
    device = Device(DeviceType.QPU, manufacturer="m", model="x", identifier="1")
    model = ResourceModel(qpu="q", nbqbits=3, job_count=1, devices=[device], nb_nodes=2, max_time_minutes=5)
    assert model == ResourceModel(qpu="q", nbqbits=3, job_count=1, devices=[device], nb_nodes=2, max_time_minutes=5)
    assert AllocationModel(parallel_job_count=2) != AllocationModel(parallel_job_count=3)
    assert "total_addressed_threads=8" in repr(AddressedResources(total_addressed_threads=8))
    channel = QuantumChannel(representation=RepresentationType.KRAUS, arity=1, name="noise", kraus_ops=[])
    assert (channel.representation, channel.kraus_ops, channel.matrix) == (0, [], None)


POSITIONS = {
    "Op": "gate qbits type cbits formula remap",
    "GateDefinition": "name arity matrix is_ctrl is_dag is_trans is_conj subgate syntax nbctrls circuit_implementation",
    "GSyntax": "name parameters",
    "Param": "is_abstract type int_p double_p string_p matrix_p serialized_p complex_p",
    "Matrix": "nRows nCols data",
    "ComplexNumber": "re im",
    "Variable": "type value",
    "QRegister": "length start msb _subtype_metadata",
    "AncillaMap": "locked_ranges nbancillae",
    "Subcircuit": "ops ancillas nbqbits",
}


@pytest.mark.parametrize("name", POSITIONS)
def test_records_take_their_fields_in_order(name):
    fields = POSITIONS[name].split()
    record = getattr(import_module("qat.comm.datamodel.ttypes"), name)(*range(1, len(fields) + 1))
    assert [getattr(record, field) for field in fields] == [*range(1, len(fields) + 1)]
    setattr(record, fields[-1], "changed")
    shown = ", ".join(f"{field}={getattr(record, field)!r}" for field in fields)
    assert repr(record) == f"{name}({shown})" and record != type(record)()


RESOURCES = {
    "ResourceModel": "qpu nbqbits job_count mem_necessary_biggest_job_mb wished_thread_count devices nb_nodes "
    "node_type max_time_minutes",
    "AllocationModel": "devices sequential_round_count parallel_job_count allocated_thread_count_per_job "
    "allocated_total_memory_mb",
    "Device": "type manufacturer model identifier",
}


@pytest.mark.parametrize("name", RESOURCES)
def test_resources_have_their_published_fields(name):
    record = getattr(import_module("qat.comm.resource.ttypes"), name)(**dict.fromkeys(RESOURCES[name].split(), 1))
    assert {getattr(record, field) for field in RESOURCES[name].split()} == {1}


@pytest.mark.parametrize("kind", ["qpu", "plugin", "generator"])
def test_assertions(kind):
    check = getattr(import_module("qat.core.assertion"), f"assert_{kind}")
    error = getattr(import_module("qat.comm.exceptions.ttypes"), {"qpu": "QPU"}.get(kind, kind.title()) + "Exception")
    assert check(True, "fine") is None
    for options, code in (({}, 1), ({"code": 5}, 5)):
        with pytest.raises(error, match="message='no'") as info:
            check(False, "no", **options)
        assert info.value.code == code
