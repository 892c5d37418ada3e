# What is said of an entry of a list, and what helps.
