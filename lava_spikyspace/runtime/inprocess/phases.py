"""The phases of the Loihi protocol, as Lava's own runtime service steps through them.

Every time step has a spiking phase. A model may then ask for a pre-management, a learning or a
post-management phase (its guards decide); a phase that one model asks for is run by all. The last
step of a run is followed by the host phase. What a model does in a phase is Lava's own code
(`PyLoihiProcessModel._lrn` and its like, which call the guards and reply with a request); only the
spiking phase, which every model runs in every step, is written out in `spiking_part`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from lava.magma.core.model.py.model import PyLoihiProcessModel

from lava_spikyspace.runtime.inprocess.scheduler import Scheduler, Service, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lava_spikyspace.runtime.inprocess.stopwatch import Stopwatch

_Response = PyLoihiProcessModel.Response


class Phase(IntEnum):
    """Phases of a time step, numbered as in `PyLoihiProcessModel.Phase`."""

    SPIKING = 1
    PRE_MANAGEMENT = 2
    LEARNING = 3
    POST_MANAGEMENT = 4
    HOST = 5

    def __str__(self) -> str:
        return f"{self.name.replace('_', '-').lower()} phase"


class Request(IntEnum):
    """What a model can ask for at the end of its part of a phase; values are Lava's."""

    PRE_MANAGEMENT = int(_Response.REQ_PRE_LRN_MGMT[0])
    LEARNING = int(_Response.REQ_LEARNING[0])
    POST_MANAGEMENT = int(_Response.REQ_POST_LRN_MGMT[0])
    PAUSE = int(_Response.REQ_PAUSE[0])
    STOP = int(_Response.REQ_STOP[0])


# In the order in which the runtime service looks at them.
_PHASES_ON_REQUEST = (
    (Request.PRE_MANAGEMENT, Phase.PRE_MANAGEMENT),
    (Request.LEARNING, Phase.LEARNING),
    (Request.POST_MANAGEMENT, Phase.POST_MANAGEMENT),
)
# A model serves its VarPorts in these phases only.
_SERVING_PHASES = (Phase.PRE_MANAGEMENT, Phase.POST_MANAGEMENT, Phase.HOST)
_DONE = int(_Response.STATUS_DONE[0])
_SPK = PyLoihiProcessModel.Phase.SPK


class RequestPort:
    """Takes the replies of models in place of their channel to the runtime service.

    Attributes
    ----------
    requests : set of int
        `Request` values that models have asked for and that are not yet granted.
    """

    def __init__(self) -> None:
        self.requests: set[int] = set()

    def send(self, response: NDArray[Any]) -> None:
        """Note what a model asks for; Lava sends an array with the code as its only element."""
        code = int(response[0])
        if code != _DONE:
            self.requests.add(code)

    def start(self) -> None:
        """Do nothing; Lava's ports have this method."""

    def join(self) -> None:
        """Do nothing; Lava's ports have this method."""


@dataclass(frozen=True)
class Participant:
    """A process in the protocol.

    Attributes
    ----------
    name : str
        Display name.
    model : PyLoihiProcessModel
        Its model.
    """

    name: str
    model: PyLoihiProcessModel


def spiking_part(model: PyLoihiProcessModel, port: RequestPort) -> Callable[[], None]:
    """Return a function that does what `PyLoihiProcessModel._spike` does, with fewer detours.

    Lava's version assigns through `__setattr__`, which tests every value for being a port, and
    tells all out-ports the time, which no in-memory channel wants to know.
    """
    kind = type(model)
    if (
        kind._spike is not PyLoihiProcessModel._spike
        or kind.advance_to_time_step is not PyLoihiProcessModel.advance_to_time_step
    ):
        return model._spike  # type: ignore[no-any-return]
    attributes = model.__dict__
    requests = port.requests

    def spike() -> None:
        attributes["time_step"] += 1
        attributes["phase"] = _SPK
        model.run_spk()
        if model._req_pause or model._req_stop:
            model._handle_pause_or_stop_req()
        elif model.lrn_guard() and model.pre_guard():
            requests.add(Request.PRE_MANAGEMENT)
        elif model.lrn_guard():
            requests.add(Request.LEARNING)
        elif model.post_guard():
            requests.add(Request.POST_MANAGEMENT)

    return spike


class LoihiProtocolDriver:
    """Steps a set of models through the phases of the Loihi protocol.

    Parameters
    ----------
    participants : sequence of Participant
        In the order in which they are to run.
    scheduler : Scheduler
        The one that the models' channels turn to when they have to wait.
    stopwatch : Stopwatch, optional
        Measures what each process takes, in all phases; the scheduler halts it.

    Attributes
    ----------
    time_step : int
        Time steps begun so far.
    phase : Phase
        The phase that ran last.
    stop_requested : bool
        Whether a model has asked to stop.
    """

    def __init__(
        self,
        participants: Sequence[Participant],
        scheduler: Scheduler,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.time_step = 0
        self.phase = Phase.HOST
        self.stop_requested = False
        self._scheduler = scheduler
        self._stopwatch = stopwatch
        self._port = RequestPort()
        for participant in participants:
            participant.model.process_to_service = self._port
            participant.model.service_to_process = self._port
        self._tasks = {phase: self._tasks_of(phase, participants) for phase in Phase}
        self._services = {
            phase: self._services_of(phase, participants) if phase in _SERVING_PHASES else []
            for phase in Phase
        }

    def run(self, steps: int) -> int:
        """Run time steps until there have been enough or a model asks to pause or stop.

        Parameters
        ----------
        steps : int
            Number of time steps.

        Returns
        -------
        int
            Number of time steps run.
        """
        done = 0
        while True:
            if self._take(Request.PAUSE):
                return done
            if self._take(Request.STOP):
                self.stop_requested = True
                return done
            if done == steps:
                self._run_phase(Phase.HOST)
                return done
            self._run_step()
            done += 1

    def release(self) -> None:
        """Forget all models."""
        self._tasks = {phase: [] for phase in Phase}
        self._services = {phase: [] for phase in Phase}

    def _run_step(self) -> None:
        self.time_step += 1
        self._run_phase(Phase.SPIKING)
        while (phase := self._next_phase_on_request()) is not None:
            self._run_phase(phase)

    def _next_phase_on_request(self) -> Phase | None:
        if self._port.requests:
            for request, phase in _PHASES_ON_REQUEST:
                if self._take(request):
                    return phase
        return None

    def _take(self, request: Request) -> bool:
        if request in self._port.requests:
            self._port.requests.remove(request)
            return True
        return False

    def _run_phase(self, phase: Phase) -> None:
        self.phase = phase
        self._scheduler.run(self._tasks[phase], self._services[phase])

    def _tasks_of(self, phase: Phase, participants: Sequence[Participant]) -> list[Task]:
        if phase is Phase.SPIKING:
            return [self._task(p.name, spiking_part(p.model, self._port)) for p in participants]
        # Lava's table is keyed by float64 codes, which hash like the integers they equal.
        return [self._task(p.name, p.model._cmd_handlers[int(phase)]) for p in participants]

    def _services_of(self, phase: Phase, participants: Sequence[Participant]) -> list[Service]:
        services = []
        for owner, participant in zip(self._tasks[phase], participants, strict=True):
            # Of several VarPorts, Lava turns to the one that was added last as long as it can.
            for port in reversed(participant.model.var_ports):
                if port.csp_ports:
                    task = self._task(participant.name, port.service)
                    services.append(Service(owner, port._csp_recv_port, task))
        return services

    def _task(self, process: str, call: Callable[[], None]) -> Task:
        return Task(
            process, call if self._stopwatch is None else self._stopwatch.timed(process, call)
        )
