"""From a recipe to a live stack: the services that a site offers, and the checks before a submission is accepted.

What is here imports site code (services), so it runs in processes of its own: the clerk and the runners.
"""
