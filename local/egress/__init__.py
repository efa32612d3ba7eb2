"""A stand-in for LiveKit's Egress: its protocol (psrpc over Redis) beneath a real livekit-server, its files by PyAV.

Real Egress cannot be installed from any registry. What LiveKit's server does stays real: the API, its list, its
webhooks and `is_recording`. What the stand-in leaves out: layouts, web pages and streams to other services.
"""
