"""Speech as Ogg/Opus, by PyAV in a process of its own for each clip.

Not in a thread: FFmpeg gives Python's lock back for every packet, and a loop that wants it back each time waits for
milliseconds. A process takes 0.15 s of a core for 40 s of sound; its memory goes with it, and so does a fault of its
own. Run as a program this file encodes what it reads: it imports nothing of ours, and no numpy, so that it starts fast.
"""

import asyncio
import io
import sys

RATE = 16_000
BITS_A_SECOND = 32_000
QUICK = {"compression_level": "3", "frame_duration": "60"}
PART_BYTES = 2 * RATE // 10
WITHIN_SECONDS = 30.0


class EncodingError(Exception):
    """A clip could not be encoded; the message is the program's last line."""


def encode(pcm: bytes) -> bytes:
    """One channel, 16 bits a sample at 16 kHz, as a file that a browser plays."""
    import av  # noqa: PLC0415  (the worker itself never needs it)

    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, options=QUICK)
        stream.bit_rate, stream.layout = BITS_A_SECOND, "mono"
        for start in range(0, len(pcm), PART_BYTES):
            part = pcm[start : start + PART_BYTES]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(part) // 2)
            frame.planes[0].update(part)
            frame.sample_rate, frame.pts = RATE, start // 2
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


async def encoded(pcm: bytes) -> bytes:
    """As `encode`, in a process of its own. Raises EncodingError."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        __file__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            file, said = await program.communicate(pcm)
    except TimeoutError:
        raise EncodingError(f"not within {WITHIN_SECONDS:.0f} s") from None
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode != 0:
        raise EncodingError(said.decode(errors="replace").strip().rpartition("\n")[2] or "it ended")
    return file


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(sys.stdin.buffer.read()))
