"""Networks: tensors in, tensors out, no knowledge of ECGs; only `stored` touches the disk."""
