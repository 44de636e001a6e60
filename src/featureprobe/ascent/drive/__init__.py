"""How a plan runs: compiled calls, chunk by chunk, several at a time."""
