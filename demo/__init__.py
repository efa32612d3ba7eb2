"""`make demo`: one evening on the platform, played by simulated people on real parts, and checked.

`checks` says what must hold, `scenes` plays it, `evening` puts the scenes in order.
"""
