"""Measurements of silence, of talk and of a shout, to be changed where a test needs it with `_replace`."""

from moderation.audio.measurement import Measurement

QUIET = Measurement(
    at=0.2,
    seconds=0.2,
    gap=None,
    gap_seconds=0.0,
    rms_dbfs=-80.0,
    momentary_dbfs=-80.0,
    peak_dbfs=-70.0,
    crest_db=10.0,
    dc_offset=0.0,
    clipped_ratio=0.0,
    clipped_ratio_3s=0.0,
    correlation=1.0,
    momentary_lufs=-80.0,
    loudest_momentary_lufs=-80.0,
    short_term_lufs=-80.0,
    loudest_short_term_lufs=-80.0,
    short_term_low_lufs=-80.0,
    coverage=1.0,
    noise_floor_dbfs=-85.0,
    active=False,
    talk_seconds=0.0,
    tone_hz=100.0,
    tone_share=0.1,
    tone_seconds=0.0,
    flatness=0.5,
    steady_seconds=0.0,
)
SHOUT = QUIET._replace(
    rms_dbfs=-8.0,
    momentary_dbfs=-8.0,
    momentary_lufs=-6.0,
    loudest_momentary_lufs=-6.0,
    short_term_lufs=-6.0,
    loudest_short_term_lufs=-6.0,
    short_term_low_lufs=-6.0,
    active=True,
    talk_seconds=0.2,
)
TALK = SHOUT._replace(
    rms_dbfs=-20.0,
    momentary_dbfs=-20.0,
    momentary_lufs=-17.0,
    loudest_momentary_lufs=-17.0,
    short_term_lufs=-17.0,
    loudest_short_term_lufs=-17.0,
    short_term_low_lufs=-17.0,
)
