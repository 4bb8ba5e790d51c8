"""What hybrid jobs and the broker of a centre's QPUs say to each other."""
