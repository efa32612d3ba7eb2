"""Measurement of one microphone: levels, loudness, speech, clipping, howl, noise; and what is shown of it.

`TrackMeter.push(block, at)` takes 200 ms of 16 kHz mono and answers a `Measurement`. numpy is used here and
nowhere else.
"""
