# Everybody, and what can be done with many at once.
