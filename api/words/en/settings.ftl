# What the community says of itself, and what its channels can.
