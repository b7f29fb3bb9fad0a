"""What Lava's processes and Vars find under `process.runtime`.

With it `process.run(RunSteps(n))`, `process.stop()`, `var.get()`, `var.set(value)` and
`monitor.get_data()` work as with Lava's own runtime, on the in-process runtime underneath.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lava.magma.core.run_conditions import RunSteps

from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from lava.magma.core.run_conditions import AbstractRunCondition
    from numpy.typing import NDArray

    from lava_spikyspace.runtime.inprocess.runtime import InProcessRuntime
    from lava_spikyspace.runtime.inprocess.variables import Value


class LavaRuntimeFacade:
    """The methods of `lava.magma.runtime.runtime.Runtime` that Lava's processes and Vars call.

    Parameters
    ----------
    runtime : InProcessRuntime
        Does the work.
    """

    def __init__(self, runtime: InProcessRuntime) -> None:
        self._runtime = runtime

    def start(self, run_condition: AbstractRunCondition) -> None:
        """Run as many steps as `run_condition` says; a non-blocking run blocks all the same."""
        if not isinstance(run_condition, RunSteps):
            raise UsageError(
                f"The in-process runtime runs a number of steps (RunSteps), "
                f"not {type(run_condition).__name__}"
            )
        self._runtime.run(run_condition.num_steps)

    def wait(self) -> None:
        """Return at once: nothing runs in the background."""

    def pause(self) -> None:
        """Return at once: between runs the graph is paused."""

    def stop(self) -> None:
        """Close the runtime."""
        self._runtime.stop()

    def get_var(self, var_id: int, idx: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the value of a Var as float64, or its elements at `idx`."""
        value = self._runtime.live_var(var_id).get_as_lava_does()
        return value if idx is None else value[idx]

    def set_var(self, var_id: int, value: Value, idx: NDArray[Any] | None = None) -> None:
        """Set a whole Var."""
        if idx is not None:
            raise UsageError("The in-process runtime sets whole Vars only; found an index")
        self._runtime.live_var(var_id).set(value)
