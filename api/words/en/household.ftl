# One household: its people, messages, passes, and what can be done.
