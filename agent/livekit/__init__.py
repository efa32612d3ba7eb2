"""LiveKit's side of the ports: rooms, the server API, dispatches, microphones."""
