"""Scheduling of quantum tasks and hybrid jobs, as pure code: events in, instructions out.

No clock, socket, thread, database or environment is used here: time is a number that every event carries. The broker
feeds the machine with what happens, the laboratory with what would; both do what it instructs.
"""
