"""The Challenge's records on disk: headers, signals, labels and the images of their pages."""
