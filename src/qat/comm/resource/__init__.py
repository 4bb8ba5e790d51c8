"""What jobs need and what they are given."""
