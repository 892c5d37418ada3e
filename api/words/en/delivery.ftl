# One message’s story, and its buttons.
