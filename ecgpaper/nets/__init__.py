"""Networks: tensors in, tensors out, no knowledge of ECGs; only `checkpoint` touches the disk."""
