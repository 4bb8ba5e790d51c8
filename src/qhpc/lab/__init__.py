"""The laboratory: the scheduling machines of a live centre on a virtual clock, with workloads, baselines and bounds."""
