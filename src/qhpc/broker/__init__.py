"""The low-level QPU scheduler's shell: what surrounds the pure machine of ``qhpc.scheduling`` in a running centre."""
