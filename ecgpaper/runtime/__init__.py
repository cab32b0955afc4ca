"""How a program runs: bounds of its input, one bad page, whole files, memory, workers."""
