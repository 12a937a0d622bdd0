"""``%load_ext envguard`` gives notebooks the line magic ``%envguard``, which is ``envguard.enforce()`` for cells.

A refused script ends; a notebook must not: the magic raises what IPython shows as one message, without a traceback, and
what stops "run all cells". The value of the line is the run: ``run = %envguard --seed 42``.

Source: IPython, "Defining custom magics".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..run import Run


def load_ipython_extension(shell: Any) -> None:
    """Register ``%envguard`` with the interactive *shell*; IPython calls this for ``%load_ext envguard``."""
    from IPython.core.error import UsageError
    from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

    from ..errors import EnvguardError
    from ..guard import enforce

    @magic_arguments("%envguard")
    @argument("--seed", type=int, help="the root seed (default: a fresh one, which the run tells)")
    @argument("--level", help="the level to ask for (default: the settings')")
    @argument("--machine", help="the recorded machine to compare with")
    @argument("--project", help="a folder of the project (default: where the notebook runs)")
    @argument("--no-data", action="store_true", help="leave the recorded trees of data alone")
    @argument("--files", action="store_true", help="verify the files of the installed packages as well")
    def envguard(line: str) -> Run:
        """Refuse to go on unless this is the environment that was recorded; then seed, and set the switches."""
        asked = parse_argstring(envguard, line)
        try:
            return enforce(
                asked.seed,
                level=asked.level,
                machine=asked.machine,
                project=asked.project,
                data=False if asked.no_data else None,
                files=True if asked.files else None,
            )
        except (EnvguardError, TypeError, ValueError) as error:
            raise UsageError(str(error)) from None

    shell.register_magic_function(envguard, magic_kind="line")


def unload_ipython_extension(shell: Any) -> None:
    """Take ``%envguard`` away again; IPython calls this for ``%unload_ext envguard``."""
    shell.magics_manager.magics["line"].pop("envguard", None)
