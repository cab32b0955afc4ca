"""Training of the classifier's picture branch, and of how it is mixed with the signals."""
