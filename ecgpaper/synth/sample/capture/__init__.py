"""Draw the specs of the capture: scanners, phones and monitors."""
