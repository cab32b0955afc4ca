"""Training of the classifier of signals, its folds, thresholds and scores."""
