"""Files in and out: pages of any kind of file, the Challenge's records, formats of signals."""
