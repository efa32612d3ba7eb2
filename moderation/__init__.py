"""Policy and measurement: who may do what, how loud, and what follows. Pure."""
