# What a leader does about what did not arrive, and what became of it.
