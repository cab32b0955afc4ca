"""Batch: print the records of a folder, one after another, into another folder.

A record is done when its header is there, which is written last; so a batch that was interrupted
goes on where it stopped. `claim_folder` sees to it that one folder holds pages of one kind.
"""

from ecgpaper.synth.batch.folder import BatchOptions, claim_folder
from ecgpaper.synth.batch.record import Outcome, print_record

__all__ = ["BatchOptions", "Outcome", "claim_folder", "print_record"]
