"""Paper ECGs into signals and diagnoses.

Data flows one way::

    record -> page -> ink -> paper -> camera             ecgpaper.synth
    photo -> flat page -> grid -> layout -> trace -> signal   ecgpaper.digitize
    signal -> labels                                      ecgpaper.classify

What the generator knows to be true and what the digitizer answers have the same types
(`ecg`, `page`, `raster`, `geometry`), so every stage can be held against an oracle.
"""
