"""One module a scene; each plays on its own, in rooms and with people of its own."""
