"""Who may do what: users, tokens, passwords, limits of login attempts, signed links."""
