"""A copy of everything that the service keeps, made while it runs, and the way back."""
