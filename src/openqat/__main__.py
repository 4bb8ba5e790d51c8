"""``qat`` and ``python -m openqat``: run the command line, and end with one line where the user can mend something."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; see ``openqat.output`` for the exit codes.

    Args:
        arguments: those of the command line, by default ``sys.argv[1:]``.
    """
    try:
        from click import Abort, ClickException

        from openqat.cli import qat
    except ModuleNotFoundError as error:
        sys.exit(f"qat needs the package {error.name}: pip install 'openqat[client]'")
    from openqat.output import ExitCode, exit_code_of, report
    from qat.core.errors import QatError

    try:
        sys.exit(qat.main(arguments, prog_name="qat", standalone_mode=False))
    except ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Abort:
        sys.exit(ExitCode.INTERRUPTED)
    except (QatError, OSError) as error:
        report(error)
        sys.exit(exit_code_of(error))


if __name__ == "__main__":
    main()
