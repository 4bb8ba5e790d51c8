"""Admission: which hybrid jobs may run at a time, so that their QPU is busy and none of them crawls.

A QPU's time is counted in *duty units*: :data:`~qhpc.scheduling.admission.model.UNITS` are all of one QPU. A job
takes as many as its duty, the part of its life in which it needs the QPU. A policy says how many units a pool offers
and how many a job takes; order, backfill and limits of nodes are the same for all policies.
"""
