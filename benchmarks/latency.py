"""How long a moved slider takes to be answered, with 1, 20 and 50 people at work.

A real server (a process of its own) over a workspace with a published model; each person is a real session: signed in
by cookie, one websocket, speaking the protocol of the browser. A person opens Scenarios, then moves one slider after
the other with one to two seconds between moves. Measured is the time from sending the slider's new value to the message
that the run has finished, by when title, figures and chart of the page have arrived; drawing in the browser is not in
it. The people run on the same machine as the server and take part of its processors.

    python -m benchmarks.latency [--people 1 20 50] [--moves 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from tests.champion import whole_champion
from tests.conftest import seed as make_installation
from tests.running import Server, start_server

THINK_S = (1.0, 2.0)
TIMEOUT_S = 60
_DONE = {
    ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY,
    ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
}


@dataclass
class Person:
    """One signed-in session on the Scenarios page.

    Attributes:
        sliders: value, step and right end of every slider, by widget id.
        fragment: the fragment that the sliders belong to.
        page_hash: the page's id, as the server told it.
    """

    socket: ClientConnection
    sliders: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    fragment: str = ""
    page_hash: str = ""

    async def open(self) -> float:
        """Open the page as a browser does; seconds until it is complete."""
        message = BackMsg()
        message.rerun_script.page_name = "scenarios"
        return (await self._run(message))[0]

    async def move(self, widget: str, value: float) -> float:
        """Move one slider; seconds until the page has followed.

        Raises:
            RuntimeError: the run brought no chart, so the page did not follow.
        """
        _, step, end = self.sliders[widget]
        self.sliders[widget] = (value, step, end)
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.fragment_id = self.fragment
        for key, (level, _, _) in self.sliders.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = key
            state.double_array_value.data.append(level)
        took, charts = await self._run(message)
        if not charts:
            raise RuntimeError("The slider was moved, but no chart came back.")
        return took

    async def _run(self, message: BackMsg) -> tuple[float, int]:
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        charts = 0
        while True:
            received = ForwardMsg()
            received.ParseFromString(await asyncio.wait_for(self.socket.recv(), TIMEOUT_S))
            kind = received.WhichOneof("type")
            if kind == "script_finished" and received.script_finished in _DONE:
                return time.perf_counter() - start, charts
            if kind == "new_session":
                self.page_hash = received.new_session.page_script_hash or self.page_hash
            if kind == "delta" and received.delta.WhichOneof("type") == "new_element":
                charts += self._note(received)

    def _note(self, received: ForwardMsg) -> int:
        element = received.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise RuntimeError(f"The page failed: {element.exception.message}")
        if kind == "slider":
            slider = element.slider
            held = self.sliders.get(slider.id, (slider.default[0], 0.0, 0.0))[0]
            value = slider.value[0] if slider.set_value else held
            self.sliders[slider.id] = (value, slider.step, slider.max)
            self.fragment = received.delta.fragment_id or self.fragment
        return int(kind == "plotly_chart")


async def visit(server: Server, token: str, moves: int, seed: int, ready: asyncio.Barrier) -> tuple[float, list[float]]:
    """One person's visit: seconds to open the page, and seconds of every move."""
    rng = np.random.default_rng(seed)
    async with connect(
        server.url.replace("http", "ws") + "/_stcore/stream",
        subprotocols=["streamlit"],
        additional_headers={"Cookie": f"mixwright_session={token}"},
        origin=server.url,
        max_size=None,
    ) as socket:
        person = Person(socket)
        opened = await person.open()
        await ready.wait()
        took = []
        for _ in range(moves):
            await asyncio.sleep(rng.uniform(*THINK_S))
            widget = list(person.sliders)[rng.integers(len(person.sliders))]
            _, step, end = person.sliders[widget]
            took.append(await person.move(widget, step * rng.integers(0, round(end / step) + 1)))
        return opened, took


async def crowd(server: Server, tokens: list[str], moves: int, seed: int) -> dict[str, float]:
    """Everybody at once: the figures of one row of the table."""
    process = psutil.Process(server.process.pid)
    ready, before = asyncio.Barrier(len(tokens) + 1), 0.0
    visits = [
        asyncio.create_task(visit(server, token, moves, seed * 1000 + number, ready))
        for number, token in enumerate(tokens)
    ]
    await ready.wait()
    before = _cpu(process)
    start = time.perf_counter()
    found = await asyncio.gather(*visits)
    wall, used = time.perf_counter() - start, _cpu(process) - before
    took = np.array([seconds for _, times in found for seconds in times]) * 1000
    return {
        "people": len(tokens),
        "moves": len(took),
        "p50": float(np.percentile(took, 50)),
        "p95": float(np.percentile(took, 95)),
        "max": float(took.max()),
        "cpu": used * 1000 / len(took),
        "load": used / wall,
        "first": float(np.median([opened for opened, _ in found])) * 1000,
        "memory": process.memory_info().rss / 2**20,
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def installation(directory: Path) -> tuple[Path, str]:
    """A workspace with people and a published model; its `var` directory, and the newcomer's password."""
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    var_dir = directory / "var"
    newcomer = make_installation(var_dir)
    services = build_services(Settings(var_dir=var_dir, sample=False))
    try:
        token = services.accounts.redeem_ticket(services.accounts.issue_ticket("analyst"))
        analyst = services.accounts.actor_for(token)
        assert analyst is not None
        whole_champion(services, analyst)
    finally:
        services.close()
    return var_dir, newcomer


def sessions(var_dir: Path, n: int) -> list[str]:
    """Cookies of `n` sessions of the manager."""
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    services = build_services(Settings(var_dir=var_dir, sample=False))
    try:
        return [services.accounts.redeem_ticket(services.accounts.issue_ticket("manager")) for _ in range(n)]
    finally:
        services.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Slider latency with several people at work.")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 20, 50])
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="latency-"))
    try:
        var_dir, newcomer = installation(directory)
        server = start_server(var_dir, newcomer)
        try:
            print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before, seed {asked.seed}")
            print("| people | moves | p50 ms | p95 ms | max ms | CPU ms a move | CPU load | page ms | MiB |")
            print("|---|---|---|---|---|---|---|---|---|")
            asyncio.run(crowd(server, sessions(var_dir, 1), 3, asked.seed))  # imports and caches, as after any start
            for people in asked.people:
                row = asyncio.run(crowd(server, sessions(var_dir, people), asked.moves, asked.seed))
                print(
                    f"| {row['people']} | {row['moves']} | {row['p50']:.0f} | {row['p95']:.0f} | {row['max']:.0f} "
                    f"| {row['cpu']:.0f} | {row['load']:.2f} | {row['first']:.0f} | {row['memory']:.0f} |",
                    flush=True,
                )
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
