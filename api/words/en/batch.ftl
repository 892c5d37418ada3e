# A batch filling up, and how it is steered.
