"""Networks on disk: their weights, what the JSON beside them says, and the shipped ones."""
