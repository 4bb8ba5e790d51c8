"""Drivers of QPUs: processes of their own, perhaps in environments of their own, that run slices for the broker."""
