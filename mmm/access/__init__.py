"""Users, roles, permissions, passwords and sessions."""
