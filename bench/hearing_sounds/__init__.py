"""Sounds for judging the rules by: voices, instruments, surroundings and offences, all made by scripts.

Each maker answers float64 at 48 kHz, in one channel, at whatever level: the table says at which levels it is heard.
"""
