"""A Lava runtime that runs a whole process graph inside the calling OS process.

::

    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    with InProcessRuntime(neurons, Loihi2SimCfg(select_tag="fixed_pt")) as rt:
        rt.run(100)  # as often as you like; each run goes on where the last one ended
        rt.get(neurons.v)  # a copy of a Var, in the model's dtype
        rt.set(neurons.v, values)
        rt.model(neurons).v  # the live array itself

Lava starts one OS process per Lava process and carries every message through shared memory, two
semaphores and two threads. This runtime takes the same graph through Lava's own compiler, builds
the same models with Lava's own builders, and replaces only what lies between them. Every Var and
every message has the same bits and the same dtype as with Lava's runtime.

How it works
------------
`compiling`
    Lava's compiler chooses the models and makes a builder for each. What this runtime cannot run
    (C and neurocore models, the asynchronous protocol, several synchronisation domains) is refused
    by name.
`isolation`
    Each model gets copies of its parameters, as if it had been forked.
`channels`
    Bounded queues in memory that cast and copy as Lava's channels do.
`ports`
    Shorter ways through Lava's dense ports, with the same result.
`building`
    Joins builders by channels and builds the models, senders before receivers.
`scheduler`
    Runs the models in turn. A model that waits for a message is set aside in a greenlet of its own
    while others run; if nobody can go on, that is a deadlock.
`stopwatch`
    How long each process computes, if that is asked for.
`phases`
    The Loihi protocol: spiking, pre-management, learning, post-management and host phase, with the
    guards and requests as Lava's runtime service treats them; RefPorts are served in the management
    phases.
`variables`, `facade`
    Vars of live models; the facade makes `process.run`, `var.get()`, `var.set()` and
    `monitor.get_data()` work as well.
`diagnostics`
    Exceptions of models with their traceback; deadlocks with who waits for whom.

Where it differs from Lava's runtime
------------------------------------
* An exception of a model arrives as `SimulationError` with the model's exception as its cause, and
  a deadlock as `DeadlockError`; Lava's runtime loses the one and hangs in the other.
* Runs are synchronous. Data from and to outside (Injector, Extractor) go in and out between runs.
* Writes through a RefPort that are not waited for are done in the next management phase, always;
  with Lava's runtime that depends on timing.
* Inputs from several sources are added in the order in which the processes were created; with
  Lava's runtime the order is arbitrary, which floating-point sums of three or more can show.
* All models share one interpreter: module globals, and NumPy's and Python's global random
  generators, of which Lava's runtime gives each model a copy.
"""

from __future__ import annotations

from lava_spikyspace.runtime.inprocess.diagnostics import BlockedProcess, DeadlockError
from lava_spikyspace.runtime.inprocess.runtime import InProcessRuntime

__all__ = ["BlockedProcess", "DeadlockError", "InProcessRuntime"]
