"""Training: where the generator and the networks meet."""
