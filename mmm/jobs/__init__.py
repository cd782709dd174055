"""Long work: submit a task by name, follow it, cancel it, recover it."""
