"""The generators of this package, by name; each is imported when it is asked for."""

__qlm_importables__ = {
    "AbstractGenerator": "qat.core.generator:AbstractGenerator",
    "CombinatorialOptimizerGenerator": "qat.opt.generators:CombinatorialOptimizerGenerator",
    "GraphColouringGenerator": "qat.opt.generators:GraphColouringGenerator",
    "GraphPartitioningGenerator": "qat.opt.generators:GraphPartitioningGenerator",
    "KCliqueGenerator": "qat.opt.generators:KCliqueGenerator",
    "MaxCutGenerator": "qat.opt.generators:MaxCutGenerator",
    "RemoteBatchGenerator": "qat.served.remote:RemoteBatchGenerator",
    "VertexCoverGenerator": "qat.opt.generators:VertexCoverGenerator",
}
