# How leaders come in.
