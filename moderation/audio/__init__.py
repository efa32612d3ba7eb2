"""Measurement of one track: levels, loudness, speech, clipping, howl, noise; and what is shown of it.

`TrackMeter.push(block, at)` takes 200 ms at 48 kHz, one or two channels, and answers a `Measurement`. numpy
is used here and nowhere else.
"""
