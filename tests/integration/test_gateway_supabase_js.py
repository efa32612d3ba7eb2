"""The gateway as a browser meets it: supabase-js on Deno, which speaks version 2.0.0 of Realtime's protocol."""

import asyncio
import json
from pathlib import Path

import pytest
from deno import find_deno_bin

from local.stack import Stack

SCRIPT = Path(__file__).with_name("supabase_js.ts")


@pytest.mark.usefixtures("notes")
async def test_supabase_js_signs_in_reads_broadcasts_and_hears_changes(stack: Stack) -> None:
    process = await asyncio.create_subprocess_exec(
        *(
            find_deno_bin(),
            "run",
            "--quiet",
            "--no-config",
            "--no-lock",
            "--allow-net",
            "--allow-env",
            SCRIPT,
        ),
        *(stack.url, stack.keys.publishable, stack.keys.secret),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    saw = json.loads(output)
    assert saw["profile"] == {"id": saw["me"]}
    assert (saw["lobbyStatus"], saw["roomStatus"], saw["mineStatus"]) == ("SUBSCRIBED",) * 3
    assert saw["acknowledged"] == "ok"
    assert saw["echoed"]["payload"] == {"text": "günaydın"}
    assert saw["heard"]["payload"] == {"n": 1}
    assert saw["refused"] == "CHANNEL_ERROR"
    assert saw["inserted"]["body"] == "for me"
