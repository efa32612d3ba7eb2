"""`python -m bench.flood_readers`: readers who send the worst reads without pause, in a process of their own.

From standard input one line of JSON: `{"url", "key", "tokens", "paths", "at_once"}`; `at_once` requests of each token
are always under way. Prints a line once all have begun, reads until its standard input closes, and then prints
`{"answers": {"<status> <hint>": count}, "seconds"}`.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

import aiohttp

PATIENCE_SECONDS = 30.0


async def read_on(
    http: aiohttp.ClientSession, asked: dict[str, Any], token: str, turn: int, answers: Counter[str]
) -> None:
    """One request after the other, each with the next path; every third asks for an exact count."""
    while True:
        turn += 1
        path = asked["paths"][turn % len(asked["paths"])]
        headers = {"apikey": asked["key"], "Authorization": f"Bearer {token}"}
        if turn % 3 == 0:
            headers["Prefer"] = "count=exact"
        try:
            async with http.get(f"{asked['url']}/rest/v1/{path}", headers=headers) as answer:
                body = await answer.read()
                hint = json.loads(body).get("hint") if answer.status >= 400 else None
                answers[f"{answer.status} {hint or ''}".strip()] += 1
        except (TimeoutError, aiohttp.ClientError) as error:
            answers[type(error).__name__] += 1


async def flood() -> None:
    """Ends when standard input closes. A read that fails is counted among the answers."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    asked = json.loads(await lines.readline())
    answers = Counter[str]()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    ) as http:
        begun = time.monotonic()
        readers = [
            asyncio.create_task(read_on(http, asked, token, 7 * n + m, answers))
            for n, token in enumerate(asked["tokens"])
            for m in range(asked["at_once"])
        ]
        say({"readers": len(readers)})
        await lines.read()  # until it closes
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    say({"answers": dict(answers.most_common()), "seconds": time.monotonic() - begun})


def say(line: dict[str, Any]) -> None:
    """One JSON object as a line, flushed: the parent waits for it."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(flood())
