"""Arrays in, arrays out: gates, tapes, Pauli algebra, state-vector engines. Imports nothing else of the package."""
