"""Cost of the computation chain: import, build, submit, plugins, binding, optimisation, files."""
