# The failure dictionary: what a leader reads about a delivery, who has to act, and what the next step is.
