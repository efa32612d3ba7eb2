"""One sentence by eSpeak NG, in a process of its own: `python espeak.py <voice> <words a minute> <pitch> < text`.

On stdout the sample rate as a little-endian int32, then int16 samples. What the library has said before changes how it
says the next sentence, so that in one process the same voice would sound different by what came first. It imports as
little as it can, since it is started for each sentence. Exit code 3: there is no such library, or no such voice.
"""

import ctypes
import struct
import sys

import espeakng_loader  # type: ignore[import-untyped]

_SYNCHRONOUS, _UTF8, _SPEED, _PITCH = 2, 1, 1, 3
_Samples = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def main(voice: str, speed: int, pitch: int) -> int:
    """The exit code. `speed`: words a minute; `pitch`: 0 to 99; the text on standard input is UTF-8."""
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
        sys.stderr.write(f"eSpeak NG does not start, or has no voice {voice}\n")
        return 3
    spoken = bytearray()

    def take(samples: int | None, count: int, _: int | None) -> int:
        if samples and count > 0:
            spoken.extend(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _Samples(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetParameter(_SPEED, speed, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    text = sys.stdin.buffer.read() + b"\0"
    library.espeak_Synth(text, len(text), 0, 0, 0, _UTF8, None, None)
    sys.stdout.buffer.write(struct.pack("<i", rate) + spoken)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
