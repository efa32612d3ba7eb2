"""The sounds that simulated people make: at the level that was asked for, without clipping or a seam."""

import numpy as np
import pytest

from local.people.sound import RATE, SpokenSound, level_of, pink_noise, sound, speech_like, tone


@pytest.mark.parametrize("dbfs", [-40.0, -23.0, -20.0])
@pytest.mark.parametrize("make", [tone, pink_noise, speech_like])
def test_a_sound_is_at_the_level_asked_for(make: object, dbfs: float) -> None:
    assert callable(make)
    assert make(dbfs).level == pytest.approx(dbfs, abs=0.01)


def test_a_full_scale_sine_is_at_minus_three() -> None:
    assert np.abs(tone(-3.0103).pcm).max() == pytest.approx(32767, abs=2)


def test_what_would_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="clip"):
        tone(-2.9)


@pytest.mark.parametrize("made", [tone(), pink_noise(), speech_like()], ids=lambda made: made.name)
def test_a_loop_has_no_seam(made: SpokenSound) -> None:
    inside = np.abs(np.diff(made.pcm.astype(int))).max()
    seam = abs(int(made.pcm[0]) - int(made.pcm[-1]))
    assert seam <= inside


def test_pink_noise_has_the_same_power_in_every_octave() -> None:
    pcm = pink_noise(-20).pcm.astype(float)
    power = np.abs(np.fft.rfft(pcm)) ** 2
    hertz = np.fft.rfftfreq(pcm.size, 1 / RATE)
    octaves = [power[(hertz >= low) & (hertz < 2 * low)].sum() for low in (100, 400, 1600, 6400)]
    assert max(octaves) / min(octaves) < 1.1


def test_silence_has_a_level_too() -> None:
    assert level_of(np.zeros(100, dtype=np.int16)) == -120
    with np.errstate(all="raise"):
        assert sound("a step", np.ones(10), -6).level == pytest.approx(-6, abs=0.01)
