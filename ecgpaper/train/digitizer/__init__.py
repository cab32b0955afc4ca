"""Training of the digitizer: pages drawn on the fly, one module per network."""
