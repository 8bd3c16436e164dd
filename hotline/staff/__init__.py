"""Staff: accounts, passwords, second factor, roles and sessions of the people who work with the hotline."""
