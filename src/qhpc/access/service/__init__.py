"""The service behind the API: accepts jobs, starts them, hears what becomes of them, and tells who asks."""
