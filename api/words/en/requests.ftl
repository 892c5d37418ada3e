# What residents ask for.
