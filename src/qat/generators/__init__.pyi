"""What type checkers see of ``qat.generators``; at run time it is a view over all installed hooks."""

from typing import Any

from qat.core.generator import AbstractGenerator as AbstractGenerator
from qat.opt.generators import CombinatorialOptimizerGenerator as CombinatorialOptimizerGenerator
from qat.opt.generators import GraphColouringGenerator as GraphColouringGenerator
from qat.opt.generators import GraphPartitioningGenerator as GraphPartitioningGenerator
from qat.opt.generators import KCliqueGenerator as KCliqueGenerator
from qat.opt.generators import MaxCutGenerator as MaxCutGenerator
from qat.opt.generators import VertexCoverGenerator as VertexCoverGenerator
from qat.served.remote import RemoteBatchGenerator as RemoteBatchGenerator

def __getattr__(name: str) -> Any: ...
