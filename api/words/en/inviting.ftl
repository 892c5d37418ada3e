# How a list becomes a batch: pasted, verified, seen, confirmed.
