# All of it on paper or as a file.
