"""What answers of the API hold, by subject."""
