"""The shell: the only code that does I/O. Everything it decides, it asks `handlers`."""
