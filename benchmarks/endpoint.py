"""Requests to an endpoint, beside the least time that they can take.

    python benchmarks/endpoint.py

A server of this machine, in a process of its own, answers each request after 50 ms. 1,000 prompts go to it with 16 in
flight, which takes no less than 1,000 / 16 * 50 ms = 3.15 s (63 rounds). The time is that of `generate`, from prompts
to texts, with every answer written to the store on disk; "again" reads all of them from there, and "plain" is the
`openai` package alone, with the same number in flight and nothing kept. The least of the runs counts. Results go to
benchmarks/results/endpoint.json.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zsbench.core.cache import Cache
from zsbench.models.capabilities import Prompt
from zsbench.models.language.openai_compatible import openai_compatible

RESULTS = Path(__file__).parent / "results" / "endpoint.json"
N, IN_FLIGHT, SECONDS = 1000, 16, 0.05
IDEAL = math.ceil(N / IN_FLIGHT) * SECONDS
ANSWER = {
    "model": "mock",
    "choices": [{"message": {"role": "assistant", "content": "[2] > [1]"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 60, "completion_tokens": 5, "total_tokens": 65},
}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, each after a while."""
    body = json.dumps({"id": "x", "object": "chat.completion", "created": 0, **ANSWER}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        while True:
            asked = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"content-length:" in asked:
                await reader.readexactly(int(asked.split(b"content-length:")[1].split(b"\r\n")[0]))
            await asyncio.sleep(SECONDS)
            writer.write(head.encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve() -> None:
    """Serve until the process is ended; the first line says at which port."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def prompts() -> list[Prompt]:
    """Return prompts of a passage's length, all different."""
    return [Prompt(text=f"Passage {number}: " + "amber is a resin of trees " * 10) for number in range(N)]


def ours(url: str, folder: Path) -> float:
    """Return the seconds that a model of zsbench takes, with a store in a folder."""
    Cache(folder).use()
    model = openai_compatible(model="mock", base_url=url, concurrency=IN_FLIGHT)
    started = time.perf_counter()
    texts = model.generate(prompts(), max_new_tokens=10)
    assert texts == ["[2] > [1]"] * N
    return time.perf_counter() - started


async def plain(url: str) -> float:
    """Return the seconds that the package takes by itself."""
    import openai

    slots = asyncio.Semaphore(IN_FLIGHT)
    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

        async def one(prompt: Prompt) -> None:
            async with slots:
                messages = [{"role": "user", "content": prompt.text}]
                await client.chat.completions.create(model="mock", messages=messages, max_tokens=10, temperature=0)  # type: ignore[arg-type]

        started = time.perf_counter()
        await asyncio.gather(*map(one, prompts()))
        return time.perf_counter() - started


def main() -> None:
    """Print a table of seconds and ratios to the least time, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        times: dict[str, list[float]] = {"zsbench": [], "zsbench, again": [], "openai alone": []}
        for _ in range(options.runs):
            with tempfile.TemporaryDirectory() as name:
                times["zsbench"].append(ours(url, Path(name)))
                times["zsbench, again"].append(ours(url, Path(name)))
            times["openai alone"].append(asyncio.run(plain(url)))
    finally:
        server.terminate()
    rows = [{"what": what, "seconds": round(min(t), 3), "ratio": round(min(t) / IDEAL, 3)} for what, t in times.items()]
    print(f"{N} prompts, {IN_FLIGHT} in flight, {SECONDS * 1000:.0f} ms each: at least {IDEAL:.2f} s")
    print("| what | seconds | ratio |\n|---|---|---|")
    for row in rows:
        print(f"| {row['what']} | {row['seconds']} | {row['ratio']} |")
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()}
    versions = {name: importlib.metadata.version(name) for name in ("zsbench", "openai")}
    setup = {"prompts": N, "in_flight": IN_FLIGHT, "seconds_each": SECONDS, "ideal_seconds": IDEAL}
    results = {"machine": machine, "versions": versions, "setup": setup, "rows": rows}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
