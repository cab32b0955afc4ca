"""Augmentation of records for the classifier: what pages and digitizers lose, what hearts vary."""
