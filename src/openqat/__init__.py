"""The command line: ``qat up``, ``qat jobs`` and the others. A subcommand's module is loaded when it is used."""
